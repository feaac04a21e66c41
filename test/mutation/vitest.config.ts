import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** The quickest begin: most mutants get no further than the first. */
const FIRST = [
  'rules-on-blocks',
  'normal-block',
  'regression-terms',
  'reference-pages',
  'support-edges',
  'm-steps',
  'distributions',
  'draws',
]

class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = (file: TestSpecification): number => {
      const at = FIRST.findIndex((name) => file.moduleId.includes(`/${name}.test.`))
      return at < 0 ? FIRST.length : at
    }
    return [...files].sort((a, b) => rank(a) - rank(b))
  }
}

/** The tests that look at rules and distributions from near by: those that a mutant of theirs has to get past. */
export default defineConfig({
  test: {
    include: [
      'test/compiler/rules/*.test.ts',
      'test/golden/m-steps.test.ts',
      'test/laws/{distributions,draws,support-edges}.test.ts',
      'test/docs/reference-pages.test.ts',
    ],
    testTimeout: 30_000,
    sequence: { sequencer: QuickestFirst },
  },
})

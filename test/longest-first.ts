import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take longest, in this order: begun last, one of them would keep a core while the other is idle. */
const LONGEST: readonly string[] = [
  'certify/random-models',
  'conformance/examples',
  'laws/nothing-looked-up',
  'certify/latent-structures',
  'conformance/conformance',
  'certify/examples',
  'playground/day.e2e',
  'playground/served.e2e',
  'playground/accessible.e2e',
  'playground/asides.e2e',
].map((name) => `test/${name}.test.ts`)

/** Order of test files on a machine that has not run them before. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const others = await super.sort(files)
    const place = (f: TestSpecification): number => {
      const i = LONGEST.indexOf(relative(f.project.config.root, f.moduleId))
      return i < 0 ? LONGEST.length : i
    }
    return [...others].sort((a, b) => place(a) - place(b))
  }
}

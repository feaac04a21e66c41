import { defineConfig } from 'vitest/config'

/** The tests that look at rules and distributions from near by: those that a mutant of theirs has to get past. */
export default defineConfig({
  test: {
    include: [
      'test/compiler/rules/*.test.ts',
      'test/laws/{distributions,draws}.test.ts',
      'test/docs/reference-pages.test.ts',
    ],
    testTimeout: 30_000,
  },
})

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.js'

export default defineConfig({
  // Scripts of the examples import the package by its name; here that is the source, not what was built.
  resolve: { alias: [{ find: /^estep$/, replacement: fileURLToPath(new URL('index.ts', import.meta.url)) }] },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // Two cores are what a clean machine has; fits in several files at once slow each other down.
    maxWorkers: 2,
    // Most files import the whole compiler: read once a worker, it is not read 200 times.
    isolate: false,
    sequence: { sequencer: LongestFirst },
  },
})

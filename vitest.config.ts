import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // Two cores are what a clean machine has; fits in several files at once slow each other down.
    maxWorkers: 2,
  },
})

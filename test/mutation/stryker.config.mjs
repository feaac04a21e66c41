/**
 * `npm run mutation`: changes rules of the derivation and distributions one place at a time, and lists what no test notices.
 * What was found out is kept in `.cache`, so that a run that was ended goes on where it was.
 */
export default {
  mutate: ['compiler/rules/**/*.ts', 'compiler/distributions/*.ts', '!**/types.ts'],
  testRunner: 'vitest',
  plugins: [
    new URL('../../.cache/stryker/node_modules/@stryker-mutator/vitest-runner/dist/src/index.js', import.meta.url).href,
  ],
  vitest: { configFile: 'test/mutation/vitest.config.ts' },
  coverageAnalysis: 'perTest',
  timeoutMS: 20_000,
  concurrency: 2,
  incremental: true,
  incrementalFile: '.cache/mutation.json',
  tempDirName: '.cache/mutation',
  cleanTempDir: 'always',
  ignorePatterns: ['bench', 'dist', 'playground', 'coverage'],
  reporters: ['clear-text', 'progress', 'json'],
  jsonReporter: { fileName: '.cache/mutation-report.json' },
  thresholds: { break: 90 },
}

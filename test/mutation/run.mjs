// `npm run mutation`: Stryker over rules and distributions. It is no dependency of the project: the first run installs it in
// `.cache`, from where it takes the project's own Vitest. More options are handed on, such as `--mutate FILE`. What all runs
// have found out is in REPORT.md.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { writeReport } from './report.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = `${root}.cache/stryker`
const stryker = `${folder}/node_modules/@stryker-mutator/core/bin/stryker.js`
if (!existsSync(stryker)) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/package.json`, '{"private": true}\n')
  const packages = ['@stryker-mutator/core@9.6.1', '@stryker-mutator/vitest-runner@9.6.1']
  execFileSync('npm', ['install', '--legacy-peer-deps', '--no-audit', '--no-fund', ...packages], {
    cwd: folder,
    stdio: 'inherit',
  })
}
const run = ['run', 'test/mutation/stryker.config.mjs', ...process.argv.slice(2)]
process.exitCode = spawnSync(process.execPath, [stryker, ...run], { cwd: root, stdio: 'inherit' }).status ?? 1
const record = `${root}.cache/mutation.json`
if (existsSync(record)) writeReport(record, fileURLToPath(new URL('REPORT.md', import.meta.url)))

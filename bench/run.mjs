/**
 * `npm run bench`, after `npm run build`: prepares the peers, runs the workloads side by side with them and writes
 * `bench/RESULTS.md`. Nothing is asserted: times belong to the machine they are taken on, and only ratios are written down.
 *
 *   node bench/run.mjs [--only W1,W5] [--quick] [--parts table,fits,scaling,compile] [--threads 1]
 *                      [--fit '{"backend":"js"}'] [--out FILE] [--resume] [--report]
 *
 * `--only` and `--parts` run some of it (and print to the terminal unless `--out` names a file), `--quick` takes smaller
 * data and fewer rounds, `--threads` leaves out programs with another number of threads, `--fit` are further options of `fit`.
 * `--resume` goes on where a run with the same settings was stopped; `--report` only writes down what has been measured.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compileTimes } from './lib/compile-times.mjs'
import { fitsToObjective } from './lib/fits-to-objective.mjs'
import { openLedger, readLedger } from './lib/ledger.mjs'
import { report } from './lib/report.mjs'
import { scaling } from './lib/scaling.mjs'
import { table } from './lib/table.mjs'
import { describe, prepare } from './prepare.mjs'
import { workloads } from './workloads/index.mjs'

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    parts: { type: 'string', default: 'table,fits,scaling,compile' },
    fit: { type: 'string', default: '{}' },
    threads: { type: 'string', default: '1,2' },
    out: { type: 'string' },
    resume: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
  },
})

const here = fileURLToPath(new URL('./', import.meta.url))
const began = performance.now()
/** A line of progress, with the minutes and seconds since the run began. */
function log(text) {
  const seconds = Math.floor((performance.now() - began) / 1000)
  console.error(`${String(Math.floor(seconds / 60)).padStart(2)}:${String(seconds % 60).padStart(2, '0')} ${text}`)
}

const only = values.only?.split(',') ?? null
const parts = values.parts.split(',')
const threads = values.threads.split(',').map(Number)
const settings = { only, parts, quick: values.quick, fitOptions: JSON.parse(values.fit), threads }
const whole = only === null && !values.quick && parts.length === 4 && threads.length === 2
mkdirSync(`${here}.data`, { recursive: true })
const file = `${here}.data/measured${whole ? '' : '-part'}.json`

function writeReport(book) {
  const text = report(book)
  const out = values.out ?? (whole ? `${here}RESULTS.md` : null)
  if (out === null) console.log(text)
  else {
    writeFileSync(out, text)
    log(`written: ${out}`)
  }
}

if (values.report) {
  const book = readLedger(file)
  if (book === null) throw new Error(`nothing has been measured: there is no ${file}`)
  writeReport(book)
} else {
  if (!existsSync(`${here}../dist/node/index.js`)) throw new Error('there is no dist/: npm run build')
  const ledger = openLedger(file, settings, { resume: values.resume, log })
  const list = await workloads(only)
  log('preparing the peers')
  const found = prepare()
  ledger.found(found)
  log(`\n${describe(found)}`)
  const context = { ...settings, found, ledger, log }
  /** What goes wrong in one part is said, and ends that part alone. */
  const part = async (name, act) => {
    if (!parts.includes(name)) return
    try {
      await act()
    } catch (error) {
      log(`part ${name} ended early: ${error.stack}`)
    }
  }
  await part('table', () => table(list, context))
  await part('fits', () => fitsToObjective(list, context))
  if (only === null) {
    await part('scaling', () => scaling(context))
    await part('compile', () => compileTimes(context))
  }
  writeReport(ledger.book)
}

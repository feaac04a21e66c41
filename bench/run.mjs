/**
 * `npm run bench`, after `npm run build`: prepares the peers, runs the workloads side by side with them and writes
 * `bench/RESULTS.md`. Nothing is asserted: times belong to the machine they are taken on, and only ratios are written down.
 *
 *   node bench/run.mjs [--only W1,W5] [--quick] [--parts table,fits,scaling,compile] [--fit '{"backend":"js"}'] [--out FILE]
 *
 * `--only` and `--parts` run some of it (and print to the terminal unless `--out` names a file), `--quick` takes smaller
 * data and fewer rounds, `--fit` are further options of `fit`.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compileTimes } from './lib/compile-times.mjs'
import { fitsToObjective } from './lib/fits-to-objective.mjs'
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
    out: { type: 'string' },
  },
})

const log = (text) => console.error(text)
const only = values.only?.split(',') ?? null
const parts = new Set(values.parts.split(','))
const settings = { quick: values.quick, fitOptions: JSON.parse(values.fit), log }
const list = await workloads(only)

log('preparing the peers')
const found = prepare()
log(describe(found))

const measured = { when: new Date().toISOString().slice(0, 10), found, settings: { ...settings, log: undefined } }
if (parts.has('table')) measured.table = await table(list, found, settings)
if (parts.has('fits')) measured.fits = await fitsToObjective(list, found, settings)
if (parts.has('scaling') && only === null) measured.scaling = await scaling(settings)
if (parts.has('compile') && only === null) measured.compile = compileTimes(settings)

const here = fileURLToPath(new URL('./', import.meta.url))
mkdirSync(`${here}.data`, { recursive: true })
writeFileSync(`${here}.data/measured.json`, JSON.stringify(measured, null, 1))
const text = report(measured)
const whole = only === null && !values.quick && parts.size === 4
const out = values.out ?? (whole ? `${here}RESULTS.md` : null)
if (out === null) console.log(text)
else {
  writeFileSync(out, text)
  log(`written: ${out}`)
}

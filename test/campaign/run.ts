/**
 * `npm run campaign -- --models 10000 [--from 1] [--workers 2] [--limit 10]`: derives, certifies and fits random models,
 * each within so many seconds, the start of its process apart, and writes `test/campaign/REPORT.md`. What is done is kept
 * in `test/campaign/.records`, so that a campaign that was ended goes on where it was; `--anew` forgets it.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { randomModel } from '../generator/random-model.js'
import type { ModelRecord } from './record.js'
import { report } from './report.js'

const { values } = parseArgs({
  options: {
    models: { type: 'string', default: '10000' },
    from: { type: 'string', default: '1' },
    workers: { type: 'string', default: '2' },
    limit: { type: 'string', default: '10' },
    anew: { type: 'boolean', default: false },
  },
})
const models = Number(values.models)
const from = Number(values.from)
const limit = 1000 * Number(values.limit)

const here = fileURLToPath(new URL('./', import.meta.url))
const folder = `${here}.records`
const file = `${folder}/${from}.jsonl`
mkdirSync(folder, { recursive: true })
if (values.anew) rmSync(file, { force: true })

const records = new Map<number, ModelRecord>()
if (existsSync(file))
  // the last line may have been cut off
  for (const line of readFileSync(file, 'utf8').split('\n'))
    try {
      const record = JSON.parse(line) as ModelRecord
      records.set(record.seed, record)
    } catch {}

const wanted = Array.from({ length: models }, (_, i) => from + i).filter((seed) => !records.has(seed))
console.error(`${models - wanted.length} of ${models} models are done`)
const began = Date.now()

function keep(record: ModelRecord): void {
  records.set(record.seed, record)
  appendFileSync(file, `${JSON.stringify(record)}\n`)
  if (!['passed', 'refused'].includes(record.outcome))
    console.error(`seed ${record.seed}: ${record.outcome}: ${record.why.split('\n')[0]}`)
  if (records.size % 200 === 0)
    console.error(`${records.size} of ${models} after ${Math.round((Date.now() - began) / 1000)} s`)
}

/** One process that is sent one seed at a time, and ended where a model takes too long. */
async function work(): Promise<void> {
  let child: ChildProcess | null = null
  for (let seed = wanted.shift(); seed !== undefined; seed = wanted.shift()) {
    child ??= await start()
    const record = await one(child, seed)
    keep(record)
    if (record.outcome === 'timed out' || !child.connected) {
      child.kill('SIGKILL')
      child = null
    }
  }
  child?.kill()
}

/** A process that has loaded what it needs: no model's time counts that. */
async function start(): Promise<ChildProcess> {
  const child = fork(`${here}worker.ts`, { execArgv: process.execArgv, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  await once(child, 'message', { signal: AbortSignal.timeout(60_000) })
  return child
}

function one(child: ChildProcess, seed: number): Promise<ModelRecord> {
  const lost = (outcome: ModelRecord['outcome'], why: string): ModelRecord => ({
    seed,
    outcome,
    why,
    milliseconds: limit,
    features: randomModel(seed).features,
    latents: 0,
    rules: [],
    methods: [],
    distributions: [],
    closed: false,
    errors: {},
  })
  return new Promise((resolve) => {
    const settle = (record: ModelRecord): void => {
      clearTimeout(timer)
      child.removeAllListeners()
      resolve(record)
    }
    const timer = setTimeout(() => settle(lost('timed out', `more than ${limit / 1000} s`)), limit)
    child.on('message', (record: ModelRecord) => settle(record))
    child.on('exit', (code) => settle(lost('crashed', `its process ended with status ${code}`)))
    child.send(seed)
  })
}

await Promise.all(Array.from({ length: Number(values.workers) }, work))
const all = [...records.values()].filter((r) => r.seed >= from && r.seed < from + models)
const { text, complaints } = report(all)
writeFileSync(`${here}REPORT.md`, text)
console.error(`written: test/campaign/REPORT.md`)
for (const complaint of complaints) console.error(`not as wanted: ${complaint}`)
process.exitCode = complaints.length > 0 ? 1 : 0

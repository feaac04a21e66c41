/**
 * Milliseconds from the text of a model to what runs: the first time in this process, and the median of the next. `program`:
 * to the derived program; `executable`: to generated WebAssembly that has made an E- and an M-step, less what these take
 * again. `modules`: to load ours, once a process. Arguments: a model file; then, for an executable, the files of its data with `--columns`, `--set` and `--group-by` as of
 * `estep fit`, of which the first lines are read.
 */
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { median } from './lib/statistics.mjs'

const loading = performance.now()
const { compileOrThrow, readTable } = await import('estep')
const modules = performance.now() - loading

const LINES = 250
const TIMES = 8

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    columns: { type: 'string', multiple: true, default: [] },
    set: { type: 'string', multiple: true, default: [] },
    'group-by': { type: 'string' },
  },
})
const [modelFile, ...dataFiles] = positionals
const source = readFileSync(modelFile, 'utf8')
const pairs = (list, read) =>
  new Map(list.map((text) => [text.slice(0, text.indexOf('=')), read(text.slice(text.indexOf('=') + 1))]))
const options = {
  columns: pairs(values.columns, (text) => text.split(',')),
  set: pairs(values.set, JSON.parse),
  groupBy: values['group-by'] ?? null,
  backend: 'wasm',
  threads: 1,
}
const tables = dataFiles.map((file) => {
  const { value, problems } = readTable(file, readFileSync(file, 'utf8').split('\n').slice(0, LINES).join('\n'))
  if (value === undefined) throw new Error(problems.map((p) => p.message).join('\n'))
  return value
})

let state = 7
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return (state + 0.5) / 4294967296
}

async function executable() {
  const began = performance.now()
  const { model } = compileOrThrow(source).bind(tables, options)
  const bound = performance.now()
  const params = model.separated(uniform)
  const step = async () => {
    const from = performance.now()
    model.mStep(params, await model.eStep(params))
    return performance.now() - from
  }
  const first = await step()
  return bound - began + Math.max(0, first - (await step()))
}

function program() {
  const began = performance.now()
  compileOrThrow(source)
  return performance.now() - began
}

async function several(act) {
  const times = []
  for (let i = 0; i < TIMES; i++) times.push(await act())
  return { first: times[0], later: median(times.slice(1)), modules }
}

console.log(JSON.stringify(await several(tables.length > 0 ? executable : program)))

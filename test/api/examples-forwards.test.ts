/** Models of many kinds run forwards: what is drawn has the shape of the data, and positive probability. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { atFit } from '../../api/select/fitting.js'
import { simulateLike } from '../../api/simulate/simulate-model.js'
import { compileOrThrow, readTable } from '../../index.js'
import { parseColumnsOption } from '../../runtime/data/columns-option.js'

interface Entry {
  readonly model: string
  readonly data: readonly string[]
  readonly args: readonly string[]
}

const read = (path: string) => readFileSync(`examples/${path}`)

/** What the arguments of an example say of its data. */
function binding(args: readonly string[]) {
  const columns = new Map<string, readonly string[]>()
  args.forEach((arg, i) => {
    const option = arg === '--columns' ? parseColumnsOption(args[i + 1] ?? '') : ''
    if (typeof option !== 'string') columns.set(option.name, option.columns)
  })
  const group = args.indexOf('--group-by')
  return { columns, groupBy: group < 0 ? null : (args[group + 1] ?? null) }
}

test.each([
  'baseball/home',
  'blood-groups/abo-people',
  'dawid-skene/model',
  'factor-analysis/factors',
  'generalised-mixed/herds',
  'geyser-chain/stationary',
  'grades-second/hidden',
  'housing/satisfaction',
  'item-response/two-parameter',
  'lifetimes/weibull-mixture',
  'linkage/model',
  'nile/level',
  'noisy-clusters/model',
  'overdispersion/dirichlet-multinomial',
  'ppca-holes/model',
  'pumps/model',
  'random-intercepts/crossed',
])('%s', async (name) => {
  const [folder = '', file = ''] = name.split('/')
  const entries: readonly Entry[] = JSON.parse(read(`${folder}/expected.json`).toString())
  const entry = entries.find((e) => e.model === `${file}.estep`)
  if (entry === undefined) throw new Error(`no entry for ${name}`)
  const model = compileOrThrow(read(`${name}.estep`).toString())
  const tables = entry.data.map((text) => {
    const path = text.replace(/^\w+=/, '')
    const { value } = readTable(path, read(`${folder}/${path}`))
    if (value === undefined) throw new Error(`no table ${path}`)
    return path === text ? value : { ...value, name: text.slice(0, text.indexOf('=')) }
  })
  const options = { ...binding(entry.args), restarts: 1, maxIterations: 3 }
  const data = model.boundData(tables, options)
  const { result, params } = await model.fitOver(data, options)
  const { bound } = simulateLike(model, data, { params }, { seed: 1, stream: 1, set: new Map() })
  const at = atFit(model, result, bound, options)
  expect(Number.isFinite(at.model.eStep(at.params).logLikelihood)).toBe(true)
  for (const [array, before] of data.arrays) {
    const after = bound.arrays.get(array)
    // rows of a weight are drawn as often as they count
    if (at.model.observations === data.sizes.get('N')) expect(after?.shape, array).toEqual(before.shape)
    expect(after?.missing === before.missing || before.missing === 0, array).toBe(true)
  }
})

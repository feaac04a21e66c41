import { csvText } from '../../api/rows/csv-text.js'
import type { SimulatedValue, Simulation } from '../../index.js'
import { decode } from '../../runtime/data/decode.js'
import { objectEntries } from '../../runtime/json.js'
import { type Context, jsonText, printDiagnostics, printJson, printProblems } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'
import { parseAssignment, parseSet } from '../literal.js'
import { type DataOptions, loadData } from '../load-data.js'
import { loadFit, readJson } from '../load-fit.js'
import type { SimulateCall, SimulateOutcome } from '../ports.js'

export interface SimulateCommandOptions extends DataOptions {
  readonly size?: readonly string[]
  readonly set?: readonly string[]
  readonly params?: string
  readonly param?: readonly string[]
  readonly seed: number
  readonly latents?: boolean
  readonly keepMissing?: boolean
  readonly out?: string
  readonly json?: boolean
}

/** `estep simulate MODEL|FIT --size N=500`: rows drawn from a fit, or from a model at given params. */
export async function simulate(context: Context, path: string, options: SimulateCommandOptions): Promise<number> {
  const { host } = context
  const json = options.json === true
  const call: SimulateCall = {
    sizes: sizesOf(options.size ?? []),
    set: parseSet(options.set),
    seed: options.seed,
    data: await loadData(context, options),
    keepMissing: options.keepMissing === true,
  }
  if (call.keepMissing && call.data.tables.length === 0)
    throw new UsageError('--keep-missing keeps the missing cells of data', 'give the data with --data FILE')
  const outcome = await simulated(context, path, call, options)
  if (outcome === null) return exitCodes.model
  switch (outcome.kind) {
    case 'usage':
      throw new UsageError(outcome.message)
    case 'data':
      printProblems(context, outcome.problems, json)
      return exitCodes.data
    case 'simulation':
  }
  const { simulation } = outcome
  if (options.out?.endsWith('.json') === true) await host.write(options.out, jsonText(simulation.data))
  else if (options.out !== undefined) await host.write(options.out, csv(context, simulation, options.latents === true))
  if (json) printJson(context, document(simulation, options.latents === true))
  else if (options.out === undefined) host.stdout(csv(context, simulation, options.latents === true))
  return exitCodes.done
}

/** From a fit file, or from a model with its params; null where the model has errors, which are then told. */
async function simulated(
  context: Context,
  path: string,
  call: SimulateCall,
  options: SimulateCommandOptions,
): Promise<SimulateOutcome | null> {
  const bytes = await context.host.read(path)
  const text = decode(bytes, path).value ?? ''
  const own: Context = {
    ...context,
    host: { ...context.host, read: async (p) => (p === path ? bytes : context.host.read(p)) },
  }
  if (text.trimStart().startsWith('{')) {
    if (options.params !== undefined || options.param !== undefined)
      throw new UsageError(
        'a fit has its params',
        'give the model in place of the fit, or leave --params and --param out',
      )
    const fit = await loadFit(own, path)
    return fit.simulate(call)
  }
  const source = { name: path === '-' ? 'stdin' : path, text }
  const { model, diagnostics } = context.ports.compile(source)
  printDiagnostics(context, diagnostics, source)
  if (model === undefined) {
    if (options.json === true) printJson(context, { ok: false, diagnostics })
    return null
  }
  return model.simulate(await paramsOf(context, options), call)
}

/** `--param mu=2` goes before the file of `--params`, which has the shape of the params of a fit, or is a whole fit. */
async function paramsOf(context: Context, options: SimulateCommandOptions): Promise<ReadonlyMap<string, unknown>> {
  const values = new Map<string, unknown>()
  if (options.params !== undefined) {
    const read = objectEntries(await readJson(context, options.params, 'a file of params'))
    const params = read === undefined ? undefined : (objectEntries(read.get('params')) ?? read)
    if (params === undefined) throw new UsageError(`\`${options.params}\` is not a file of params: values by name`)
    for (const [name, value] of params) values.set(name, value)
  }
  for (const text of options.param ?? []) {
    const { name, value } = parseAssignment('--param', text)
    values.set(name, value)
  }
  return values
}

function sizesOf(texts: readonly string[]): ReadonlyMap<string, number | readonly number[]> {
  const sizes = new Map<string, number | readonly number[]>()
  for (const text of texts) {
    const { name, value } = parseAssignment('--size', text)
    const list = Array.isArray(value) ? value : [value]
    const whole = list.every((n): n is number => typeof n === 'number' && Number.isInteger(n) && n >= 0)
    if (!whole) throw new UsageError(`--size takes whole numbers such as N=500, not \`${text}\``)
    if (sizes.has(name)) throw new UsageError(`--size gives \`${name}\` twice`)
    sizes.set(name, Array.isArray(value) ? list : (list[0] ?? 0))
  }
  return sizes
}

function csv(context: Context, simulation: Simulation, latents: boolean): string {
  const { columns, left } = simulation.table({ latents })
  if (left.length > 0) {
    const names = left.map((name) => `\`${name}\``).join(', ')
    const [has, is] = left.length === 1 ? ['has', 'is'] : ['have', 'are']
    context.host.stderr(
      `note: ${names} ${has} rows of ${is === 'is' ? 'its' : 'their'} own and ${is} left out; --json has everything\n`,
    )
  }
  const rows = Math.max(0, ...columns.map((c) => c.cells.length))
  return csvText([
    columns.map((c) => c.name),
    ...Array.from({ length: rows }, (_, i) => columns.map((c) => cellText(c.cells[i] ?? null))),
  ])
}

function cellText(value: SimulatedValue): string {
  if (value === null) return 'NA'
  return typeof value === 'boolean' ? String(Number(value)) : String(value)
}

const document = (simulation: Simulation, latents: boolean): unknown => ({
  seed: simulation.seed,
  sizes: simulation.sizes,
  data: simulation.data,
  ...(latents ? { latents: simulation.latents } : {}),
})

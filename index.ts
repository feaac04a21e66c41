/**
 * Estep: a small language for latent-variable models and a compiler that derives their EM algorithm.
 *
 * ```ts
 * import { compileOrThrow } from 'estep'
 * const model = compileOrThrow(source)
 * const fit = await model.fit({ x: rows }, { seed: 1 })
 * fit.params.mu
 * ```
 */

import { bindProgram, type ProgramModel } from './compiler/bind/bound-model.js'
import { certifyDerivation } from './compiler/bind/certified-engine.js'
import { dataDeclarations } from './compiler/bind/declarations.js'
import { BindError } from './compiler/bind/sizes.js'
import { derivationDocument, planJson } from './compiler/derivation/index.js'
import { type Derivation, derive } from './compiler/derive.js'
import { distributionByName, signatures } from './compiler/distributions/index.js'
import { numericDensity } from './compiler/distributions/support/numeric-density.js'
import type { Distribution, NumericArgument } from './compiler/distributions/types.js'
import { compileInterpreter } from './compiler/targets/interpreter/index.js'
import { compileJavaScript } from './compiler/targets/javascript/index.js'
import { check } from './lang/check.js'
import type { Diagnostic } from './lang/diagnostics/types.js'
import type { Source } from './lang/source.js'
import type { TypedModel } from './lang/typed/types.js'
import { type Certificate, certify } from './oracle/certify.js'
import { densities } from './oracle/densities/index.js'
import type { Density } from './oracle/densities/types.js'
import { type ComponentOrder, canonicalOrder, permutePosterior } from './runtime/canonical-order.js'
import type { FitOptions, ParamLayout } from './runtime/contract.js'
import { bindData } from './runtime/data/bind.js'
import { didYouMean } from './runtime/data/nearest-name.js'
import { tableFromObject } from './runtime/data/table-from-object.js'
import type { BoundData, DataDeclaration, DataProblem, Table } from './runtime/data/types.js'
import { AbortError } from './runtime/errors.js'
import { type FitOutcome, fitModel } from './runtime/fit.js'
import { type EmIteration, iterate } from './runtime/iterate.js'
import { type Json, toJson } from './runtime/json.js'
import { loadFit as readFit } from './runtime/load.js'
import { type AbortFlag, busyPacer } from './runtime/pacer.js'
import type { FitResult } from './runtime/result.js'
import type { FitProgress } from './runtime/search.js'
import { applyStartValues, startValuesFromJson } from './runtime/start-values.js'
import type { FitWarning } from './runtime/warnings.js'
import { version } from './version.js'

export type { Distribution } from './compiler/distributions/types.js'
export type { Diagnostic } from './lang/diagnostics/types.js'
export { formatSource } from './lang/format/format.js'
export type { Certificate, CertificateCheck } from './oracle/certify.js'
export { readTable } from './runtime/data/read-table.js'
export { AbortError, InternalError } from './runtime/errors.js'
export type { EmIteration } from './runtime/iterate.js'
export type { FitResult } from './runtime/result.js'
export { version } from './version.js'

/** Data of a fit: tables that were read, or one object with arrays or rows (see `tableFromObject`). */
export type FitData = readonly Table[] | unknown

/** How data binds to a model; names are those of the model, values column names. */
export interface DataOptions {
  readonly columns?: ReadonlyMap<string, readonly string[]> | { readonly [name: string]: readonly string[] }
  /** Column that says which sequence a row belongs to. */
  readonly groupBy?: string | null
  /** Values of consts and of scalar data. */
  readonly set?: ReadonlyMap<string, unknown> | { readonly [name: string]: unknown }
}

/** Options of `model.fit`; the defaults are those of `estep fit`. Times are in milliseconds. */
export interface FitCallOptions extends DataOptions {
  readonly start?: ReadonlyMap<string, unknown> | { readonly [name: string]: unknown }
  readonly init?: 'auto' | 'kmeans++' | 'random'
  readonly seed?: number
  readonly restarts?: number
  readonly tolerance?: number
  readonly maxIterations?: number
  readonly floor?: number
  readonly maxTime?: number | null
  readonly trace?: boolean
  readonly mStep?: 'auto' | 'gradient'
  /** `js`: generated JavaScript; `interpret`: no generated code, works under a strict content security policy. */
  readonly backend?: 'js' | 'interpret'
  readonly signal?: AbortFlag
  onIteration?(progress: FitProgress): void
}

/** What can be given to `compile` beyond the source. */
export interface CompileOptions {
  /** Distributions beyond the built-in ones; one of the same name replaces a built-in one. */
  readonly distributions?: readonly Distribution[]
}

export type CompileResult =
  | { readonly ok: true; readonly model: Model; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: false; readonly model?: undefined; readonly diagnostics: readonly Diagnostic[] }

/** The model has errors. */
export class CompileError extends Error {
  override readonly name = 'CompileError'
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(
      diagnostics
        .filter((d) => d.severity === 'error')
        .map((d) => `${d.code}: ${d.message}`)
        .join('\n'),
    )
  }
}

/** The data does not fit the model. */
export class DataError extends Error {
  override readonly name = 'DataError'
  constructor(readonly problems: readonly DataProblem[]) {
    super(problems.map((p) => p.message).join('\n'))
  }
}

/** An option names something that is not there, or has the wrong shape. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}

/**
 * Compiles a model: parse, check, derive. Never throws on what a user can get wrong: that comes back as diagnostics.
 *
 * @param source the text of a model file, or a text with the name to print in diagnostics
 */
export function compile(source: string | Source, options: CompileOptions = {}): CompileResult {
  const text = typeof source === 'string' ? { name: 'model.estep', text: source } : source
  const extra = options.distributions ?? []
  const known = new Map([...distributionByName, ...extra.map((d) => [d.signature.name, d] as const)])
  const names = new Set(extra.map((d) => d.signature.name))
  const checked = check(text, [...signatures.filter((s) => !names.has(s.name)), ...extra.map((d) => d.signature)])
  if (checked.value === undefined) return { ok: false, diagnostics: checked.diagnostics }
  const derived = derive(checked.value, known)
  const diagnostics = [...checked.diagnostics, ...derived.diagnostics]
  if (derived.value === undefined) return { ok: false, diagnostics }
  return { ok: true, model: new Model(checked.value, derived.value, known, diagnostics), diagnostics }
}

/** The same, or a `CompileError` with the diagnostics. */
export function compileOrThrow(source: string | Source, options: CompileOptions = {}): Model {
  const result = compile(source, options)
  if (!result.ok) throw new CompileError(result.diagnostics)
  return result.model
}

/** A compiled model: its derivation, and fits of it to data. */
export class Model {
  readonly name: string

  constructor(
    readonly typed: TypedModel,
    private readonly derived: Derivation,
    private readonly distributions: ReadonlyMap<string, Distribution>,
    readonly diagnostics: readonly Diagnostic[],
  ) {
    this.name = typed.name
  }

  /** The derivation as a document: `toText()`, `toMarkdown()`, `steps`. */
  get derivation(): ReturnType<typeof derivationDocument> {
    return derivationDocument(this.derived)
  }

  /** What each latent's E-step and each param's M-step is, as in a result. */
  get plan(): Json {
    return toJson(planJson(this.derived))
  }

  /** The data the model needs. `set` are values of consts. */
  declarations(set: ReadonlyMap<string, unknown> = new Map()): readonly DataDeclaration[] {
    return dataDeclarations(this.typed, set)
  }

  /** Checks the derivation against brute force on micro-data. */
  certify(options: { readonly seed?: number; readonly replicates?: number } = {}): Certificate {
    return certify(this.typed, (data, consts) => certifyDerivation(this.derived, data, consts), {
      seed: options.seed ?? 1,
      replicates: options.replicates ?? 3,
      densities: [...this.distributions.values()].flatMap(densityForOracle),
    })
  }

  /**
   * Fits the model.
   *
   * @throws DataError where the data does not fit the model; OptionError for a bad option; AbortError with `.partial`
   */
  async fit(data: FitData, options: FitCallOptions = {}): Promise<Fit> {
    const bound = this.bind(data, options)
    refuseEmpty(bound, this.declarations())
    const start = options.start === undefined ? undefined : startValuesFromJson(record(options.start))
    const wrap = (outcome: Extract<FitOutcome, { ok: true }>): Fit =>
      new Fit(this, outcome.result, bound.model.params, {
        model: bound.model,
        data: bound.data,
        params: outcome.params,
        order: outcome.order,
      })
    const run = fitModel(
      bound.model,
      { ...searchOptions(options), ...(start === undefined ? {} : { start }) },
      {
        pause: nextTurn,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...(options.onIteration === undefined ? {} : { onIteration: options.onIteration.bind(options) }),
        context: {
          estepVersion: version,
          plan: toJson(planJson(bound.model.derivation)),
          columns: bound.data.columns,
          levels: new Map(
            [...bound.data.levels].map(([name, lists]) => [name, toJson(lists.length === 1 ? lists[0] : lists)]),
          ),
          warnings: [
            ...this.diagnostics
              .filter((d) => d.severity === 'warning')
              .map((d) => ({ code: d.code, message: d.message })),
            ...bound.data.warnings.map((w) => ({ code: w.code, message: w.message })),
            ...bound.model.constantColumns().map(constantColumn),
          ],
          extra: new Map([
            ['source', this.typed.source.text],
            ['fit', frozen(bound, options)],
          ]),
        },
      },
    )
    let outcome: FitOutcome
    try {
      outcome = await run
    } catch (e) {
      if (!(e instanceof AbortError)) throw e
      const partial = e.partial as FitOutcome | null
      throw new AbortError(partial?.ok === true ? wrap(partial) : null)
    }
    if (!outcome.ok) throw new OptionError(outcome.problems.map((p) => p.message).join('\n'))
    return wrap(outcome)
  }

  /** One EM iteration at a time, from a start (given values, or the first one that `fit` would make). */
  async *iterate(data: FitData, options: FitCallOptions = {}): AsyncGenerator<EmIteration> {
    const { model } = this.bind(data, options)
    let begin = await firstStart(model, options)
    if (options.start !== undefined) {
      const { params, problems } = applyStartValues(model, entriesOf(options.start), begin)
      if (problems.length > 0) throw new OptionError(problems.map((p) => p.message).join('\n'))
      begin = params
    }
    yield* iterate(model, begin, busyPacer())
  }

  /** Binds data; `restored` are the levels, sizes and frozen numbers of an earlier fit. */
  bind(data: FitData, options: FitCallOptions, restored: Frozen | null = null): Bound {
    const set = entriesOf(options.set ?? new Map())
    const consts = this.typed.symbols.filter((s) => s.kind === 'const').map((s) => s.name)
    const scalars = this.typed.symbols.filter((s) => s.kind === 'data').map((s) => s.name)
    for (const name of set.keys())
      if (!consts.includes(name) && !scalars.includes(name)) throw new OptionError(noSuchConst(name, consts, scalars))
    const result = bindData(this.declarations(set), tablesOf(data), {
      columns: entriesOf(options.columns ?? new Map()) as ReadonlyMap<string, readonly string[]>,
      groupBy: options.groupBy ?? null,
      set,
      ...(restored === null
        ? {}
        : { frozenLevels: restored.levels, frozenSizes: restored.sizes, asFitted: restored.columns }),
    })
    if (result.value === undefined) throw new DataError(result.problems)
    const derivation = options.mStep === 'gradient' ? this.gradientDerivation() : this.derived
    try {
      const model = bindProgram(derivation, result.value, {
        set,
        compile: options.backend === 'interpret' ? compileInterpreter : compileJavaScript,
        frozen: restored?.numbers ?? new Map(),
      })
      model.setFloor(options.floor ?? 1e-6)
      return { model, data: result.value }
    } catch (e) {
      if (!(e instanceof BindError)) throw e
      throw new DataError([problem(e.code, e.message, e.help)])
    }
  }

  private gradientDerivation(): Derivation {
    const derived = derive(this.typed, this.distributions, { gradientOnly: true })
    if (derived.value === undefined) throw new CompileError(derived.diagnostics)
    return derived.value
  }
}

interface Bound {
  readonly model: ProgramModel
  readonly data: BoundData
}

/** What new data must agree with: levels, sizes of params, reductions of the data of the fit. */
interface Frozen {
  /** Data whose columns are taken as the fit had them. */
  readonly columns: ReadonlySet<string>
  readonly levels: ReadonlyMap<string, readonly (readonly string[])[]>
  readonly sizes: ReadonlyMap<string, number>
  readonly numbers: ReadonlyMap<string, readonly number[]>
}

/** Posterior of one latent over its rows. */
export interface LatentPosterior {
  readonly name: string
  /** Extents of its plates; their product is `rows`. */
  readonly shape: readonly number[]
  readonly rows: number
  readonly labels: readonly string[]
  /** rows × labels, row-major; null for a latent that is a number. */
  readonly probabilities: Float64Array | null
  /** 0-based most probable value of each row. */
  readonly modes: Int32Array | null
  readonly means: Float64Array | null
}

/** A fitted model. `params`, `logLikelihood`, `trace` and the rest are those of the result JSON. */
export class Fit {
  constructor(
    readonly model: Model,
    readonly result: FitResult,
    /** How params are laid out. */
    readonly layout: readonly ParamLayout[],
    private readonly own: {
      readonly model: ProgramModel
      readonly data: BoundData
      readonly params: Float64Array
      readonly order: ComponentOrder
    } | null,
  ) {}

  get params(): FitResult['params'] {
    return this.result.params
  }
  get logLikelihood(): number {
    return asNumber(this.result.logLikelihood)
  }
  get objective(): number {
    return asNumber(this.result.objective)
  }
  get converged(): boolean {
    return this.result.converged
  }
  get trace(): readonly number[] {
    return this.result.trace.map(asNumber)
  }
  get starts(): FitResult['starts'] {
    return this.result.starts
  }
  get derived(): FitResult['derived'] {
    return this.result.derived
  }
  get warnings(): FitResult['warnings'] {
    return this.result.warnings
  }
  /** The data as it was bound; null for a fit that was loaded. */
  get data(): BoundData | null {
    return this.own?.data ?? null
  }

  toJSON(): FitResult {
    return this.result
  }

  /** Posterior of every latent for the rows of the fit; null for a fit that was loaded from a file. */
  posteriors(): readonly LatentPosterior[] | null {
    return this.own === null ? null : posteriorsOf(this.own.model, this.own.params)
  }

  /**
   * Posterior of one latent for the rows of the fit.
   *
   * @throws OptionError where the model has no such latent, or the fit was loaded without its data
   */
  posterior(name: string): LatentPosterior {
    const all = this.posteriors()
    if (all === null) throw new OptionError('the fit was loaded without its data: use predict with the data')
    const found = all.find((p) => p.name === name)
    if (found === undefined)
      throw new OptionError(`the model has no latent \`${name}\`; it has ${all.map((p) => `\`${p.name}\``).join(', ')}`)
    return found
  }

  /**
   * Posterior of every latent for new rows, at the fitted params.
   *
   * @throws DataError where the new data does not fit the model or the fit
   */
  async predict(
    data: FitData,
    options: DataOptions = {},
  ): Promise<{ readonly latents: readonly LatentPosterior[]; readonly warnings: readonly DataProblem[] }> {
    const stored = restore(this.result)
    const columns = entriesOf(options.columns ?? new Map())
    const bound = this.model.bind(
      data,
      {
        ...options,
        columns: new Map([...stored.columns, ...columns]) as ReadonlyMap<string, readonly string[]>,
        groupBy: options.groupBy ?? stored.groupBy,
        set: stored.set,
      },
      { ...stored.frozen, columns: new Set([...stored.columns.keys()].filter((name) => !columns.has(name))) },
    )
    const { params, problems } = applyStartValues(
      bound.model,
      new Map(Object.entries(this.result.params)),
      bound.model.interior(() => 0.5),
    )
    if (problems.length > 0) throw new DataError(problems.map((p) => problem('E413', p.message)))
    return { latents: posteriorsOf(bound.model, params), warnings: bound.data.warnings }
  }
}

/**
 * A fit from its JSON (the parsed document).
 *
 * @throws OptionError where the document is no fit of a version that is read here
 */
export function loadFit(document: unknown): Fit {
  const loaded = readFit(document)
  if (!loaded.ok) throw new OptionError(loaded.problem)
  const stored = (loaded.result as { readonly source?: unknown }).source
  if (typeof stored !== 'string') throw new OptionError('the fit holds no model text')
  const model = compileOrThrow(stored)
  const { layout } = restore(loaded.result)
  return new Fit(model, loaded.result, layout, null)
}

// -- parts -------------------------------------------------------------------------------------------------------------

/**
 * A distribution of the caller's as the oracle reads it. Where the oracle has its own density nothing is passed on; else
 * the certificate judges the derivation from this density, and the laws of distributions judge the density.
 */
function densityForOracle(d: Distribution): readonly Density[] {
  const { name, value, parametrisations } = d.signature
  if (densities.has(name) || value.rank !== 0) return []
  const { support, discrete } = value
  const high = support === 'unit' || support === 'bool' ? 1 : Number.POSITIVE_INFINITY
  const low = support === 'real' || support === 'int' ? Number.NEGATIVE_INFINITY : 0
  return [
    {
      name,
      rank: 0,
      discrete,
      argumentRanks: new Map(parametrisations.flatMap((p) => p.arguments.map((a) => [a.name, a.rank] as const))),
      logDensity(x, given) {
        const chosen = parametrisations.find((p) => p.arguments.every((a) => given.has(a.name)))
        const args = new Map(
          (chosen?.arguments ?? []).map((a) => [a.name, given.get(a.name) as NumericArgument] as const),
        )
        if (typeof x !== 'number' || Number.isNaN(x)) return Number.NaN
        return chosen === parametrisations[0] && !d.inSupport(x, args)
          ? Number.NEGATIVE_INFINITY
          : numericDensity(d, args)(x)
      },
      support: () => ({ kind: discrete ? 'integers' : 'interval', low, high }),
    },
  ]
}

function searchOptions(o: FitCallOptions): Partial<FitOptions> {
  const keys = ['seed', 'restarts', 'tolerance', 'maxIterations', 'floor', 'maxTime', 'trace', 'init'] as const
  return Object.fromEntries(keys.flatMap((k) => (o[k] === undefined ? [] : [[k, o[k]]])))
}

async function firstStart(model: ProgramModel, options: FitCallOptions): Promise<Float64Array> {
  const { createStarter } = await import('./runtime/starts.js')
  return createStarter(model, options.init ?? 'auto', busyPacer()).start(options.seed ?? 1, true)
}

function posteriorsOf(model: ProgramModel, params: Float64Array): readonly LatentPosterior[] {
  const order = canonicalOrder(model, params)
  const tables = model.posterior(params)
  const discrete = model.latents.map((l): LatentPosterior => {
    const probabilities = permutePosterior(l, tables.get(l.name) ?? new Float64Array(0), order)
    const modes = Int32Array.from({ length: l.rows }, (_, r) => {
      let best = 0
      for (let v = 1; v < l.values; v++)
        if ((probabilities[r * l.values + v] ?? 0) > (probabilities[r * l.values + best] ?? 0)) best = v
      return best
    })
    return { name: l.name, shape: l.shape, rows: l.rows, labels: l.labels, probabilities, modes, means: null }
  })
  const counts = [...model.countMeans(params)].map(
    ([name, means]): LatentPosterior => ({
      name,
      shape: means.length === 1 ? [] : [means.length],
      rows: means.length,
      labels: [],
      probabilities: null,
      modes: null,
      means,
    }),
  )
  return [...discrete, ...counts]
}

function frozen(bound: Bound, options: FitCallOptions): Json {
  const { model } = bound
  const inParams = new Set(model.params.flatMap((p) => p.shape))
  const sizes = [...bound.data.sizes].filter(
    ([name, n]) =>
      inParams.has(n) &&
      model.derivation.graph.params.some((p) => JSON.stringify(p.type).includes(JSON.stringify(`size:${name}`))),
  )
  const reductions = model.program.bindTables
    .filter((t) => t.compute.kind === 'reduction')
    .map((t) => [t.name, [...model.numbers.table(t).values]] as const)
  return toJson({
    set: new Map(entriesOf(options.set ?? new Map())),
    groupBy: options.groupBy ?? null,
    sizes: new Map(sizes),
    levels: new Map(bound.data.levels),
    reductions: new Map(reductions),
    layout: model.params,
  })
}

function restore(result: FitResult): {
  readonly frozen: Omit<Frozen, 'columns'>
  readonly columns: ReadonlyMap<string, unknown>
  readonly groupBy: string | null
  readonly set: ReadonlyMap<string, unknown>
  readonly layout: readonly ParamLayout[]
} {
  const stored = entriesOf(entriesOf(result as unknown as { readonly [k: string]: unknown }).get('fit') ?? {})
  const groupBy = stored.get('groupBy')
  return {
    frozen: {
      levels: entriesOf(stored.get('levels') ?? {}) as Frozen['levels'],
      sizes: entriesOf(stored.get('sizes') ?? {}) as Frozen['sizes'],
      numbers: entriesOf(stored.get('reductions') ?? {}) as Frozen['numbers'],
    },
    columns: entriesOf(result.columns),
    groupBy: typeof groupBy === 'string' ? groupBy : null,
    set: entriesOf(stored.get('set') ?? {}),
    layout: (stored.get('layout') ?? []) as readonly ParamLayout[],
  }
}

const problem = (code: string, message: string, help: string | null = null): DataProblem => ({
  code,
  message,
  source: null,
  row: null,
  column: null,
  value: null,
  help,
})

/** Data without rows, or with rows that weigh nothing. */
function refuseEmpty(bound: Bound, declarations: readonly DataDeclaration[]): void {
  if (bound.model.observations > 0 || declarations.length === 0) return
  if ([...bound.data.arrays.values()].some(({ values }) => values.length === 0))
    throw new DataError([problem('E304', 'the data has no rows')])
  throw new DataError([problem('E416', 'nothing was observed: the weights or the counts in the data are all 0')])
}

function constantColumn({ data, column, value }: { data: string; column: number; value: number }): FitWarning {
  const message = `column ${column} of \`${data}\` is ${value} in every row: it has no spread to estimate`
  return { code: 'W530', message }
}

function noSuchConst(name: string, consts: readonly string[], data: readonly string[]): string {
  const all = [...consts, ...data]
  const known = all.length === 0 ? 'it has none' : `it has ${all.map((n) => `\`${n}\``).join(', ')}`
  return `--set ${name}: the model has no const or data \`${name}\`; ${didYouMean(name, all) ?? known}`
}

const tablesOf = (data: FitData): readonly Table[] => {
  if (Array.isArray(data) && data.every(isTable)) return data
  const read = tableFromObject(data)
  if (read.value === undefined) throw new DataError(read.problems)
  return [read.value]
}

const isTable = (x: unknown): x is Table => typeof x === 'object' && x !== null && 'rowNumbers' in x && 'columns' in x

function entriesOf(x: unknown): ReadonlyMap<string, unknown> {
  if (x instanceof Map) return x
  return typeof x === 'object' && x !== null ? new Map(Object.entries(x)) : new Map()
}

const record = (x: unknown): unknown => (x instanceof Map ? Object.fromEntries(x) : x)

const asNumber = (x: unknown): number =>
  typeof x === 'number'
    ? x
    : x === '-Infinity'
      ? Number.NEGATIVE_INFINITY
      : x === 'Infinity'
        ? Number.POSITIVE_INFINITY
        : Number.NaN

/** Resolves in a later turn of the event loop, in Node and in a page. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    const scheduler = globalThis as {
      readonly setImmediate?: (f: () => void) => unknown
      readonly setTimeout?: (f: () => void, ms: number) => unknown
    }
    if (scheduler.setImmediate !== undefined) scheduler.setImmediate(resolve)
    else scheduler.setTimeout?.(resolve, 0)
  })
}

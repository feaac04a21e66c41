/** Tables bound to a model: which derivation, over which data, run by what. */
import { bindProgram } from '../compiler/bind/bound-model.js'
import { ClassifiedModel } from '../compiler/bind/classified-model.js'
import { dataScale } from '../compiler/bind/data-scale.js'
import { dataDeclarations } from '../compiler/bind/declarations.js'
import { HardModel } from '../compiler/bind/hard-model.js'
import { scaledData } from '../compiler/bind/log-jacobian.js'
import { BindError } from '../compiler/bind/sizes.js'
import { zeroLimits } from '../compiler/bind/zero-limits.js'
import { type Derivation, type DeriveOptions, derive } from '../compiler/derive.js'
import type { Distribution } from '../compiler/distributions/types.js'
import { NotHeld } from '../compiler/held-cells.js'
import { type HeldNames, holdParams } from '../compiler/held-params.js'
import { labelledProgram } from '../compiler/modes/labelled-program.js'
import { RowWorkers } from '../compiler/targets/wasm/pool/row-workers.js'
import type { WorkerPool } from '../compiler/targets/wasm/pool/worker-pool.js'
import { vanishingScales, withoutScales } from '../compiler/vanishing-scales.js'
import type { TypedModel } from '../lang/typed/types.js'
import { type BindOptions, bindData } from '../runtime/data/bind.js'
import { didYouMean } from '../runtime/data/nearest-name.js'
import { bindStreamed, sizeOfRows } from '../runtime/data/stream/bind-streamed.js'
import { RowsError } from '../runtime/data/stream/rows-error.js'
import type { BoundData, Table } from '../runtime/data/types.js'
import { arenaFor, inArena, outsideArena } from './arena.js'
import { CompileError, DataError, OptionError, problem } from './errors.js'
import type { Bound, Frozen } from './frozen.js'
import { readFixed } from './held.js'
import { kernelCompiler } from './kernel-compiler.js'
import { programOf } from './mode-program.js'
import { nextTurn } from './next-turn.js'
import { checkBackend, entriesOf, type FitCallOptions } from './options.js'
import { amongParams, fixedOnScale, standardised } from './standardize.js'

const NONE: HeldNames = { whole: new Set(), cells: new Set(), zero: new Set() }

export class Binder {
  private readonly others = new Map<string, Derivation>()

  constructor(
    private readonly typed: TypedModel,
    private readonly derived: Derivation,
    private readonly distributions: ReadonlyMap<string, Distribution>,
  ) {}

  /** Binds data; `restored` are the levels, sizes and frozen numbers of an earlier fit, `pool` the workers of this one. */
  bind(tables: readonly Table[], options: FitCallOptions, restored: Frozen | null, pool: WorkerPool | null): Bound {
    checkBackend(options)
    const [streamed] = tables.filter((t) => t.all !== undefined)
    if (streamed !== undefined)
      throw new OptionError(
        `the rows of ${streamed.source} do not lie in memory: they can only be fitted, and predicted for a part at a time (fit.parts)`,
      )
    const { set, binding } = this.bindingOptions(options, restored)
    const result = bindData(dataDeclarations(this.typed, set), tables, binding)
    if (result.value === undefined) throw new DataError(result.problems)
    const data = restored?.scaling === undefined ? result.value : scaledData(result.value, restored.scaling)
    return this.over(data, tables, set, options, restored, pool)
  }

  /** The model over the data standardised, beside the one over the data as they are. */
  standardised(raw: Bound, options: FitCallOptions, pool: WorkerPool | null): Bound {
    const { set } = this.bindingOptions(options, null)
    if (raw.held === null) {
      const way = standardised(raw.model, raw.data)
      return { ...this.over(way.data, [], set, options, null, pool), standard: { raw, way } }
    }
    // units are those of all params: what is held is measured in them, and moves with its column too
    const { fix: given, ...others } = options
    const { model } = this.over(raw.data, [], set, others, null, null)
    const all = standardised(model, raw.data)
    const fix = fixedOnScale(entriesOf(given), model.params, all)
    const way = amongParams(all, model.params, raw.model.params)
    return { ...this.over(way.data, [], set, { ...options, fix }, null, pool), standard: { raw, way } }
  }

  /** Data as it is bound, without a program over it. */
  data(tables: readonly Table[], options: FitCallOptions): BoundData {
    const { set, binding } = this.bindingOptions(options, null)
    const { value, problems } = bindData(dataDeclarations(this.typed, set), tables, binding)
    if (value === undefined) throw new DataError(problems)
    return value
  }

  /** The model over data that is bound already. */
  overData(data: BoundData, options: FitCallOptions, restored: Frozen | null, pool: WorkerPool | null): Bound {
    checkBackend(options)
    return this.over(data, [], entriesOf(options.set ?? new Map()), options, restored, pool)
  }

  /** Binds tables of which one does not lie in memory; `close` gives back what its rows are read from. */
  async bindStreamed(
    tables: readonly Table[],
    options: FitCallOptions,
  ): Promise<{ readonly bound: Bound; close(): void }> {
    checkBackend(options)
    const { set, binding } = this.bindingOptions(options, null)
    const { value, problems, close } = await bindStreamed(dataDeclarations(this.typed, set), tables, binding, {
      memory: options.memory ?? 1e9,
      seed: options.seed ?? 1,
      pause: nextTurn,
    })
    if (value === undefined) throw new DataError(problems)
    try {
      return { bound: this.over(value, [], set, options, null, null), close }
    } catch (e) {
      close()
      throw e instanceof RowsError ? new DataError([e.problem]) : e
    }
  }

  /** The size that counts the rows of the table that does not lie in memory, or why its rows cannot be bound. */
  sizeOfRows(
    tables: readonly Table[],
    options: FitCallOptions,
    restored: Frozen | null,
  ): ReturnType<typeof sizeOfRows> {
    const { set, binding } = this.bindingOptions(options, restored)
    return sizeOfRows(dataDeclarations(this.typed, set), tables, binding)
  }

  private bindingOptions(
    options: FitCallOptions,
    restored: Frozen | null,
  ): { readonly set: ReadonlyMap<string, unknown>; readonly binding: BindOptions } {
    const set = entriesOf(options.set ?? new Map())
    const consts = this.typed.symbols.filter((s) => s.kind === 'const').map((s) => s.name)
    const scalars = this.typed.symbols.filter((s) => s.kind === 'data').map((s) => s.name)
    const params = this.typed.symbols.filter((s) => s.kind === 'param').map((s) => s.name)
    for (const name of set.keys())
      if (!consts.includes(name) && !scalars.includes(name))
        throw new OptionError(noSuchConst(name, consts, scalars, params))
    const binding: BindOptions = {
      columns: entriesOf(options.columns ?? new Map()) as ReadonlyMap<string, readonly string[]>,
      groupBy: options.groupBy ?? null,
      set,
      ...(restored === null
        ? {}
        : { frozenLevels: restored.levels, frozenSizes: restored.sizes, asFitted: restored.columns }),
    }
    return { set, binding }
  }

  /** The model over bound data. */
  private over(
    data: BoundData,
    tables: readonly Table[],
    set: ReadonlyMap<string, unknown>,
    options: FitCallOptions,
    restored: Frozen | null,
    pool: WorkerPool | null,
  ): Bound {
    const product = options.mode === 'hard' ? 'max' : 'sum'
    const fix = entriesOf(options.fix)
    const held = fix.size === 0 ? null : readFixed(this.derived, data, set, fix, this.zeroLimits(data))
    const names = held?.names ?? NONE
    const derivation = this.derivationFor(options.mStep === 'gradient', product, names)
    const arena = arenaFor(options, data)
    const own = arena === null ? outsideArena(data, tables) : inArena(data, arena)
    try {
      const settings = {
        set: new Map([...set, ...(held?.tables ?? [])]),
        ...(held === null ? {} : { pinned: held.pinned }),
        arena,
        workers: arena === null || pool === null ? null : new RowWorkers(arena, pool),
        everyPass: options.backend === 'wasm',
        compile: kernelCompiler(options),
        frozen: restored?.numbers ?? new Map(),
        seed: options.seed ?? 1,
        withoutScales: (scales: ReadonlySet<string>) =>
          this.withoutScales(scales, { gradientOnly: options.mStep === 'gradient', product }, names),
      }
      const model =
        options.mode === 'cem'
          ? new ClassifiedModel(derivation, programOf(labelledProgram(derivation)), own, settings)
          : product === 'max'
            ? new HardModel(derivation, own, settings)
            : bindProgram(derivation, own, settings)
      model.setFloor(options.floor ?? 1e-6)
      return { model, data: own, held, settings }
    } catch (e) {
      if (!(e instanceof BindError)) throw e
      throw new DataError([problem(e.code, e.message, e.help)])
    }
  }

  private zeroLimits(data: BoundData): ReadonlyMap<string, number> {
    const scales = [...data.arrays].flatMap(([name, a]) =>
      a.values instanceof Float64Array ? [[name, dataScale(a)] as const] : [],
    )
    return zeroLimits(vanishingScales(this.typed), new Map(scales))
  }

  /** The derivation with these scales of latents at 0; null where it has none. */
  withoutScales(scales: ReadonlySet<string>, options: DeriveOptions = {}, held = NONE): Derivation | null {
    const smaller = withoutScales(this.holding(held), scales)
    return smaller === null ? null : (derive(smaller, this.distributions, options).value ?? null)
  }

  /** The model with params held. @throws OptionError where cells of one cannot be held apart from the others */
  private holding(held: HeldNames): TypedModel {
    try {
      return holdParams(this.typed, held)
    } catch (e) {
      throw e instanceof NotHeld ? new OptionError(e.message) : e
    }
  }

  /** The derivation in a mode, with params held; each is made once. @throws CompileError where the model has none */
  derivationFor(gradientOnly: boolean, product: 'sum' | 'max', held = NONE): Derivation {
    const isFree = held.whole.size + held.cells.size === 0
    if (!gradientOnly && product === 'sum' && isFree) return this.derived
    const key = [gradientOnly, product, ...held.whole, '/', ...held.cells, '/', ...held.zero].join(' ')
    const known = this.others.get(key)
    if (known !== undefined) return known
    const derived = derive(this.holding(held), this.distributions, { gradientOnly, product })
    if (derived.value === undefined) throw new CompileError(derived.diagnostics)
    this.others.set(key, derived.value)
    return derived.value
  }
}

function noSuchConst(
  name: string,
  consts: readonly string[],
  data: readonly string[],
  params: readonly string[],
): string {
  if (params.includes(name))
    return `--set ${name}: \`${name}\` is a param: --fix holds it at a value, --start gives a value to begin with`
  const all = [...consts, ...data]
  const known = all.length === 0 ? 'it has none' : `it has ${all.map((n) => `\`${n}\``).join(', ')}`
  return `--set ${name}: the model has no const or data \`${name}\`; ${didYouMean(name, all) ?? known}`
}

/** What the parts of the graph stage share while they build one graph. */
import type { Diagnostic } from '../../lang/diagnostics/types.js'
import type { Span } from '../../lang/source.js'
import type { ModelSymbol, SymbolId, TDistribution, TypedModel } from '../../lang/typed/types.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import type { Distribution } from '../distributions/types.js'
import type { CellDensity } from './cell-density.js'
import { columnUse } from './column-use.js'
import { type ElaborationScope, Elaborator } from './elaborate.js'
import { type DensityPlace, type ElementDensity, logDensityOf, writtenDensity } from './log-density.js'
import { cellsOfLatents } from './reads.js'
import { type SymbolFacts, symbolFacts } from './symbol-facts.js'
import type { BuiltTensor, IndexSupply } from './tensors.js'
import type { BindTable, Constraint, Factor, Latent, Loop, Predictive } from './types.js'

export const NEGATIVE_INFINITY: Expr = { kind: 'float', value: Number.NEGATIVE_INFINITY }

export type Env = ReadonlyMap<SymbolId, Expr>

/** Where a statement stands: in which loops, under which conditions, with which values of index symbols. */
export interface Place {
  readonly loops: readonly Loop[]
  readonly guard: Guard
  readonly env: Env
}

export class GraphContext {
  readonly symbols: ReadonlyMap<SymbolId, ModelSymbol>
  readonly scope: ElaborationScope
  readonly elaborator: Elaborator
  readonly facts: SymbolFacts
  readonly factors: Factor[] = []
  readonly latents = new Map<string, Latent>()
  readonly constraints: Constraint[] = []
  readonly predictives: Predictive[] = []
  readonly diagnostics: Diagnostic[] = []
  readonly bindTables = new Map<string, BindTable>()
  private readonly domains = new Map<string, readonly IndexVar[]>()

  constructor(
    readonly model: TypedModel,
    readonly distributions: ReadonlyMap<string, Distribution>,
    readonly supply: IndexSupply,
    /** Where what statements say of cells of data is noted too. */
    readonly cells: CellDensity[] | null = null,
  ) {
    this.symbols = new Map(model.symbols.map((s) => [s.id, s]))
    this.facts = symbolFacts(this.symbols, columnUse(model, this.symbols).bounds)
    this.scope = {
      symbols: this.symbols,
      supply: this.supply,
      asLatent: cellsOfLatents(model, this.symbols, (name) => (distributions.get(name)?.signature.value.rank ?? 0) > 0),
      bindTables: this.bindTables,
    }
    this.elaborator = new Elaborator(this.scope)
  }

  addFactor(factor: Omit<Factor, 'id'>): void {
    this.factors.push({ id: `f${this.factors.length + 1}`, ...factor })
  }

  refuse(span: Span, message: string, help?: string): void {
    this.diagnostics.push({ code: 'E401', severity: 'error', span, message, ...(help === undefined ? {} : { help }) })
  }

  /** Two loops over the same domain share one index variable, so that tables are told apart by their variables. */
  shared(v: IndexVar, outer: readonly Loop[]): IndexVar {
    const inUse = new Set(outer.map((l) => l.index.id))
    const key = domainKey(v)
    const known = this.domains.get(key) ?? []
    const reusable = known.find((k) => !inUse.has(k.id))
    if (reusable !== undefined) return reusable
    this.domains.set(key, [...known, v])
    return v
  }

  logDensity(
    distribution: Distribution,
    d: Extract<TDistribution, { kind: 'plain' }>,
    value: BuiltTensor,
    args: ReadonlyMap<string, BuiltTensor>,
    span: Span,
    density?: ElementDensity,
  ): Expr {
    return logDensityOf(distribution, d, value, args, this.densityPlace(span), density)
  }

  /** A log density that is written out; `value` is what stands on the left. */
  customDensity(logDensity: Expr, value: BuiltTensor, span: Span): Expr {
    return writtenDensity(logDensity, value, this.densityPlace(span))
  }

  private densityPlace(span: Span): DensityPlace {
    const isOptional = (name: string): boolean => {
      const s = this.symbols.get(`data:${name}`)
      return s?.kind === 'data' && s.type.optional
    }
    return { span, supply: this.supply, isOptional }
  }
}

export const domainKey = (v: IndexVar): string => `${keyOf(v.from)}..${keyOf(v.to)}`

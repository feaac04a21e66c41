import * as k from '../build.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../types.js'
import { freeAxes } from '../visit.js'
import type { ColumnAt } from './columns.js'
import { costInRows, extentOf } from './cost.js'
import type { FeatureSet } from './feature-set.js'
import { LogDensities } from './log-densities.js'
import { closed, type Term, withAxes } from './polynomial.js'
import type { RowFacts } from './row-facts.js'
import type { PassContext, RowProgram } from './types.js'
import { writtenOver } from './written-over.js'

export type SumOp = KernelOp & { readonly op: 'contract' | 'scatterAdd' }

/** A term of a sum over rows: what weighs the rows, and columns of the data that are features. */
export interface SumTerm {
  readonly term: Term
  readonly weights: readonly KExpr[]
  readonly columns: readonly ColumnAt[]
}

/** What an operation adds up, in one expression. */
export const summand = (op: SumOp): KExpr => (op.op === 'contract' ? k.mul(...op.factors) : op.value)

/** An operation that adds up over rows, at places that rows do not choose. */
export function isSum(op: KernelOp, facts: RowFacts, context: PassContext): op is SumOp {
  return (
    (op.op === 'contract' || op.op === 'scatterAdd') &&
    op.axes.some((axis) => axis.id === context.rows.axis) &&
    op.axes.every((axis) => axis.ragged === undefined) &&
    op.at.every((index) => !facts.varies(index))
  )
}

/**
 * Sums over rows of weights times features: T[k, f] = Σ_n w[n, k]·Φ[n, f], one table for equal weights. What the program
 * sums is a combination of its elements, taken after the rows.
 */
export class FeatureSums {
  readonly postlude: KernelOp[] = []
  readonly buffers: Buffer[] = []
  private readonly totals = new Map<string, string>()
  private readonly logs: LogDensities

  constructor(
    private readonly program: RowProgram,
    private readonly context: PassContext,
    readonly sets: readonly FeatureSet[],
    private readonly facts: RowFacts,
  ) {
    this.logs = new LogDensities(program)
  }

  /** Operations over rows in place of one that adds up terms. */
  rewritten(op: SumOp, all: readonly SumTerm[]): readonly KernelOp[] {
    const terms = all.map((term) => this.guarded(term))
    if (this.isTotal(op, terms)) return [op]
    return terms.flatMap((term) => this.added(op, term))
  }

  /** A weight of 0 ends the product although another is −∞: they are one weight then. */
  private guarded(term: SumTerm): SumTerm {
    const { weights } = term
    if (!term.term.zeroWins || weights.length < 2 || !weights.some((w) => this.logs.has(w))) return term
    return { ...term, weights: [k.mul0(...weights)] }
  }

  setOf(columns: readonly ColumnAt[]): FeatureSet | null {
    return this.sets.find((set) => set.covers(columns)) ?? null
  }

  /** Arithmetic of a row for terms, each different total once. */
  costOf(terms: readonly (readonly [SumOp, SumTerm])[]): number {
    const costs = new Map<string, number>()
    for (const [op, { term, weights, columns }] of terms) {
      const set = this.setOf(columns)
      const axes = this.axesOf(op, term, weights)
      const each = weights.reduce((sum, weight) => sum + costInRows(weight, this.facts, this.program.sizes), 1)
      const cost = extentOf(axes, this.program.sizes) * (set === null ? each : set.count + each - 1)
      costs.set(this.key(axes, weights, set), cost)
    }
    return [...costs.values()].reduce((a, b) => a + b, 0)
  }

  /** true where an operation sums weights alone and nothing else, at their own axes: it is a total for others too. */
  private isTotal(op: SumOp, terms: readonly SumTerm[]): boolean {
    const [only, ...others] = terms
    if (only === undefined || others.length > 0 || only.columns.length + only.term.sums.length > 0) return false
    if (!k.isNumber(only.term.coefficient, 1)) return false
    const axes = this.axesOf(op, only.term, only.weights)
    const places = op.at.map((index) => (index.k === 'axis' ? index.axis : null))
    if (places.length !== axes.length || axes.some((axis, i) => axis.id !== places[i])) return false
    if (op.axes.length !== axes.length + 1) return false
    const key = this.key(axes, only.weights, null)
    if (this.totals.has(key)) return false
    const writers = this.program.rows.filter((one) => 'out' in one && one.out === op.out)
    if (writers.length === 1) this.totals.set(key, op.out)
    return true
  }

  /** Adds a term to what the operation sums, and gives the operations over rows that this needs. */
  private added(op: SumOp, { term, weights, columns }: SumTerm): readonly KernelOp[] {
    const row = op.axes.find((axis) => axis.id === this.context.rows.axis)
    const set = this.setOf(columns)
    const axes = this.axesOf(op, term, weights)
    const made: KernelOp[] = []
    const at = axes.map((axis) => k.axis(axis))
    const used = new Set([...axes.map((axis) => axis.id), ...columns.flatMap((column) => column.at)])
    const coefficient = closed({
      coefficient: term.coefficient,
      sums: term.sums.filter((axis) => !used.has(axis.id)),
    })
    const times = term.zeroWins ? k.mul0 : k.mul
    if (row === undefined) return []
    const total = this.total(row, axes, weights, set, made)
    const value = times(coefficient, k.load(total, ...at, ...(set === null ? [] : [set.indexOf(columns)])))
    this.postlude.push({
      op: 'scatterAdd',
      out: op.out,
      axes: [...op.axes.filter((axis) => axis !== row), ...term.sums.filter((axis) => used.has(axis.id))],
      at: op.at,
      value,
    })
    return made
  }

  /** Axes of weights, but for rows. */
  private axesOf(op: SumOp, term: Term, weights: readonly KExpr[]): readonly Axis[] {
    const free = new Set(weights.flatMap((weight) => [...freeAxes(weight)]))
    return [...op.axes, ...term.sums].filter((axis) => free.has(axis.id) && axis.id !== this.context.rows.axis)
  }

  private key(axes: readonly Axis[], weights: readonly KExpr[], set: FeatureSet | null): string {
    const written = weights.map((weight) => writtenOver(weight, axes)).sort()
    return JSON.stringify([written, set === null ? -1 : this.sets.indexOf(set)])
  }

  private total(
    row: Axis,
    axes: readonly Axis[],
    weights: readonly KExpr[],
    set: FeatureSet | null,
    made: KernelOp[],
  ): string {
    const key = this.key(axes, weights, set)
    const known = this.totals.get(key)
    if (known !== undefined) return known
    const id = this.context.fresh('total')
    const names = new Map(axes.map((axis, i) => [axis.id, `weight ${i}`]))
    const over = axes.map((axis, i): Axis => ({ id: `weight ${i}`, name: axis.name, size: axis.size }))
    const own = weights.map((weight) => withAxes(weight, names))
    const last = set === null ? [] : [set.place.axis]
    // without weights rows are counted: how many they are need not be known before the last one
    const count = weights.length === 0 && set === null ? [k.num(1)] : []
    const feature = set === null ? count : [k.load(set.place.buffer, ...[row, ...last].map((axis) => k.axis(axis)))]
    made.push({
      op: 'contract',
      out: id,
      axes: [row, ...over, ...last],
      at: [...over, ...last].map((axis) => k.axis(axis)),
      factors: [...(set === null ? own : this.oneWeight(row, over, own, made)), ...feature],
    })
    this.buffers.push({ id, space: 'sum', type: 'f64', shape: [...over, ...last].map((axis) => axis.size) })
    this.totals.set(key, id)
    return id
  }

  /** Weights as one buffer, made once for all features. */
  private oneWeight(row: Axis, over: readonly Axis[], weights: readonly KExpr[], made: KernelOp[]): readonly KExpr[] {
    const [first, ...others] = weights
    if (first === undefined || (others.length === 0 && first.k === 'load')) return weights
    const id = this.context.fresh('weight')
    const axes = [row, ...over]
    const shape = [this.context.rows.size, ...over.map((axis) => axis.size)]
    this.buffers.push({ id, space: 'scratch', type: 'f64', shape, rows: this.context.rows.table })
    made.push(k.mapOver(id, axes, k.mul(...weights)))
    return [k.load(id, ...axes.map((axis) => k.axis(axis)))]
  }
}

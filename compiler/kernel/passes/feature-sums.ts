import * as k from '../build.js'
import { printKernelExpr } from '../print.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../types.js'
import { freeAxes } from '../visit.js'
import type { ColumnAt, Columns } from './columns.js'
import type { FeatureSet } from './feature-set.js'
import { closed, type Expanding, expand, type Term, withAxes } from './polynomial.js'
import type { RowFacts } from './row-facts.js'
import type { PassContext } from './types.js'

type SumOp = KernelOp & { readonly op: 'contract' | 'scatterAdd' }

/** A term of a sum over rows: what weighs the rows, and columns of the data. */
interface SumTerm {
  readonly term: Term
  readonly weights: readonly KExpr[]
  readonly columns: readonly ColumnAt[]
  readonly set: FeatureSet | null
}

/**
 * Sums over rows of weights times features: T[k, f] = Σ_n w[n, k]·Φ[n, f], one table for equal weights. What the program
 * sums is a combination of its elements, taken after the rows.
 */
export class FeatureSums {
  readonly postlude: KernelOp[] = []
  readonly buffers: Buffer[] = []
  readonly applied: string[] = []
  readonly declined: string[] = []
  private readonly totals = new Map<string, string>()

  constructor(
    private readonly context: PassContext,
    private readonly columns: Columns,
    private readonly facts: RowFacts,
    private readonly sets: readonly FeatureSet[],
  ) {}

  /** Operations over rows in place of one that adds up; null where it stays. */
  rewritten(op: KernelOp): readonly KernelOp[] | null {
    if (op.op !== 'contract' && op.op !== 'scatterAdd') return null
    const terms = this.termsOf(op)
    if (terms === null) return null
    if (typeof terms === 'string') {
      this.declined.push(`${op.out}: ${terms}`)
      return null
    }
    const rows: KernelOp[] = []
    for (const term of terms) rows.push(...this.added(op, term))
    this.applied.push(`${op.out}: ${printKernelExpr(summand(op))}`)
    return rows
  }

  /** null: no sum over rows of data that are features. */
  private termsOf(op: SumOp): readonly SumTerm[] | string | null {
    const row = this.context.rows.axis
    if (!op.axes.some((axis) => axis.id === row) || op.axes.some((axis) => axis.ragged !== undefined)) return null
    if (op.at.some((index) => this.facts.varies(index))) return null
    const expansion = expand(this.columns.aboutKnownMeans(summand(op)), this.expanding())
    if (expansion === null) return 'too many terms'
    const terms: SumTerm[] = []
    for (const term of expansion.terms) {
      const columns = term.factors.flatMap((factor) => this.columns.of(factor) ?? [])
      const weights = term.factors.filter((factor) => this.columns.of(factor) === null)
      const set = columns.length === 0 ? null : (this.sets.find((one) => one.covers(columns)) ?? null)
      if (columns.length > 0 && set === null) {
        const partly = columns.some(({ column }) => this.sets.some((one) => one.has(column)))
        return partly ? 'other products than those of the log densities' : null
      }
      if (weights.length + columns.length === 0) return null
      terms.push({ term, weights, columns, set })
    }
    return terms.every((t) => t.set === null) ? null : terms
  }

  private expanding(): Expanding {
    return {
      varies: (e) => this.facts.varies(e),
      fresh: (prefix) => this.context.fresh(prefix),
      leaf: (e) => {
        const leaf = this.columns.centredLeaf(e) ?? this.columns.plainLeaf(e)
        if (leaf === null) return null
        const column = this.columns.of(leaf.factor)
        const isFeature = column !== null && this.sets.some((set) => set.has(column.column))
        return isFeature ? leaf : null
      },
    }
  }

  /** Adds a term to what the operation sums, and gives the operation over rows if it is a new one. */
  private added(op: SumOp, { term, weights, columns, set }: SumTerm): readonly KernelOp[] {
    const row = op.axes.find((axis) => axis.id === this.context.rows.axis)
    const scope = [...op.axes, ...term.sums]
    const free = new Set(weights.flatMap((weight) => [...freeAxes(weight)]))
    const axes = scope.filter((axis) => free.has(axis.id) && axis !== row)
    const made: KernelOp[] = []
    const total = this.total(row, axes, weights, set, made)
    const at = axes.map((axis) => k.axis(axis))
    const place = set === null ? at : [...at, set.indexOf(columns)]
    const used = new Set([...axes.map((axis) => axis.id), ...columns.flatMap((column) => column.at)])
    const apart = term.sums.filter((axis) => !used.has(axis.id))
    const coefficient = closed({ coefficient: term.coefficient, sums: apart })
    const times = term.zeroWins ? k.mul0 : k.mul
    this.postlude.push({
      op: 'scatterAdd',
      out: op.out,
      axes: [...op.axes.filter((axis) => axis !== row), ...term.sums.filter((axis) => used.has(axis.id))],
      at: op.at,
      value: times(coefficient, k.load(total, ...place)),
    })
    return made
  }

  private total(
    row: Axis | undefined,
    axes: readonly Axis[],
    weights: readonly KExpr[],
    set: FeatureSet | null,
    made: KernelOp[],
  ): string {
    const names = new Map(axes.map((axis, i) => [axis.id, `weight ${i}`]))
    const own = weights.map((weight) => withAxes(weight, names))
    const written = own.map(printKernelExpr).sort()
    const key = JSON.stringify([written, axes.map((axis) => axis.size), set === null ? -1 : this.sets.indexOf(set)])
    const known = this.totals.get(key)
    if (known !== undefined) return known
    const id = this.context.fresh('total')
    const over = axes.map((axis, i): Axis => ({ id: `weight ${i}`, name: axis.name, size: axis.size }))
    const last = set === null ? [] : [set.place.axis]
    const rows = row === undefined ? [] : [row]
    const feature = set === null ? [] : [k.load(set.place.buffer, ...[...rows, ...last].map((axis) => k.axis(axis)))]
    const op: KernelOp = {
      op: 'contract',
      out: id,
      axes: [...rows, ...over, ...last],
      at: [...over, ...last].map((axis) => k.axis(axis)),
      factors: [...own, ...feature],
    }
    this.buffers.push({ id, space: 'sum', type: 'f64', shape: [...over, ...last].map((axis) => axis.size) })
    this.totals.set(key, id)
    made.push(op)
    return id
  }
}

const summand = (op: SumOp): KExpr => (op.op === 'contract' ? k.mul(...op.factors) : op.value)

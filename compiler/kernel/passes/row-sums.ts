/**
 * Sums over rows by what rows change in them. A term c·w[n, …]·x[n, …] with c the same for all rows needs Σ_n w·x over
 * the axes of w and x only: once for all terms that have it, c and other axes after the rows. Products of data are
 * features where that costs less. Page: docs/kernel-passes/row-sums.md.
 */
import { printKernelExpr } from '../print.js'
import type { KExpr, KernelOp } from '../types.js'
import { Columns } from './columns.js'
import { costInRows, extentOf } from './cost.js'
import { FeatureSet } from './feature-set.js'
import { FeatureSums, isSum, type SumOp, type SumTerm, summand } from './feature-sums.js'
import { grouped } from './grouped.js'
import { expand } from './polynomial.js'
import { RowFacts } from './row-facts.js'
import type { KernelPass, PassContext, PassOutcome, RowProgram } from './types.js'

export const rowSums: KernelPass = {
  name: 'row-sums',
  apply: (program, context) => new RowSums(program, context).run(),
}

interface Expanded {
  readonly op: SumOp
  readonly terms: readonly SumTerm[]
}

class RowSums {
  private readonly facts: RowFacts
  private readonly columns: Columns
  private readonly declined: string[] = []

  constructor(
    private readonly program: RowProgram,
    private readonly context: PassContext,
  ) {
    this.facts = new RowFacts(program, context)
    this.columns = new Columns(program, context, this.facts)
  }

  run(): PassOutcome {
    const { program, context, facts } = this
    const all = program.rows.flatMap((op) => (isSum(op, facts, context) ? this.expanded(op) : []))
    const withData = all.filter((one) => one.terms.some((t) => t.columns.length > 0))
    const groups = grouped(withData, ({ terms }) => terms.flatMap((t) => t.columns.map(({ column }) => column.buffer)))
    const worth = groups.flatMap((group) => {
      const set = this.worthwhile(group)
      return set === null ? [] : [{ set, group }]
    })
    const sums = new FeatureSums(
      program,
      context,
      worth.map(({ set }) => set),
      facts,
    )
    const filled = new Set<FeatureSet>()
    const applied: string[] = []
    const rows = program.rows.flatMap((op): readonly KernelOp[] => {
      const one = all.find((e) => e.op === op)
      if (one === undefined) return [op]
      const before: KernelOp[] = []
      for (const { set, group } of worth) {
        const row = one.op.axes.find((axis) => axis.id === context.rows.axis)
        if (filled.has(set) || row === undefined || !group.includes(one)) continue
        filled.add(set)
        before.push(...set.fill(row))
      }
      const terms = one.terms.map((t) => (sums.setOf(t.columns) === null ? asWeights(t) : t))
      const done = sums.rewritten(one.op, terms)
      if (done.length !== 1 || done[0] !== op) applied.push(`${one.op.out}: ${printKernelExpr(summand(one.op))}`)
      return [...before, ...done]
    })
    if (applied.length === 0) return { program, applied, declined: this.declined }
    const sets = worth.map(({ set }) => set)
    return {
      program: {
        ...program,
        rows,
        // sums that operations before these made of rows may be taken from others now
        postlude: [...sums.postlude, ...program.postlude],
        buffers: [...program.buffers, ...sets.flatMap((set) => set.buffers), ...sums.buffers],
        sizes: new Map([...program.sizes, ...sets.flatMap((set) => [...set.sizes])]),
        indices: [...program.indices, ...sets.flatMap((set) => set.indices)],
      },
      applied,
      declined: this.declined,
    }
  }

  private expanded(op: SumOp): readonly Expanded[] {
    const expansion = expand(summand(op), {
      varies: (e) => this.facts.varies(e),
      leaf: (e) => this.leaf(e),
      fresh: (prefix) => this.context.fresh(prefix),
    })
    if (expansion === null) {
      this.declined.push(`${op.out}: too many terms`)
      return []
    }
    const terms = expansion.terms.map((term): SumTerm => {
      const columns = term.factors.flatMap((factor) => this.columns.of(factor) ?? [])
      const weights = term.factors.filter((factor) => this.columns.of(factor) === null)
      return { term, weights, columns }
    })
    return [{ op, terms }]
  }

  /**
   * A sum is one factor, so that no term is larger than what was written; but one of products and of what no row changes,
   * as a second moment m·m + C is, is taken apart: its parts do not cancel where it matters.
   */
  private leaf(expr: KExpr): { readonly sign: 1 | -1; readonly factor: KExpr } | null {
    const plain = this.columns.plainLeaf(expr)
    if (plain !== null) return plain
    if (expr.k === 'reduce') return { sign: 1, factor: expr }
    const args = expr.k === 'add' ? expr.args : expr.k === 'sub' ? [expr.left, expr.right] : null
    if (args === null) return null
    const varying = args.filter((arg) => this.facts.varies(arg))
    const apart = varying.length < args.length && varying.every((arg) => this.isProduct(arg))
    return apart ? null : { sign: 1, factor: expr }
  }

  private isProduct(expr: KExpr): boolean {
    if (expr.k === 'neg') return this.isProduct(expr.of)
    if (expr.k === 'pow') return expr.exponent === 2
    if (expr.k !== 'mul' && expr.k !== 'mul0') return false
    return expr.args.filter((arg) => this.facts.varies(arg)).length > 1
  }

  /** The features of sums that share data; null: they cost more than they save. */
  private worthwhile(group: readonly Expanded[]): FeatureSet | null {
    const { sizes } = this.program
    const terms = group.flatMap((one) => one.terms.map((t) => [one.op, t] as const))
    const what = [...new Set(group.map(({ op }) => op.out))].join(', ')
    const set = new FeatureSet(sizes, this.context)
    if (terms.some(([, t]) => t.columns.length > 2)) {
      this.declined.push(`${what}: a product of more than two columns`)
      return null
    }
    if (!terms.every(([, t]) => set.enumerable(t.columns))) {
      this.declined.push(`${what}: too many products`)
      return null
    }
    for (const [, t] of terms) for (const { column } of t.columns) set.addColumn(column)
    for (const [, t] of terms) set.addProducts(t.columns)
    if (!set.fits) {
      this.declined.push(`${what}: ${set.count} features`)
      return null
    }
    const own = (op: SumOp): number =>
      extentOf(
        op.axes.filter((axis) => axis.id !== this.context.rows.axis),
        sizes,
      )
    const before = group.reduce((sum, { op }) => sum + own(op) * (1 + costInRows(summand(op), this.facts, sizes)), 0)
    const direct = new FeatureSums(this.program, this.context, [], this.facts)
    const apart = direct.costOf(terms.map(([op, t]) => [op, asWeights(t)] as const))
    const after = set.cost + new FeatureSums(this.program, this.context, [set], this.facts).costOf(terms)
    if (after < Math.min(before, apart)) return set
    this.declined.push(`${what}: ${after} operations for each row with features, ${Math.min(before, apart)} without`)
    return null
  }
}

/** Columns as weights like others. */
function asWeights({ term }: SumTerm): SumTerm {
  return { term, weights: term.factors, columns: [] }
}

/**
 * Log densities of exponential families as one matrix product, and their statistics as another. Polynomials in the data of
 * a row are expanded; their monomials are features Φ[n, f] that all components share:
 *
 *   psi[n, k] = c[k] + Σ_f Θ[k, f]·Φ[n, f]        T[k, f] = Σ_n w[n, k]·Φ[n, f]
 *
 * with Θ filled before the rows, and what the program sums taken from T after them. Data are taken about their means where
 * a product is expanded. Page: docs/kernel-passes/features.md.
 */
import * as k from '../build.js'
import { printKernelExpr } from '../print.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../types.js'
import { childrenOf } from '../visit.js'
import { type ColumnAt, Columns } from './columns.js'
import { costInRows, extentOf } from './cost.js'
import { axesOf, FeatureSet } from './feature-set.js'
import { FeatureSums, isSum, type SumOp, type SumTerm, summand } from './feature-sums.js'
import { grouped } from './grouped.js'
import { logarithms } from './logarithms.js'
import { closed, type Expanding, expand, type Term } from './polynomial.js'
import { RowFacts } from './row-facts.js'
import type { KernelPass, PassContext, PassOutcome, RowProgram } from './types.js'

export const features: KernelPass = {
  name: 'features',
  apply: (program, context) => new Features(program, context).run(),
}

type MapOp = KernelOp & { readonly op: 'map' }

/** A part of a sum that an operation writes, as a polynomial in columns. */
interface Part {
  readonly op: MapOp
  readonly arg: KExpr
  readonly terms: readonly Term[]
  /** Its terms may be larger than itself. */
  readonly counted: boolean
}

class Features {
  private readonly facts: RowFacts
  private readonly columns: Columns
  private readonly declared: ReadonlyMap<string, Buffer>
  private readonly applied: string[] = []
  private readonly declined: string[] = []
  private readonly prelude: KernelOp[] = []
  private readonly buffers: Buffer[] = []
  private readonly growths: KExpr[] = []

  constructor(
    private readonly program: RowProgram,
    private readonly context: PassContext,
  ) {
    this.facts = new RowFacts(program, context)
    this.columns = new Columns(program, context, this.facts)
    this.declared = new Map(program.buffers.map((b) => [b.id, b]))
  }

  run(): PassOutcome {
    const { program, context } = this
    const logs = logarithms(program.rows)
    const parts = program.rows.flatMap((op) => (op.op === 'map' ? this.partsOf(op, logs.has(op.out)) : []))
    const worth = grouped(parts, (part) => this.columnsOf(part).map(({ column }) => column.buffer)).filter((group) =>
      this.isWorth(group),
    )
    if (worth.length === 0) return { program, applied: [], declined: this.declined }
    const sets = worth.map((group) => ({ group, set: this.setOf(group) }))
    const written = new Map<KernelOp, KernelOp>()
    for (const { group, set } of sets)
      for (const op of new Set(group.map((part) => part.op))) {
        const changed = this.contracted(
          group.filter((part) => part.op === op),
          written.get(op) ?? op,
          set,
        )
        written.set(op, changed)
      }
    const sums = new FeatureSums(
      program,
      context,
      sets.map(({ set }) => set),
      this.facts,
    )
    const rows: KernelOp[] = []
    const filled = new Set<FeatureSet>()
    for (const op of program.rows) {
      for (const { group, set } of sets) {
        const row = op.op === 'map' ? op.axes[0] : undefined
        if (filled.has(set) || row === undefined || !group.some((part) => part.op === op)) continue
        filled.add(set)
        rows.push(...set.fill(row))
      }
      const terms = isSum(op, this.facts, context) ? this.sumTerms(op, sums) : null
      if (terms !== null && isSum(op, this.facts, context)) {
        rows.push(...sums.rewritten(op, terms))
        this.applied.push(`${op.out}: ${printKernelExpr(summand(op))}`)
      } else rows.push(written.get(op) ?? op)
    }
    const growth = this.table('growth', [])
    this.prelude.push({
      op: 'map',
      out: growth,
      axes: [],
      at: [],
      value: this.growths.length === 1 ? k.add(...this.growths) : k.call('max', ...this.growths),
    })
    const done: RowProgram = {
      ...program,
      prelude: [...program.prelude, ...this.prelude],
      rows,
      postlude: [...program.postlude, ...sums.postlude],
      buffers: [
        ...program.buffers,
        ...this.buffers,
        ...sets.flatMap(({ set }) => set.buffers),
        ...sums.buffers,
        ...this.columns.buffers,
      ],
      sizes: new Map([...program.sizes, ...sets.flatMap(({ set }) => [...set.sizes])]),
      constants: [...program.constants, ...this.columns.constants],
      indices: [...program.indices, ...sets.flatMap(({ set }) => set.indices)],
      growth,
    }
    return { program: done, applied: this.applied, declined: this.declined }
  }

  // -- sums of the same features ---------------------------------------------------------------------------------------

  /** What an operation adds up, over features of the log densities; null: something else. */
  private sumTerms(op: SumOp, sums: FeatureSums): readonly SumTerm[] | null {
    const isFeature = (factor: KExpr): boolean => {
      const at = this.columns.of(factor)
      return at !== null && sums.sets.some((set) => set.has(at.column))
    }
    const expansion = expand(
      this.columns.aboutMeans(summand(op), (id) => sums.sets.some((set) => set.isCentred(id))),
      this.expanding((e) => {
        const leaf = this.columns.centredLeaf(e) ?? this.columns.plainLeaf(e)
        return leaf !== null && isFeature(leaf.factor) ? leaf : null
      }),
    )
    if (expansion === null) return null
    const terms = expansion.terms.map((term): SumTerm => {
      const columns = term.factors.filter(isFeature).flatMap((factor) => this.columns.of(factor) ?? [])
      return { term, weights: term.factors.filter((factor) => !isFeature(factor)), columns }
    })
    if (terms.every((t) => t.columns.length === 0)) return null
    // other data would be expanded about what they are not near
    if (terms.some((t) => t.weights.some((weight) => this.readsData(weight)))) return null
    if (terms.every((t) => t.columns.length === 0 || sums.setOf(t.columns) !== null)) return terms
    this.declined.push(`${op.out}: other products than those of the log densities`)
    return null
  }

  // -- which parts are polynomials -------------------------------------------------------------------------------------

  private partsOf(op: MapOp, logarithm: boolean): readonly Part[] {
    const out = this.declared.get(op.out)
    const [row] = op.axes
    if (out?.rows === undefined || row?.id !== this.context.rows.axis) return []
    const plain = op.at.every((index, i) => index.k === 'axis' && index.axis === op.axes[i]?.id)
    if (!plain || op.at.length !== op.axes.length || op.axes.some((axis) => axis.ragged !== undefined)) return []
    const args = op.value.k === 'add' ? op.value.args : [op.value]
    return args.flatMap((arg) => {
      if (!this.readsData(arg)) return []
      const part = this.partOf(op, arg, logarithm)
      if (typeof part !== 'string') return [part]
      this.declined.push(`${op.out}: ${printKernelExpr(arg)}: ${part}`)
      return []
    })
  }

  private partOf(op: MapOp, arg: KExpr, logarithm: boolean): Part | string {
    const plain = expand(
      arg,
      this.expanding((e) => this.columns.plainLeaf(e)),
    )
    if (plain === null) return 'too many terms'
    const refusal = this.refusalOf(plain.terms)
    if (refusal === null && !plain.distributed) return { op, arg, terms: plain.terms, counted: false }
    if (!logarithm) return refusal ?? 'its terms may cancel, and nothing says how many digits it needs'
    const about = expand(
      this.columns.aboutMeans(arg),
      this.expanding((e) => this.columns.centredLeaf(e)),
    )
    if (about === null) return 'too many terms'
    const reason = this.refusalOf(about.terms)
    return reason ?? { op, arg, terms: about.terms, counted: true }
  }

  private expanding(leaf: Expanding['leaf']): Expanding {
    return {
      varies: (e) => this.facts.varies(e),
      leaf,
      fresh: (prefix) => this.context.fresh(prefix),
    }
  }

  private refusalOf(terms: readonly Term[]): string | null {
    if (terms.every((t) => t.factors.length === 0)) return 'no data'
    for (const t of terms) {
      if (t.factors.length > 2) return 'a product of more than two columns'
      const own = new Set(t.sums.map((axis) => axis.id))
      for (const factor of t.factors) {
        const at = this.columns.of(factor)
        if (at === null) return `${printKernelExpr(factor)} is no column of complete data`
        if (at.at.some((id) => !own.has(id))) return `${printKernelExpr(factor)} is another feature for each element`
      }
    }
    return null
  }

  private readsData(expr: KExpr): boolean {
    return this.columns.isCell(expr) || childrenOf(expr).some((part) => this.readsData(part))
  }

  private columnsOf(part: Part): readonly ColumnAt[] {
    return part.terms.flatMap((t) => this.factorsOf(t))
  }

  private factorsOf(t: Term): readonly ColumnAt[] {
    return t.factors.flatMap((factor) => this.columns.of(factor) ?? [])
  }

  // -- whether they are worth it ---------------------------------------------------------------------------------------

  private setOf(group: readonly Part[]): FeatureSet {
    const set = new FeatureSet(this.program.sizes, this.context)
    for (const part of group) for (const { column } of this.columnsOf(part)) set.addColumn(column)
    for (const part of group) for (const t of part.terms) set.addProducts(this.factorsOf(t))
    return set
  }

  private isWorth(group: readonly Part[]): boolean {
    const what = [...new Set(group.map((part) => part.op.out))].join(', ')
    const lists = group.flatMap((part) => part.terms.map((t) => this.factorsOf(t)))
    const probe = new FeatureSet(this.program.sizes, this.context)
    if (!lists.every((factors) => probe.enumerable(factors))) {
      this.declined.push(`${what}: too many products`)
      return false
    }
    const set = this.setOf(group)
    if (!set.fits) {
      this.declined.push(`${what}: ${set.count} features`)
      return false
    }
    const outs = (op: MapOp): number => extentOf(op.axes.slice(1), this.program.sizes)
    const before = group.reduce(
      (sum, { op, arg }) => sum + outs(op) * costInRows(arg, this.facts, this.program.sizes),
      0,
    )
    const ops = [...new Set(group.map((part) => part.op))]
    const after = set.cost + ops.reduce((sum, op) => sum + outs(op) * set.count, 0)
    if (after < before) return true
    this.declined.push(`${what}: ${after} operations for each row with features, ${before} without`)
    return false
  }

  // -- the product in their place --------------------------------------------------------------------------------------

  private contracted(parts: readonly Part[], op: KernelOp, set: FeatureSet): KernelOp {
    if (op.op !== 'map') return op
    const { value } = op
    const outs = op.axes.slice(1)
    const at = outs.map((axis) => k.axis(axis))
    const { buffer, axis: f } = set.place
    const theta = this.table('coefficients', [...outs, f])
    const constant = parts.some((part) => part.counted) ? this.table('constants', outs) : null
    this.prelude.push({ op: 'fill', out: theta, value: 0 })
    if (constant !== null) this.prelude.push({ op: 'fill', out: constant, value: 0 })
    const plain: KExpr[] = []
    for (const { terms, counted, arg } of parts) {
      for (const t of terms) {
        const factors = this.factorsOf(t)
        const used = new Set(axesOf(factors).map((axis) => axis.id))
        const apart = t.sums.filter((axis) => !used.has(axis.id))
        const coefficient = closed({ coefficient: t.coefficient, sums: apart })
        if (factors.length > 0) {
          const axes = [...outs, ...t.sums.filter((axis) => used.has(axis.id))]
          const index = set.indexOf(factors)
          this.prelude.push({ op: 'scatterAdd', out: theta, axes, at: [...at, index], value: coefficient })
        } else if (counted && constant !== null) {
          this.prelude.push({ op: 'scatterAdd', out: constant, axes: outs, at, value: coefficient })
        } else plain.push(coefficient)
      }
      this.applied.push(`${op.out}: ${printKernelExpr(arg)}`)
    }
    const taken = new Set(parts.map((part) => part.arg))
    const rest = (value.k === 'add' ? value.args : [value]).filter((arg) => !taken.has(arg))
    const constants = constant === null ? [] : [k.load(constant, ...at)]
    const [row] = op.axes
    const coefficient = k.load(theta, ...at, k.axis(f))
    const product = k.sum(f, k.mul(coefficient, k.load(buffer, k.axis(row?.id ?? ''), k.axis(f))))
    this.growths.push(this.growthOf(set, theta, constant, outs))
    return { ...op, value: k.add(...rest, ...plain, ...constants, product) }
  }

  /** The largest sum of absolute terms, over the elements of what is written. */
  private growthOf(set: FeatureSet, theta: string, constant: string | null, outs: readonly Axis[]): KExpr {
    const { axis: f } = set.place
    const { table: reach, ops } = set.reach()
    this.prelude.push(...ops)
    const at = outs.map((axis) => k.axis(axis))
    const size = k.mul(k.call('abs', k.load(theta, ...at, k.axis(f))), k.load(reach, k.axis(f)))
    const total = k.add(k.sum(f, size), constant === null ? k.num(0) : k.call('abs', k.load(constant, ...at)))
    return outs.reduceRight<KExpr>((body, axis) => k.maximum(axis, body), total)
  }

  private table(name: string, axes: readonly Axis[]): string {
    const id = this.context.fresh(name)
    this.buffers.push({ id, space: 'derived', type: 'f64', shape: axes.map((axis) => axis.size) })
    return id
  }
}

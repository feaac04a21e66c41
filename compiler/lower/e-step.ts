/** E-step plan → kernel operations: potentials, elimination upwards, joint posteriors downwards. */
import { mul } from '../algebra/build.js'
import type { Expr, IndexVar, Indicator } from '../algebra/types.js'
import { tableOf, weightOf } from '../estep/plan.js'
import type { Bucket, EStepPlan, LatentTable, Potential } from '../estep/types.js'
import type { DiscreteLatent, Loop } from '../graph/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import {
  addToObjective,
  givenBuffer,
  marginalBuffer,
  meanBuffer,
  messageBuffer,
  postBuffer,
  tableIdOf,
} from './buffers.js'
import { extentOf, type Lowerer, type LoweringContext } from './lowerer.js'

export interface LoweredTable {
  readonly table: LatentTable
  /** true where blocks of its rows can be worked on by themselves. */
  readonly blockable: boolean
  readonly up: readonly KernelOp[]
  readonly down: readonly KernelOp[]
  readonly given: readonly KernelOp[]
  readonly objective: readonly KernelOp[]
  readonly marginals: readonly KernelOp[]
  readonly normaliser: string | null
}

interface Source {
  readonly buffer: string
  readonly scope: readonly string[]
}

const empty: LoweringContext = { vars: new Map(), at: 'param' }

export class EStepLowering {
  private readonly latents: ReadonlyMap<string, DiscreteLatent>
  private readonly tables: ReadonlyMap<string, LatentTable>
  private readonly incoming = new Map<string, Source[]>()
  readonly lowered = new Map<string, LoweredTable>()

  constructor(
    private readonly lowerer: Lowerer,
    private readonly plan: EStepPlan,
  ) {
    this.tables = new Map(plan.tables.map((t) => [t.id, t]))
    this.latents = new Map(plan.tables.flatMap((t) => t.latents.map((l) => [l.name, l] as const)))
  }

  run(): readonly LoweredTable[] {
    for (const t of this.plan.tables) this.lowered.set(t.id, this.lowerTable(t))
    return [...this.lowered.values()]
  }

  /** Posterior of indicators: the joint table of the bucket that holds them all, other values summed out. */
  readonly probability = (of: readonly Indicator[], context: LoweringContext): KExpr => {
    const names = of.map((i) => i.latent)
    const fine = of.find((i) => {
      const l = this.latent(i.latent)
      const t = this.tables.get(tableOf(l))
      return (
        t !== undefined &&
        of.every(
          (o) =>
            t.latents.some((x) => x.name === o.latent) ||
            (t.parent !== null && tableOf(this.latent(o.latent)) === t.parent.table),
        )
      )
    })
    if (fine === undefined) throw new Error(`no table holds ${names.join(', ')}`)
    const table = this.tables.get(tableOf(this.latent(fine.latent)))
    const bucket = table?.buckets.find((b) => names.every((n) => b.scope.includes(n)))
    if (table === undefined || bucket === undefined) throw new Error(`no clique holds ${names.join(', ')}`)
    const row = fine.index.map((e) => this.lowerer.position(e, context))
    const values = new Map(of.map((i) => [i.latent, k.sub(this.lowerer.expr(i.value, context), this.low(i.latent))]))
    return this.marginal(postBuffer(bucket), bucket.scope, values, row)
  }

  /** Means of counts: their buffer at the row. */
  readonly mean = (latent: string, index: readonly Expr[], context: LoweringContext): KExpr =>
    k.load(meanBuffer(latent), ...index.map((e) => this.lowerer.position(e, context)))

  private latent(name: string): DiscreteLatent {
    const l = this.latents.get(name)
    if (l === undefined) throw new Error(`unknown latent ${name}`)
    return l
  }

  private low(name: string): KExpr {
    return this.lowerer.expr(this.latent(name).low, empty)
  }

  /** Axis over the values of a latent, in the context of its row. */
  private valueAxis(name: string): Axis {
    const l = this.latent(name)
    const v: IndexVar = { id: `value ${name}`, name: 'k', from: l.low, to: l.high }
    const extent = extentOf(v)
    const ragged = l.high.kind === 'ref' && l.high.space === 'size' && l.high.index.length > 0
    if (!ragged) return { id: v.id, name: 'k', size: this.lowerer.size(extent) }
    return this.lowerer.axis(v, this.rowContext(l.loops))
  }

  private rowContext(loops: readonly Loop[]): LoweringContext {
    let context = empty
    for (const l of loops) context = this.lowerer.bind(l.index, context)
    return context
  }

  private rowAxes(loops: readonly Loop[]): readonly Axis[] {
    return this.lowerer.loops(
      loops.map((l) => l.index),
      empty,
    ).axes
  }

  private scratch(id: string, loops: readonly Loop[], scope: readonly string[]): string {
    const rows = loops[0] === undefined ? {} : { rows: tableIdOf(loops) }
    return this.lowerer.buffer({
      id,
      space: 'scratch',
      type: 'f64',
      ...rows,
      shape: [...loops.map((l) => this.lowerer.size(extentOf(l.index))), ...scope.map((s) => this.valueAxis(s).size)],
    })
  }

  private marginal(
    buffer: string,
    scope: readonly string[],
    fixed: ReadonlyMap<string, KExpr>,
    row: readonly KExpr[],
  ): KExpr {
    const others = scope.filter((s) => !fixed.has(s))
    const at = scope.map((s) => fixed.get(s) ?? k.axis(`sum ${s}`))
    const load = k.load(buffer, ...row, ...at)
    return others.reduceRight<KExpr>((e, s) => k.sum({ ...this.valueAxis(s), id: `sum ${s}` }, e), load)
  }

  private lowerTable(t: LatentTable): LoweredTable {
    const up: KernelOp[] = []
    const rows = this.rowAxes(t.loops)
    const rowAt = rows.map((a) => k.axis(a))
    const own = this.plan.potentials.filter((p) => p.table === t.id)
    const sources: Source[] = own.map((p) => ({ buffer: this.potential(t, p, up), scope: p.scope }))
    sources.push(...(this.incoming.get(t.id) ?? []))
    const hasChildren = this.plan.tables.some((x) => x.parent?.table === t.id)
    const blockable =
      t.parent === null &&
      !hasChildren &&
      own.every((p) => p.factors.every((f) => f.direct && this.isLocal(f, t))) &&
      t.loops.length > 0

    let live = sources
    const normalisers: string[] = []
    const combined = new Map<string, (axes: ReadonlyMap<string, KExpr>) => KExpr>()
    for (const b of t.buckets) {
      const inputs = live.filter((s) => s.scope.includes(b.eliminate))
      live = live.filter((s) => !inputs.includes(s))
      const load = (s: Source, at: ReadonlyMap<string, KExpr>): KExpr =>
        k.load(s.buffer, ...rowAt, ...s.scope.map((x) => need(at.get(x))))
      let total: (at: ReadonlyMap<string, KExpr>) => KExpr
      const only = inputs[0]
      if (inputs.length === 1 && only !== undefined) total = (at) => load(only, at)
      else {
        const buffer = this.scratch(`sum ${t.id} ${b.eliminate}`, t.loops, b.scope)
        const axes = b.scope.map((s) => this.valueAxis(s))
        const at = new Map(b.scope.map((s, i) => [s, k.axis(need(axes[i]))]))
        up.push({
          op: 'map',
          out: buffer,
          axes: [...rows, ...axes],
          at: [...rowAt, ...axes.map((a) => k.axis(a))],
          value: k.add(...inputs.map((s) => load(s, at))),
        })
        total = (x) => k.load(buffer, ...rowAt, ...b.scope.map((s) => need(x.get(s))))
      }
      combined.set(b.eliminate, total)
      const rest = b.scope.slice(1)
      const message = this.scratch(messageBuffer(b), t.loops, rest)
      const axes = rest.map((s) => this.valueAxis(s))
      const over = this.valueAxis(b.eliminate)
      const at = new Map([
        ...rest.map((s, i) => [s, k.axis(need(axes[i]))] as const),
        [b.eliminate, k.axis(over)] as const,
      ])
      up.push({
        op: 'reduce',
        kind: 'logSumExp',
        out: message,
        axes: [...rows, ...axes],
        over: [over],
        at: [...rowAt, ...axes.map((a) => k.axis(a))],
        value: total(at),
      })
      if (rest.length === 0) normalisers.push(message)
      else live = [...live, { buffer: message, scope: rest }]
    }
    if (t.parent !== null) this.sendUp(t, live, up)
    const normaliser = this.normaliser(t, normalisers, up)
    return {
      table: t,
      blockable,
      up,
      down: this.down(t, combined),
      given: this.given(t),
      objective: normaliser === null ? [] : this.objectiveOf(t, normaliser),
      marginals: this.marginals(t),
      normaliser,
    }
  }

  /** false for the normaliser of a block that takes more than the rows of this table to compute. */
  private isLocal(f: Potential['factors'][number], t: LatentTable): boolean {
    const block = this.plan.blocks.find((b) => b.id === f.lifted.factor.id)
    return block === undefined || (tableIdOf(block.loops) === t.id && block.factors.every((x) => x.direct))
  }

  /** ψ[row, values] = Σ of the factors over that scope. */
  private potential(t: LatentTable, p: Potential, out: KernelOp[]): string {
    const id = this.scratch(`psi ${t.id} ${p.scope.join(',')}`, t.loops, p.scope)
    const scopeAxes = p.scope.map((s) => this.valueAxis(s))
    const bindValues = (f: Potential['factors'][number], context: LoweringContext): LoweringContext => ({
      ...context,
      vars: new Map([
        ...context.vars,
        ...f.lifted.variables.map(
          (v) => [v.value.id, k.add(k.axis(`value ${v.latent.name}`), this.low(v.latent.name))] as const,
        ),
      ]),
    })
    const weighted = (f: Potential['factors'][number]): Expr => {
      const w = weightOf(f.extraLoops)
      return w === null ? f.lifted.expr : mul(w, f.lifted.expr)
    }
    const rows = this.rowAxes(t.loops)
    const direct = p.factors.filter((f) => f.direct)
    const values = direct.map((f) => {
      const context = bindValues(f, this.rowContext(t.loops))
      const inner = f.extraLoops.reduceRight<Expr>((e, l) => ({ kind: 'sum', index: l.index, body: e }), weighted(f))
      return this.lowerer.expr(inner, context)
    })
    out.push(
      values.length === 0
        ? { op: 'fill', out: id, value: 0 }
        : {
            op: 'map',
            out: id,
            axes: [...rows, ...scopeAxes],
            at: [...rows, ...scopeAxes].map((a) => k.axis(a)),
            value: k.add(...values),
          },
    )
    for (const f of p.factors.filter((x) => !x.direct)) {
      const { axes, context } = this.lowerer.loops(
        f.lifted.factor.loops.map((l) => l.index),
        empty,
      )
      const inner = bindValues(f, context)
      out.push({
        op: 'scatterAdd',
        out: id,
        axes: [...axes, ...scopeAxes],
        at: [...f.row.map((e) => this.lowerer.position(e, inner)), ...scopeAxes.map((a) => k.axis(a))],
        value: this.lowerer.expr(weighted(f), inner),
      })
    }
    return id
  }

  private sendUp(t: LatentTable, messages: readonly Source[], up: KernelOp[]): void {
    const parent = t.parent === null ? undefined : this.tables.get(t.parent.table)
    if (t.parent === null || parent === undefined) return
    const rows = this.rowAxes(t.loops)
    const context = this.rowContext(t.loops)
    const key = t.parent.key.map((e) => this.lowerer.position(e, context))
    for (const m of messages) {
      const id = this.scratch(`in ${parent.id} ${m.buffer}`, parent.loops, m.scope)
      const axes = m.scope.map((s) => this.valueAxis(s))
      up.push({ op: 'fill', out: id, value: 0 })
      const load = k.load(m.buffer, ...rows.map((a) => k.axis(a)), ...axes.map((a) => k.axis(a)))
      up.push({
        op: 'scatterAdd',
        out: id,
        axes: [...rows, ...axes],
        at: [...key, ...axes.map((a) => k.axis(a))],
        value: t.weight === null ? load : k.mul0(this.lowerer.expr(t.weight, context), load),
      })
      this.incoming.set(parent.id, [...(this.incoming.get(parent.id) ?? []), { buffer: id, scope: m.scope }])
    }
  }

  private normaliser(t: LatentTable, parts: readonly string[], up: KernelOp[]): string | null {
    const [first] = parts
    if (first === undefined) return null
    if (parts.length === 1) return first
    const rows = this.rowAxes(t.loops)
    const id = this.scratch(`norm ${t.id}`, t.loops, [])
    up.push({
      op: 'map',
      out: id,
      axes: rows,
      at: rows.map((a) => k.axis(a)),
      value: k.add(...parts.map((p) => k.load(p, ...rows.map((a) => k.axis(a))))),
    })
    return id
  }

  private objectiveOf(t: LatentTable, normaliser: string): readonly KernelOp[] {
    const rows = this.rowAxes(t.loops)
    const context = this.rowContext(t.loops)
    const weight = weightOf(t.loops)
    const log = k.load(normaliser, ...rows.map((a) => k.axis(a)))
    return addToObjective(rows, weight === null ? log : k.mul0(this.lowerer.expr(weight, context), log))
  }

  /** P(eliminated, rest) = P(eliminated | rest) · P(rest), from the last eliminated to the first. */
  private down(
    t: LatentTable,
    combined: ReadonlyMap<string, (at: ReadonlyMap<string, KExpr>) => KExpr>,
  ): readonly KernelOp[] {
    const out: KernelOp[] = []
    const rows = this.rowAxes(t.loops)
    const rowAt = rows.map((a) => k.axis(a))
    for (const b of [...t.buckets].reverse()) {
      const id = this.scratch(postBuffer(b), t.loops, b.scope)
      const axes = b.scope.map((s) => this.valueAxis(s))
      const at = new Map(b.scope.map((s, i) => [s, k.axis(need(axes[i]))]))
      const rest = b.scope.slice(1)
      const total = need(combined.get(b.eliminate))(at)
      const message = k.load(messageBuffer(b), ...rowAt, ...rest.map((s) => need(at.get(s))))
      // below e^NEGLIGIBLE a probability is 0: denormal numbers would round to 0 in one place and not in another
      const conditional = k.select(
        k.compare('>', total, k.add(message, k.num(NEGLIGIBLE))),
        k.call('exp', k.sub(total, message)),
        k.num(0),
      )
      const outer = rest.length === 0 ? null : this.restMarginal(t, b, at)
      out.push({
        op: 'map',
        out: id,
        axes: [...rows, ...axes],
        at: [...rowAt, ...axes.map((a) => k.axis(a))],
        value: outer === null ? conditional : k.mul0(outer, conditional),
      })
    }
    return out
  }

  /** P(rest of the scope): from the bucket that took the message, or from the parent's row. */
  private restMarginal(t: LatentTable, b: Bucket, at: ReadonlyMap<string, KExpr>): KExpr {
    const rest = b.scope.slice(1)
    const fixed = new Map(rest.map((s) => [s, need(at.get(s))]))
    const later = t.buckets.slice(t.buckets.indexOf(b) + 1).find((x) => rest.includes(x.eliminate))
    if (later !== undefined)
      return this.marginal(
        postBuffer(later),
        later.scope,
        fixed,
        this.rowAxes(t.loops).map((a) => k.axis(a)),
      )
    const parent = t.parent === null ? undefined : this.tables.get(t.parent.table)
    const holder = parent?.buckets.find((x) => rest.every((s) => x.scope.includes(s)))
    if (t.parent === null || holder === undefined) throw new Error('message without a receiver')
    const context = this.rowContext(t.loops)
    return this.marginal(
      postBuffer(holder),
      holder.scope,
      fixed,
      t.parent.key.map((e) => this.lowerer.position(e, context)),
    )
  }

  /** A start's posterior: the product of the weights handed in. */
  private given(t: LatentTable): readonly KernelOp[] {
    const rows = this.rowAxes(t.loops)
    const context = this.rowContext(t.loops)
    return t.buckets.map((b): KernelOp => {
      const id = this.scratch(postBuffer(b), t.loops, b.scope)
      const axes = b.scope.map((s) => this.valueAxis(s))
      const factors = b.scope.map((s, i) => {
        const isOwn = t.latents.some((l) => l.name === s)
        const row =
          isOwn || t.parent === null
            ? rows.map((a) => k.axis(a))
            : t.parent.key.map((e) => this.lowerer.position(e, context))
        return k.load(this.givenBuffer(s), ...row, k.axis(need(axes[i])))
      })
      return {
        op: 'map',
        out: id,
        axes: [...rows, ...axes],
        at: [...rows, ...axes].map((a) => k.axis(a)),
        value: k.mul(...factors),
      }
    })
  }

  private givenBuffer(name: string): string {
    const l = this.latent(name)
    return this.lowerer.buffer({
      id: givenBuffer(name),
      space: 'given',
      type: 'f64',
      shape: [...l.loops.map((x) => this.lowerer.size(extentOf(x.index))), this.valueAxis(name).size],
    })
  }

  private marginals(t: LatentTable): readonly KernelOp[] {
    const rows = this.rowAxes(t.loops)
    return t.latents.map((l): KernelOp => {
      const bucket = t.buckets.find((b) => b.eliminate === l.name)
      if (bucket === undefined) throw new Error(`no bucket eliminates ${l.name}`)
      const axis = this.valueAxis(l.name)
      const id = this.scratch(marginalBuffer(l.name), t.loops, [l.name])
      const row = rows.map((a) => k.axis(a))
      return {
        op: 'map',
        out: id,
        axes: [...rows, axis],
        at: [...row, k.axis(axis)],
        value: this.marginal(postBuffer(bucket), bucket.scope, new Map([[l.name, k.axis(axis)]]), row),
      }
    })
  }
}

/** Log of the smallest posterior probability that is told from 0. */
const NEGLIGIBLE = -300

function need<T>(x: T | undefined): T {
  if (x === undefined) throw new Error('missing part of a lowered table')
  return x
}

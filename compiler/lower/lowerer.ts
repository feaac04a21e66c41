/** Expressions in index notation → kernel expressions, and the registry of the buffers and sizes they need. */
import { idx, literal, num, ONE, sub } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import { matrixSlice } from '../algebra/matrices.js'
import { toNumber } from '../algebra/rational.js'
import type { ArraySpace, Expr, Guard, IndexVar, Indicator, MatrixRef } from '../algebra/types.js'
import { collectNodes, freeIndices, substituteIndex } from '../algebra/visit.js'
import { inverseOfTable, logdetOfTable } from '../estep/block-layout.js'
import { k } from '../kernel/index.js'
import type { Axis, Buffer, KExpr, KernelOp, SizeKey } from '../kernel/types.js'
import { pivotBuffer } from './buffers.js'
import { anonymous, freeOf, isOfModel, mayDiverge, raggedExtent } from './expression-facts.js'

/** Dimensions of the arrays that expressions read, as extents. */
export interface ArrayShapes {
  /** Extents of a data, param or const array; a ragged one is an expression in `raggedBy` indices and is padded. */
  shape(space: 'data' | 'param' | 'const', name: string): readonly Expr[]
  /** true where a data array holds level numbers (0-based codes, −1 where missing). */
  isCategory(name: string): boolean
  /** true for a category whose cells may be missing. */
  mayMiss(name: string): boolean
  /** Ragged data `[R][T, ..]` lies flat over its first two dimensions: the size symbol of its lengths, else null. */
  raggedLength(name: string): string | null
}

/** Which vector of params an expression is evaluated at. */
export type At = 'param' | 'trial'

export interface LoweringContext {
  /** 1-based values of index variables. */
  readonly vars: ReadonlyMap<string, KExpr>
  readonly at: At
  readonly probability?: (of: readonly Indicator[], context: LoweringContext) => KExpr
  readonly expect?: (e: Extract<Expr, { kind: 'expect' }>, context: LoweringContext) => KExpr
  readonly mean?: (latent: string, index: readonly Expr[], context: LoweringContext) => KExpr
}

/** A table computed from params before it is read. */
export interface DerivedTable {
  readonly id: string
  readonly at: At
  readonly kind: 'inverse' | 'logdet' | 'posterior'
  readonly ops: readonly KernelOp[]
}

/** An expression lowered where its index variables have these values. */
interface Lowered {
  readonly at: At
  readonly values: readonly (KExpr | undefined)[]
  readonly value: KExpr
}

export class Lowerer {
  readonly sizes = new Map<SizeKey, Expr>()
  readonly buffers = new Map<string, Buffer>()
  readonly derived = new Map<string, DerivedTable>()
  /** Tables that are sparse covariances: they are read by row and column. */
  readonly sparse = new Set<string>()
  /** Expressions share parts, and what these are lowered to is shared: derivatives are many times as long written out. */
  readonly #lowered = new WeakMap<Expr, Lowered[]>()
  readonly #values = new Map<string, KExpr>()

  constructor(
    private readonly shapes: ArrayShapes,
    /** Pivots of statistics have buffers of their own, and do not follow the params of the E-step. */
    private readonly pivotsApart = false,
  ) {}

  /** Key of an extent. A ragged extent (it depends on index variables) gets the largest. */
  size(extent: Expr): SizeKey {
    const key = freeIndices(extent).size > 0 ? `max ${keyOf(anonymous(extent))}` : keyOf(extent)
    if (!this.sizes.has(key)) this.sizes.set(key, extent)
    return key
  }

  axis(v: IndexVar, context: LoweringContext, id = v.id): Axis {
    const extent = extentOf(v)
    const base = { id, name: v.name, size: this.size(extent) }
    if (freeIndices(extent).size === 0) return base
    const { lengths, less } = raggedExtent(extent, v)
    const at = lengths.index[0]
    if (at === undefined) throw new Error('ragged size without index')
    return { ...base, ragged: { sizes: this.lengths(lengths.name, less), at: this.position(at, context) } }
  }

  /** 0-based position along a loop: its value counted from where it begins. */
  along(v: IndexVar, e: Expr, context: LoweringContext): KExpr {
    return literal(v.from) === 1 ? this.position(e, context) : this.expr(sub(e, v.from), context)
  }

  /** Context in which an index variable is bound to an axis. */
  bind(v: IndexVar, context: LoweringContext, id = v.id): LoweringContext {
    const from = literal(v.from)
    const value = from === null ? k.add(k.axis(id), this.expr(v.from, context)) : this.counted(id, from)
    return { ...context, vars: new Map([...context.vars, [v.id, value]]) }
  }

  /** The value of an index variable along an axis. */
  private counted(axis: string, from: number): KExpr {
    const key = `${from} ${axis}`
    const known = this.#values.get(key)
    if (known !== undefined) return known
    const value = k.add(k.axis(axis), k.num(from))
    this.#values.set(key, value)
    return value
  }

  /** Axes for loops, outermost first, and the context inside them. */
  loops(
    loops: readonly IndexVar[],
    context: LoweringContext,
  ): { readonly axes: readonly Axis[]; readonly context: LoweringContext } {
    let inner = context
    const axes: Axis[] = []
    for (const l of loops) {
      axes.push(this.axis(l, inner))
      inner = this.bind(l, inner)
    }
    return { axes, context: inner }
  }

  buffer(b: Buffer): string {
    if (!this.buffers.has(b.id)) this.buffers.set(b.id, b)
    return b.id
  }

  /** Buffer of the lengths of sequences, or of what is left of them once some places are taken off. */
  private lengths(symbol: string, less = 0): string {
    return this.buffer({
      id: less === 0 ? `sizes:${symbol}` : `sizes:${symbol}#less${less}`,
      space: 'data',
      type: 'i32',
      shape: [this.size({ kind: 'ref', space: 'size', name: `${symbol}#count`, index: [] })],
    })
  }

  /** Buffer of lengths of sequences, none above 1. */
  atMostOne(lengths: string): string {
    const own = this.buffers.get(lengths)
    if (own === undefined) throw new Error(`no lengths ${lengths}`)
    return this.buffer({ ...own, id: `${lengths}#most1` })
  }

  array(space: 'data' | 'param' | 'const', name: string, at: At): string {
    const prefix = space === 'param' ? at : space
    const flat = space === 'data' ? this.shapes.raggedLength(name) : null
    const declared = this.shapes.shape(space, name)
    const total: Expr = { kind: 'ref', space: 'size', name: `${flat}#total`, index: [] }
    const shape = (flat === null ? declared : [total, ...declared.slice(2)]).map((e) => this.size(e))
    const type = space === 'data' && this.shapes.isCategory(name) ? 'i32' : 'f64'
    return this.buffer({ id: `${prefix}:${name}`, space: space === 'param' ? at : 'data', type, shape, label: name })
  }

  /** Buffer of what the statistics of a param are centred at, and its shifts begin at: its value at the E-step, unless pivots stand apart. */
  private pivots(name: string): string {
    const own = this.array('param', name, 'param')
    const buffer = this.buffers.get(own)
    return this.pivotsApart && buffer !== undefined ? this.buffer({ ...buffer, id: pivotBuffer(name) }) : own
  }

  /** 0-based position of an index expression. */
  position(e: Expr, context: LoweringContext): KExpr {
    const at = k.add(this.expr(e, context), k.num(-1))
    // a missing level is no position: what stands there is multiplied by 0 or passed over
    return e.kind === 'ref' && e.space === 'data' && this.shapes.mayMiss(e.name) ? k.call('max', at, k.num(0)) : at
  }

  expr(e: Expr, context: LoweringContext): KExpr {
    if (e.kind === 'num' || e.kind === 'index' || !isOfModel(e)) return this.make(e, context)
    const values = [...freeIndices(e)].map((id) => context.vars.get(id))
    const all = this.#lowered.get(e) ?? []
    const known = all.find((one) => one.at === context.at && one.values.every((value, i) => value === values[i]))
    if (known !== undefined) return known.value
    const value = this.make(e, context)
    this.#lowered.set(e, [...(this.#lowered.get(e) ?? []), { at: context.at, values, value }])
    return value
  }

  private make(e: Expr, context: LoweringContext): KExpr {
    switch (e.kind) {
      case 'num':
        return k.num(toNumber(e.value))
      case 'float':
        return k.num(e.value)
      case 'constant':
        return k.num(e.name === 'pi' ? Math.PI : Math.E)
      case 'index': {
        const value = context.vars.get(e.var)
        if (value === undefined) throw new Error(`index ${e.name} (${e.var}) is not bound`)
        return value
      }
      case 'ref':
        return this.ref(e.space, e.name, e.index, context)
      case 'add':
        return k.add(...e.terms.map((t) => this.expr(t, context)))
      case 'mul':
        return this.product(e.factors, context)
      case 'pow':
        return k.pow(this.expr(e.base, context), toNumber(e.exponent))
      case 'call':
        if (
          e.fn === 'log' &&
          e.args[0]?.kind === 'sum' &&
          e.args[0].body.kind === 'call' &&
          e.args[0].body.fn === 'exp'
        ) {
          const { index, body } = e.args[0]
          const [of] = body.args
          if (of !== undefined) return k.logSumExp(this.axis(index, context), this.expr(of, this.bind(index, context)))
        }
        return k.call(e.fn, ...e.args.map((a) => this.expr(a, context)))
      case 'sum': {
        const inner = this.bind(e.index, context)
        return k.sum(this.axis(e.index, context), this.expr(e.body, inner))
      }
      case 'case':
        return k.select(this.guard(e.when, context), this.expr(e.then, context), this.expr(e.otherwise, context))
      case 'inverse':
        return this.derivedLoad('inverse', e.of, [e.row, e.column], context)
      case 'logdet':
        return this.derivedLoad('logdet', e.of, [], context)
      case 'probability':
        if (context.probability === undefined) throw new Error('a posterior probability outside the data pass')
        return context.probability(e.of, context)
      case 'expect':
        if (context.expect === undefined) throw new Error('a posterior expectation outside the data pass')
        return context.expect(e, context)
      case 'mean':
        if (context.mean === undefined) throw new Error('a posterior mean outside the data pass')
        return context.mean(e.latent, e.index, context)
    }
  }

  /** Products with a factor that may be −∞ stop at a factor 0: 0 · log 0 = 0. */
  private product(factors: readonly Expr[], context: LoweringContext): KExpr {
    const steep = factors.filter(mayDiverge)
    const plain = factors.filter((f) => !mayDiverge(f))
    const args = [...plain, ...steep].map((f) => this.expr(f, context))
    return steep.length > 0 && plain.some((f) => literal(f) === null) ? k.mul0(...args) : k.mul(...args)
  }

  guard(g: Guard, context: LoweringContext): KExpr {
    switch (g.kind) {
      case 'literal':
        return k.num(g.value ? 1 : 0)
      case 'compare':
        return k.compare(g.operator, this.expr(g.left, context), this.expr(g.right, context))
      case 'and':
        return k.and(this.guard(g.left, context), this.guard(g.right, context))
      case 'or':
        return k.or(this.guard(g.left, context), this.guard(g.right, context))
      case 'not':
        return k.not(this.guard(g.of, context))
    }
  }

  guarded(guards: readonly Guard[], value: KExpr, context: LoweringContext): KExpr {
    return guards.reduceRight<KExpr>((e, g) => k.select(this.guard(g, context), e, k.num(0)), value)
  }

  private ref(space: ArraySpace, name: string, index: readonly Expr[], context: LoweringContext): KExpr {
    const positions = (): readonly KExpr[] => index.map((i) => this.position(i, context))
    switch (space) {
      case 'data': {
        const at = this.dataPosition(name, index, context)
        const load = k.load(this.array('data', name, 'param'), ...at)
        return this.shapes.isCategory(name) ? k.add(load, k.num(1)) : load
      }
      case 'observed': {
        const load = k.load(this.array('data', name, 'param'), ...this.dataPosition(name, index, context))
        return this.shapes.isCategory(name) ? k.compare('>=', load, k.num(0)) : k.not(k.call('isNaN', load))
      }
      case 'const':
        return k.load(this.array('const', name, 'param'), ...positions())
      case 'size': {
        const at = index[0]
        if (at === undefined) return k.size(this.size({ kind: 'ref', space, name, index }))
        return k.load(this.lengths(name), this.position(at, context))
      }
      case 'param':
        return k.load(this.array('param', name, context.at), ...positions())
      case 'pivot':
        return k.load(this.pivots(name), ...positions())
      case 'shift':
        return k.sub(
          k.load(this.array('param', name, 'trial'), ...positions()),
          k.load(this.pivots(name), ...positions()),
        )
      case 'stat':
      case 'table': {
        const [row, column] = positions()
        if (this.sparse.has(name) && row !== undefined && column !== undefined)
          return { k: 'covariance', of: name, row, column }
        return k.load(name, ...positions())
      }
      case 'latent':
      case 'other':
        throw new Error(`the latent ${name} was not lifted`)
    }
  }

  private dataPosition(name: string, index: readonly Expr[], context: LoweringContext): readonly KExpr[] {
    const at = index.map((i) => this.position(i, context))
    const flat = this.shapes.raggedLength(name)
    if (flat === null) return at
    const [row, within, ...rest] = at
    if (row === undefined || within === undefined) throw new Error('ragged data needs two indices')
    return [k.add(k.load(this.offsets(flat), row), within), ...rest]
  }

  /** Buffer of where each sequence begins in what lies flat. */
  offsets(lengths: string): string {
    return this.buffer({
      id: `offsets:${lengths}`,
      space: 'data',
      type: 'i32',
      shape: [this.size({ kind: 'ref', space: 'size', name: `${lengths}#count`, index: [] })],
    })
  }

  /** An array whose matrices lie one after the other. */
  private isArray(
    r: Extract<Expr, { kind: 'ref' }>,
  ): r is Extract<Expr, { kind: 'ref' }> & { readonly space: 'param' | 'const' | 'data' } {
    return (
      r.space === 'param' || r.space === 'const' || (r.space === 'data' && this.shapes.raggedLength(r.name) === null)
    )
  }

  /**
   * Inverse or log-determinant of a matrix, computed once per value of the indices it depends on: for a slice of a param
   * or const those are the slice's own dimensions, whatever index picks it. Whoever fills a table of matrices fills these too.
   */
  private derivedLoad(kind: 'inverse' | 'logdet', of: MatrixRef, at: readonly Expr[], context: LoweringContext): KExpr {
    const slice = matrixSlice(of)
    if (slice !== null && slice.ref.space === 'table') {
      const table = kind === 'inverse' ? inverseOfTable(slice.ref.name) : logdetOfTable(slice.ref.name)
      return k.load(table, ...[...slice.lead, ...at].map((e) => this.position(e, context)))
    }
    let lead: readonly Expr[]
    let batch: readonly IndexVar[]
    let element: Expr
    if (slice !== null && this.isArray(slice.ref)) {
      const shape = this.shapes.shape(slice.ref.space, slice.ref.name)
      batch = slice.lead.map((_, i): IndexVar => ({ id: `b${i}`, name: `b${i}`, from: ONE, to: shape[i] ?? ONE }))
      lead = slice.lead
      element = { ...slice.ref, index: [...batch.map(idx), idx(of.row), idx(of.column)] }
    } else {
      const free = freeOf(of)
      if (free.length > 0)
        throw new Error('the inverse of a matrix expression that depends on a loop cannot be lowered')
      lead = []
      batch = []
      element = of.element
    }
    const where: At =
      collectNodes(element, (n) => n.kind === 'ref' && n.space === 'param').length > 0 ? context.at : 'param'
    const id = `${kind}:${where}:${keyOf(
      substituteIndex(
        element,
        new Map([
          [of.row.id, { kind: 'index', var: '#r', name: 'i' }],
          [of.column.id, { kind: 'index', var: '#c', name: 'j' }],
        ]),
      ),
    )}`
    const order = this.size(of.row.to)
    const shape = batch.map((b) => this.size(b.to))
    const derivedSpace = 'derived' as const
    this.buffer({ id, space: derivedSpace, type: 'f64', shape: kind === 'inverse' ? [...shape, order, order] : shape })
    if (!this.derived.has(id)) {
      const own: LoweringContext = { vars: new Map(), at: where }
      const { axes, context: inner } = this.loops(batch, own)
      let source: string
      const ops: KernelOp[] = []
      const isWhole = element.kind === 'ref' && this.isArray(element)
      if (isWhole && element.kind === 'ref' && this.isArray(element))
        source = this.array(element.space, element.name, where)
      else {
        source = this.buffer({ id: `matrix:${id}`, space: derivedSpace, type: 'f64', shape: [...shape, order, order] })
        const matrix = this.loops([of.row, of.column], inner)
        ops.push({
          op: 'map',
          out: source,
          axes: [...axes, ...matrix.axes],
          at: [...axes.map((a) => k.axis(a)), ...matrix.axes.map((a) => k.axis(a))],
          value: this.expr(element, matrix.context),
        })
      }
      ops.push({ op: 'small', kind, axes, at: axes.map((a) => k.axis(a)), order, matrix: source, out: id })
      this.derived.set(id, { id, at: where, kind, ops })
    }
    return k.load(id, ...[...lead, ...at].map((e) => this.position(e, context)))
  }
}

/** Number of values of an index variable. */
export const extentOf = (v: IndexVar): Expr => (literal(v.from) === 1 ? v.to : sub(v.to, sub(v.from, num(1))))

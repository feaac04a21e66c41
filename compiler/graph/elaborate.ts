/**
 * Typed expressions → scalars in index notation. A vector-valued expression becomes a tensor: its index domains and a
 * function that gives the element. Nothing here knows distributions.
 */
import type { Span } from '../../lang/source.js'
import type { ArrayType, Dim, Domain, ModelSymbol, Subscript, SymbolId, TExpr } from '../../lang/typed/types.js'
import {
  add,
  bothOf,
  call,
  caseOf,
  compare,
  div,
  eitherOf,
  FALSE,
  float,
  idx,
  literal,
  mul,
  neg,
  notOf,
  num,
  ONE,
  pow,
  ref,
  sub,
  sum,
  TRUE,
  ZERO,
} from '../algebra/build.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { collectNodes, freeIndices, substituteIndex } from '../algebra/visit.js'
import { callBuiltIn } from './built-in-functions.js'
import {
  type BuiltTensor,
  type IndexSupply,
  literalElements,
  mapTensor,
  NotElaborated,
  need,
  type RaggedDim,
  scalar,
  stack,
  unrolled,
} from './tensors.js'
import type { BindTable } from './types.js'

export interface ElaborationScope {
  readonly symbols: ReadonlyMap<SymbolId, ModelSymbol>
  readonly supply: IndexSupply
  /** Data arrays whose cells are read as latents because some may be missing. */
  readonly asLatent: ReadonlySet<string>
  readonly bindTables: Map<string, BindTable>
}

type Env = ReadonlyMap<SymbolId, Expr>

export class Elaborator {
  readonly supply: IndexSupply

  constructor(private readonly scope: ElaborationScope) {
    this.supply = scope.supply
  }

  /** A scalar expression. */
  scalar(e: TExpr, env: Env): Expr {
    const t = this.tensor(e, env)
    if (t.dims.length !== 0) throw new NotElaborated('expected a number here', e.span)
    return t.at([])
  }

  guard(e: TExpr, env: Env): Guard {
    switch (e.kind) {
      case 'bool':
        return e.value ? TRUE : FALSE
      case 'compare':
        return compare(e.operator, this.scalar(e.left, env), this.scalar(e.right, env))
      case 'and':
        return bothOf(this.guard(e.left, env), this.guard(e.right, env))
      case 'or':
        return eitherOf(this.guard(e.left, env), this.guard(e.right, env))
      case 'not':
        return notOf(this.guard(e.of, env))
      default:
        return compare('!=', this.scalar(e, env), ZERO)
    }
  }

  /** The index variable of a domain, under the environment of the enclosing loops. */
  domain(d: Domain, name: string, env: Env): IndexVar {
    if (d.kind === 'range') return this.scope.supply.fresh(name, this.scalar(d.to, env), this.scalar(d.from, env))
    return this.scope.supply.fresh(
      name,
      this.levelCount(d.levels, d.column === null ? null : this.scalar(d.column, env)),
    )
  }

  levelCount(levels: SymbolId, column: Expr | null): Expr {
    return ref('size', levels, column === null ? [] : [column])
  }

  dims(type: ArrayType, env: Env): readonly RaggedDim[] {
    return [...type.batch, ...type.core].map((d, i) => this.dim(d, i, env))
  }

  private dim(d: Dim, position: number, env: Env): RaggedDim {
    if (d.raggedBy === null) return { size: this.scalar(d.size, env) }
    const by = d.raggedBy
    if (d.size.kind !== 'ref') throw new NotElaborated('a ragged dimension must be a size', d.size.span)
    const name = d.size.symbol
    const sizeAt = (previous: readonly Expr[]): Expr => {
      const at = previous[by]
      if (at === undefined || by >= position) throw new Error('ragged dimension before its index')
      return ref('size', name, [at])
    }
    return { size: ref('size', name), sizeAt }
  }

  tensor(e: TExpr, env: Env): BuiltTensor {
    switch (e.kind) {
      case 'number':
        return scalar(float(e.value))
      case 'bool':
        return scalar(e.value ? ONE : ZERO)
      case 'constant':
        return scalar({ kind: 'constant', name: e.name })
      case 'label':
        return scalar(this.label(e.levels, e.column === null ? null : this.scalar(e.column, env), e.value, e.span))
      case 'ref':
        return this.reference(e.symbol, e.subscripts, env)
      case 'subscript':
        return this.subscripted(this.tensor(e.of, env), e.subscripts, env)
      case 'negate':
        return mapTensor(this.tensor(e.of, env), neg)
      case 'not':
      case 'compare':
      case 'and':
      case 'or':
        return scalar(caseOf(this.guard(e, env), ONE, ZERO))
      case 'binary':
        return this.binary(e, env)
      case 'conditional': {
        const when = this.guard(e.condition, env)
        return this.zip(this.tensor(e.then, env), this.tensor(e.otherwise, env), (a, b) => caseOf(when, a, b), e.span)
      }
      case 'call':
        return callBuiltIn(e.name, e.arguments, e.span, env, this)
      case 'vector':
        return stack(e.elements.map((x) => this.tensor(x, env)))
      case 'comprehension': {
        const index = this.domain(e.domain, lastPart(e.index), env)
        const body = this.tensor(e.body, new Map([...env, [e.index, idx(index)]]))
        const first = literal(index.from) === 1
        const shift = (i: Expr): Expr => (first ? i : add(i, index.from, num(-1)))
        const size = first ? index.to : add(sub(index.to, index.from), ONE)
        return {
          dims: [{ size }, ...body.dims],
          at: ([i, ...rest]) => substituteIndex(body.at(rest), new Map([[index.id, shift(need(i))]])),
        }
      }
    }
  }

  private label(levels: SymbolId, column: Expr | null, value: string, span: Span): Expr {
    const name = `label ${levels} ${value}${column === null ? '' : ` ${JSON.stringify(column)}`}`
    if (!this.scope.bindTables.has(name))
      this.scope.bindTables.set(name, {
        name,
        indices: [],
        compute: { kind: 'label', levels, column, label: value },
        span,
      })
    return ref('const', name)
  }

  private symbol(id: SymbolId): ModelSymbol {
    const s = this.scope.symbols.get(id)
    if (s === undefined) throw new Error(`unknown symbol ${id}`)
    return s
  }

  private reference(id: SymbolId, subscripts: readonly Subscript[], env: Env): BuiltTensor {
    const s = this.symbol(id)
    switch (s.kind) {
      case 'index': {
        const value = env.get(id)
        if (value === undefined) throw new Error(`index ${id} outside its loop`)
        return scalar(value)
      }
      case 'const':
        return this.subscripted(
          s.held === undefined ? this.constant(s.id, s.value, s.span, env) : this.given(s.id, s.held, s.span, env),
          subscripts,
          env,
        )
      case 'size': {
        const array: BuiltTensor =
          s.rank === 0 ? scalar(ref('size', s.id)) : { dims: [{ size: ZERO }], at: (i) => ref('size', s.id, i) }
        return this.subscripted(array, subscripts, env)
      }
      case 'let': {
        const inner = new Map(env)
        s.indices.forEach((index, i) => {
          const sub = subscripts[i]
          if (sub?.kind === 'at') inner.set(index, this.scalar(sub.index, env))
        })
        return this.subscripted(this.tensor(s.value, inner), subscripts.slice(s.indices.length), env)
      }
      case 'data':
      case 'param':
      case 'latent': {
        const space = s.kind === 'data' && this.scope.asLatent.has(s.name) ? 'latent' : s.kind
        const plates: readonly RaggedDim[] =
          s.kind === 'latent'
            ? s.plates.map((d) => ({
                size: d.kind === 'range' ? this.unboundedSize(d.to, env) : ref('size', d.levels),
              }))
            : []
        const dims =
          s.kind === 'latent' ? [...plates, ...this.dims(s.type, env).slice(s.plateRank)] : this.dims(s.type, env)
        return this.subscripted({ dims, at: (i) => ref(space, s.name, i) }, subscripts, env)
      }
    }
  }

  /** Extent of a latent's plate where it is written out; plates are always subscripted, so a ragged one does not matter. */
  private unboundedSize(to: TExpr, env: Env): Expr {
    try {
      return this.scalar(to, env)
    } catch {
      return ZERO
    }
  }

  /** A const: numbers known now stay numbers in arrays' lengths only; `--set` may change the value, so it is a symbol. */
  private constant(id: SymbolId, value: TExpr, span: Span, env: Env): BuiltTensor {
    const known = this.constants.get(id)
    if (known !== undefined) return known
    const element = this.tensor(value, env)
    const indices = element.dims.map((d, i) => this.scope.supply.fresh(`c${i}`, d.size))
    const name = id.replace(/^const:/, '')
    this.scope.bindTables.set(id, {
      name: id,
      indices,
      compute: { kind: 'const', name, value: element.at(indices.map(idx)) },
      span,
    })
    const t: BuiltTensor = { dims: element.dims, at: (i) => ref('const', id, i) }
    this.constants.set(id, t)
    return t
  }

  /** A param that is held: numbers that are known once data is bound, in the shape it was declared with. */
  private given(id: SymbolId, type: ArrayType, span: Span, env: Env): BuiltTensor {
    const known = this.constants.get(id)
    if (known !== undefined) return known
    const dims = this.dims(type, env)
    const indices: IndexVar[] = []
    for (const [i, d] of dims.entries()) {
      const size = d.sizeAt === undefined ? d.size : d.sizeAt(indices.map(idx))
      indices.push(this.scope.supply.fresh(`c${i}`, size))
    }
    const compute = { kind: 'given', name: id.replace(/^const:/, '') } as const
    this.scope.bindTables.set(id, { name: id, indices, compute, span })
    const t: BuiltTensor = { dims, at: (i) => ref('const', id, i) }
    this.constants.set(id, t)
    return t
  }

  private subscripted(t: BuiltTensor, subscripts: readonly Subscript[], env: Env): BuiltTensor {
    if (subscripts.length === 0) return t
    const fixed: (Expr | null)[] = []
    const offsets: Expr[] = []
    const dims: RaggedDim[] = []
    t.dims.forEach((d, i) => {
      const s = subscripts[i]
      if (s?.kind === 'at') {
        fixed.push(this.scalar(s.index, env))
        offsets.push(ZERO)
        return
      }
      const known = fixed.every((f) => f !== null)
      const size = d.sizeAt === undefined ? d.size : known ? d.sizeAt(fixed.map((f) => need(f ?? undefined))) : d.size
      fixed.push(null)
      if (s?.kind === 'slice') {
        const from = s.from === null ? ONE : this.scalar(s.from, env)
        const to = s.to === null ? size : this.scalar(s.to, env)
        offsets.push(sub(from, ONE))
        dims.push({ size: add(sub(to, from), ONE) })
      } else {
        offsets.push(ZERO)
        if (d.sizeAt === undefined || known) dims.push({ size })
        else {
          const sizeAt = d.sizeAt
          dims.push({ size, sizeAt: (previous) => sizeAt(this.merge(fixed.slice(0, i), offsets, previous)) })
        }
      }
    })
    return { dims, at: (index) => t.at(this.merge(fixed, offsets, index)) }
  }

  private merge(fixed: readonly (Expr | null)[], offsets: readonly Expr[], free: readonly Expr[]): Expr[] {
    let used = 0
    return fixed.map((f, i) => {
      if (f !== null) return f
      const e = need(free[used])
      used += 1
      return add(e, need(offsets[i]))
    })
  }

  zip(a: BuiltTensor, b: BuiltTensor, f: (x: Expr, y: Expr) => Expr, span: Span): BuiltTensor {
    if (a.dims.length === 0) return { dims: b.dims, at: (i) => f(a.at([]), b.at(i)) }
    if (b.dims.length === 0) return { dims: a.dims, at: (i) => f(a.at(i), b.at([])) }
    if (a.dims.length !== b.dims.length) throw new NotElaborated('the two sides have different shapes', span)
    const dims = a.dims.map((d, i) => (literal(d.size) === null && d.sizeAt === undefined ? (b.dims[i] ?? d) : d))
    return { dims, at: (i) => f(a.at(i), b.at(i)) }
  }

  private binary(e: Extract<TExpr, { kind: 'binary' }>, env: Env): BuiltTensor {
    const a = this.tensor(e.left, env)
    const b = this.tensor(e.right, env)
    switch (e.operator) {
      case '+':
        return this.zip(a, b, add, e.span)
      case '-':
        return this.zip(a, b, sub, e.span)
      case '.*':
        return this.zip(a, b, mul, e.span)
      case '/':
      case './':
        return this.zip(a, b, div, e.span)
      case '^':
        return this.zip(a, b, (x, y) => (y.kind === 'num' ? pow(x, y.value) : call('power', x, y)), e.span)
      case '*': {
        if (a.dims.length === 0 || b.dims.length === 0) return this.zip(a, b, mul, e.span)
        const left = a.dims.slice(0, -1)
        const right = b.dims.slice(1)
        return {
          dims: [...left, ...right],
          at: (i) =>
            this.contract(a.dims.at(-1), b.dims[0], (j) =>
              mul(a.at([...i.slice(0, left.length), j]), b.at([j, ...i.slice(left.length)])),
            ),
        }
      }
    }
  }

  /** Σ_j f(j) over the shared dimension. */
  contract(a: RaggedDim | undefined, b: RaggedDim | undefined, f: (j: Expr) => Expr): Expr {
    const size = a !== undefined && literal(a.size) !== null ? a.size : (b?.size ?? a?.size)
    if (size === undefined) throw new Error('contraction of a number')
    const j = this.scope.supply.fresh('j', size)
    return unrolled(j, f(idx(j)))
  }

  reduce(fn: 'min' | 'max' | 'mean' | 'sd' | 'sum', t: BuiltTensor, span: Span): Expr {
    const over: IndexVar[] = []
    for (const d of t.dims) {
      const previous = over.map(idx)
      over.push(this.scope.supply.fresh('i', d.sizeAt === undefined ? d.size : d.sizeAt(previous)))
    }
    const value = t.at(over.map(idx))
    if (fn === 'sum' || fn === 'mean') {
      const total = over.reduceRight((acc, v) => unrolled(v, acc), value)
      if (fn === 'sum') return total
      return div(
        total,
        over.reduceRight((acc, v) => sum(v, acc), ONE),
      )
    }
    const unknown = collectNodes(value, (n) => n.kind === 'ref' && (n.space === 'param' || n.space === 'latent'))
    if (unknown.length > 0) {
      const elements = over.length === 1 && over[0] !== undefined ? literalElements(over[0], value) : null
      if (elements !== null && (fn === 'min' || fn === 'max')) return elements.reduce((a, b) => call(fn, a, b))
      throw new NotElaborated(`${fn} of values that are not data has no derivation`, span)
    }
    const inner = new Set(over.map((v) => v.id))
    const outer = [...freeIndices(value)].filter((id) => !inner.has(id))
    const name = `${fn} at ${span.start}`
    const indices = outer.map((id) => {
      const v = this.loopVariables.get(id)
      if (v === undefined) throw new NotElaborated(`${fn} depends on an index that is not a loop`, span)
      return v
    })
    if (!this.scope.bindTables.has(name))
      this.scope.bindTables.set(name, { name, indices, compute: { kind: 'reduction', fn, over, value }, span })
    return ref('const', name, indices.map(idx))
  }

  private readonly constants = new Map<SymbolId, BuiltTensor>()

  /** Loop variables by id, so that reductions that depend on a loop know its domain. */
  readonly loopVariables = new Map<string, IndexVar>()

  levelsOf(e: Extract<TExpr, { kind: 'ref' }>, env: Env): Expr {
    const s = this.symbol(e.symbol)
    if (s.kind === 'size') return this.scalar(e, env)
    if (s.kind !== 'data' || s.type.support.kind !== 'category')
      throw new NotElaborated('levels() needs a category', e.span)
    const last = e.subscripts.at(-1)
    return this.levelCount(
      s.type.support.levels,
      last?.kind === 'at' && this.symbol(s.type.support.levels).kind === 'size' ? this.scalar(last.index, env) : null,
    )
  }
}

const lastPart = (id: SymbolId): string => id.replace(/^[a-z]+:/, '').replace(/#.*$/, '')

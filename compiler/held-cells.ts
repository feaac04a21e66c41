/**
 * Params of which some cells are held. Every place that reads one reads the known number where the cell is held and the
 * param where it is not: `mu[k]` becomes `mu⁰[k] if held[k] else mu[k]`, with both as constants. Whatever is derived is
 * then derived given the known cells. A matrix is held whole, and the choice between two is made for a statement, whose
 * density inverts one of them.
 */
import type { Span } from '../lang/source.js'
import type {
  ArrayType,
  ConstSymbol,
  Dim,
  IndexSymbol,
  ModelSymbol,
  ParamSymbol,
  Subscript,
  SymbolId,
  TDistribution,
  TExpr,
  TStatement,
  TypedModel,
  ValueType,
} from '../lang/typed/types.js'

/** Cells of a param cannot be held apart from the others in this model. */
export class NotHeld extends Error {}

type Reference = Extract<TExpr, { kind: 'ref' }>

/** Names of the bind tables that say which cells of a param are held (1 or 0), and at which values. */
export const maskName = (param: string): string => `${param} held`
export const givenName = (param: string): string => `${param} given`

/** The model with some cells of these params held. @throws NotHeld with the reason in words */
export function holdCells(model: TypedModel, names: ReadonlySet<string>): TypedModel {
  return names.size === 0 ? model : new CellHolder(model, names).held()
}

class CellHolder {
  private readonly params: ReadonlyMap<SymbolId, ParamSymbol>
  private readonly indices: IndexSymbol[] = []

  constructor(
    private readonly model: TypedModel,
    names: ReadonlySet<string>,
  ) {
    this.params = new Map(
      model.symbols.flatMap((s) => (s.kind === 'param' && names.has(s.name) ? [[s.id, s] as const] : [])),
    )
  }

  held(): TypedModel {
    const { model } = this
    const statements = this.statements(model.statements)
    const symbols = model.symbols.flatMap((s): readonly ModelSymbol[] => {
      if (s.kind === 'let') return [{ ...s, value: this.rewritten(s.value) }]
      return s.kind === 'param' && this.params.has(s.id) ? [s, mask(s), given(s)] : [s]
    })
    return { ...model, symbols: [...symbols, ...this.indices], statements }
  }

  private statements(list: readonly TStatement[]): readonly TStatement[] {
    return list.flatMap((s) => this.statement(s))
  }

  private statement(s: TStatement): readonly TStatement[] {
    switch (s.kind) {
      case 'for':
        return [{ ...s, body: this.statements(s.body) }]
      case 'if': {
        const [then, otherwise] = [this.statements(s.then), this.statements(s.otherwise)]
        return [{ ...s, condition: this.rewritten(s.condition), then, otherwise }]
      }
      case 'sample':
        return this.sample(s)
      case 'observe-equation':
        return [{ ...s, left: this.rewritten(s.left), right: this.rewritten(s.right) }]
      case 'observe-condition':
        return [{ ...s, condition: this.rewritten(s.condition) }]
    }
  }

  /** One statement, or one for each matrix that it may read. */
  private sample(s: Extract<TStatement, { kind: 'sample' }>): readonly TStatement[] {
    const read = references([s.target, s.distribution]).find((r) => this.isMatrix(r))
    if (read === undefined) return [this.rewritten(s)]
    const param = this.params.get(read.symbol)
    if (param === undefined) return [s]
    const whole = this.overMatrices(s, param)
    if (whole !== null) return this.statements([whole])
    const lead = read.subscripts.slice(0, param.type.batch.length)
    if (lead.length < param.type.batch.length || lead.some((x) => x.kind !== 'at') || inMixture(s.distribution, read))
      throw new NotHeld(
        `\`${param.name}\` is read as a whole, or as a component of Mixture, and no statement picks one of its matrices: fix all of them, or write the component as a latent`,
      )
    const key = JSON.stringify(lead, withoutSpans)
    const condition = reference(maskId(param), lead, read.span, TRUTH)
    const isSame = (r: Reference): boolean =>
      r.symbol === read.symbol && JSON.stringify(r.subscripts.slice(0, param.type.batch.length), withoutSpans) === key
    const known = mapReferences(s, (r) => (isSame(r) ? { ...r, symbol: givenId(param) } : r))
    const unknown = mapReferences(s, (r) => (isSame(r) ? { ...r, symbol: `${r.symbol} free` } : r))
    return [
      {
        kind: 'if',
        span: s.span,
        condition,
        then: this.sample(known),
        otherwise: this.sample(unknown).map((x) =>
          mapReferences(x, (r) => (r.symbol === `${param.id} free` ? { ...r, symbol: param.id } : r)),
        ),
      },
    ]
  }

  /** A prior over all matrices of a param at once, one by one; null where the statement is none. */
  private overMatrices(s: Extract<TStatement, { kind: 'sample' }>, param: ParamSymbol): TStatement | null {
    const { target, distribution, span } = s
    if (target.kind !== 'ref' || target.symbol !== param.id || target.subscripts.length > 0) return null
    const { batch, core } = param.type
    const isAlike = (x: TExpr): boolean => x.type.dims.length <= core.length
    if (batch.length === 0 || distribution.kind !== 'plain' || !distribution.arguments.every((a) => isAlike(a.value)))
      return null
    const lead: TExpr[] = []
    const loops = batch.map((dim) => {
      const index = this.index(param, number(1, span), sizeOf(dim, lead, span))
      lead.push(reference(index.id, [], span, NUMBER))
      return index
    })
    const subscripts = lead.map((index): Subscript => ({ kind: 'at', index }))
    const one: TStatement = { ...s, target: { ...target, subscripts } }
    return loops.reduceRight<TStatement>(
      (body, { id, domain }) => ({ kind: 'for', span, index: id, domain, weight: null, body: [body] }),
      one,
    )
  }

  private isMatrix(r: Reference): boolean {
    const kind = this.params.get(r.symbol)?.type.support.kind
    return kind === 'covariance' || kind === 'correlation'
  }

  /** Each reference to a param of which cells are held as a choice. */
  private rewritten<T>(tree: T): T {
    return mapReferences(tree, (r) => {
      const param = this.params.get(r.symbol)
      if (param === undefined) return r
      if (this.isMatrix(r))
        throw new NotHeld(`a matrix of \`${param.name}\` is read outside of a distribution: fix all of them`)
      return this.choice(r, param)
    })
  }

  /** `given[i, …] if held[i, …] else param[i, …]`, built up over the dimensions that the reference leaves open. */
  private choice(r: Reference, param: ParamSymbol): TExpr {
    const { batch, core } = param.type
    const open: IndexSymbol[] = []
    const lead: TExpr[] = []
    batch.forEach((dim, i) => {
      const s = r.subscripts[i]
      if (s?.kind === 'at') {
        lead.push(s.index)
        return
      }
      const size = sizeOf(dim, lead, r.span)
      const index = this.index(
        param,
        s?.kind === 'slice' ? (s.from ?? number(1, r.span)) : number(1, r.span),
        s?.kind === 'slice' ? (s.to ?? size) : size,
      )
      open.push(index)
      lead.push(reference(index.id, [], r.span, NUMBER))
    })
    const at = lead.map((index): Subscript => ({ kind: 'at', index }))
    const subscripts = [...at, ...r.subscripts.slice(batch.length)]
    const type: ValueType = { ...r.type, dims: r.type.dims.slice(open.length) }
    const body: TExpr = {
      kind: 'conditional',
      span: r.span,
      type,
      condition: reference(maskId(param), at, r.span, TRUTH),
      then: reference(givenId(param), subscripts, r.span, type),
      otherwise: reference(param.id, subscripts, r.span, type),
    }
    if (core.length > 1) throw new NotHeld(`\`${param.name}\` is an array of matrices`)
    return open.reduceRight<TExpr>(
      (e, index, i) => ({
        kind: 'comprehension',
        span: r.span,
        type: { ...r.type, dims: r.type.dims.slice(i) },
        index: index.id,
        domain: index.domain,
        body: e,
      }),
      body,
    )
  }

  private index(param: ParamSymbol, from: TExpr, to: TExpr): IndexSymbol {
    const id = `index:${LETTERS[this.indices.length % LETTERS.length] ?? 'i'}#held${this.indices.length}`
    const index: IndexSymbol = { kind: 'index', id, name: id, span: param.span, domain: { kind: 'range', from, to } }
    this.indices.push(index)
    return index
  }
}

const LETTERS = ['j', 'i', 'l'] as const
const NUMBER: ValueType = { element: 'int', dims: [], support: null }
const TRUTH: ValueType = { element: 'bool', dims: [], support: { kind: 'bool' } }

const maskId = (p: ParamSymbol): SymbolId => `const:${maskName(p.name)}`
const givenId = (p: ParamSymbol): SymbolId => `const:${givenName(p.name)}`

const number = (value: number, span: Span): TExpr => ({ kind: 'number', value, span, type: NUMBER })

const reference = (symbol: SymbolId, subscripts: readonly Subscript[], span: Span, type: ValueType): TExpr => ({
  kind: 'ref',
  symbol,
  subscripts,
  span,
  type,
})

function mask(p: ParamSymbol): ConstSymbol {
  return constant(p, maskId(p), `fixed_${p.name}`, {
    support: { kind: 'bool' },
    batch: p.type.batch,
    core: [],
    optional: false,
  })
}

const given = (p: ParamSymbol): ConstSymbol => constant(p, givenId(p), `${p.name}^0`, p.type)

const constant = ({ span }: ParamSymbol, id: SymbolId, name: string, held: ArrayType): ConstSymbol => ({
  kind: 'const',
  id,
  name,
  span,
  value: number(0, span),
  held,
})

/** The extent of a dimension, given the indices before it. */
function sizeOf(dim: Dim, lead: readonly TExpr[], span: Span): TExpr {
  if (dim.raggedBy === null) return dim.size
  const by = lead[dim.raggedBy]
  if (by === undefined || dim.size.kind !== 'ref') throw new Error('a ragged dimension before its index')
  return reference(dim.size.symbol, [{ kind: 'at', index: by }], span, NUMBER)
}

/** true where a mixture's components read the matrix, each its own. */
function inMixture(d: TDistribution, read: Reference): boolean {
  switch (d.kind) {
    case 'mixture':
      return references([d]).some((r) => r.symbol === read.symbol)
    case 'truncated':
    case 'censored':
      return inMixture(d.of, read)
    default:
      return false
  }
}

function references(trees: readonly unknown[]): readonly Reference[] {
  const found: Reference[] = []
  for (const tree of trees)
    mapReferences(tree, (r) => {
      found.push(r)
      return r
    })
  return found
}

/** A part of the typed tree with its references replaced, those in subscripts first. */
function mapReferences<T>(tree: T, replace: (r: Reference) => TExpr): T {
  if (Array.isArray(tree)) return tree.map((x) => mapReferences(x, replace)) as T
  if (typeof tree !== 'object' || tree === null) return tree
  const parts = Object.entries(tree).map(([key, x]) => [
    key,
    key === 'span' || key === 'type' ? x : mapReferences(x, replace),
  ])
  const copy = Object.fromEntries(parts) as T & { readonly kind?: unknown }
  return copy.kind === 'ref' ? (replace(copy as unknown as Reference) as T) : copy
}

const withoutSpans = (key: string, x: unknown): unknown => (key === 'span' || key === 'type' ? undefined : x)

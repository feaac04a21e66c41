/**
 * From index notation back to vectors and matrices, for printing. Six patterns under a sum over i (and j):
 *   dot            Σ_i u_i v_i            uᵀ v       (Σ_i u_i² is ‖u‖²)
 *   matrix–vector  Σ_j A_ij v_j           A v        with i free
 *   quadratic      Σ_i Σ_j A_ij u_i v_j   uᵀ A v
 *   outer          u_i v_j                u vᵀ       with i and j free
 *   trace          Σ_i A_ii, Σ_i Σ_j A_ij B_ji       tr(A), tr(A B)
 *   diag           d_i where i = j, else 0           diag(d)
 * A product may have a diagonal matrix in the middle: Σ_l A_il d_l B_lj is A diag(d) B. Expectations are raised with what
 * they are of.
 * A vector over i is an array whose last index is i, a matrix over (i, j) one whose last two are; sums, multiples and
 * inverses of these are raised with them. What does not fit stays a sum over its index.
 */
import { type Display, integer, type Signed, sideBySide, whole } from './display.js'
import type { Expr, Indicator, MatrixRef } from './types.js'
import { collectNodes, freeIndices, substituteIndex } from './visit.js'

/** What raising needs from the printer of scalars. */
export interface RaiseContext {
  /** The array with the remaining indices: x_n of x_{n,i}. */
  array(e: Expr & { kind: 'ref' }, rest: readonly Expr[]): Display
  /** (product of the scalars) · (the displays, in their order). */
  scaled(scalars: readonly Expr[], displays: readonly Display[]): Signed
  add(terms: readonly Signed[]): Signed
  /** The expectation of what is laid out. */
  expectation(of: readonly Indicator[], body: Display): Display
  /** Σ over the index of what `body` makes in its scope. */
  bigSum(e: Expr & { kind: 'sum' }, body: (inner: RaiseContext) => Signed | null): Signed | null
}

/** The matrix form of a scalar sum, or null where it has none. */
export function raiseScalar(e: Expr & { kind: 'sum' }, context: RaiseContext): Signed | null {
  const i = e.index.id
  if (!coversWhole(e)) return null
  if (e.body.kind === 'sum' && coversWhole(e.body)) {
    const twofold = raiseTwofold(e.body.body, i, e.body.index.id, context)
    if (twofold !== null) return twofold
  }
  const { scalars, rest } = split(e.body, [i])
  const [a, b] = rest
  if (a === undefined || rest.length > 2) return null
  if (b === undefined && a.kind === 'expect') {
    if (!hasCoordinate(a, i)) return null
    const raised = raiseScalar({ ...e, body: a.body }, context)
    return raised === null ? null : context.scaled(scalars, [context.expectation(a.of, whole(raised))])
  }
  if (b !== undefined) {
    const u = raiseVector(a, i, context)
    const v = raiseVector(b, i, context)
    return u === null || v === null ? null : combine([u, v], scalars, ([x, y]) => [transpose(x), y], context)
  }
  if (a.kind === 'pow' && a.exponent.n === 2 && a.exponent.d === 1) {
    const u = raiseVector(a.base, i, context)
    return u === null ? null : context.scaled(scalars, [squaredNorm(u.term)])
  }
  const diagonal = raiseDiagonal(a, i, context)
  return diagonal === null ? null : context.scaled(scalars, [trace(diagonal)])
}

/** Σ_i Σ_j of the body: a quadratic form or a trace of a product. */
function raiseTwofold(body: Expr, i: string, j: string, context: RaiseContext): Signed | null {
  const { scalars, rest } = split(body, [i, j])
  const both = rest.filter((f) => mentions(f, i) && mentions(f, j))
  const left = rest.filter((f) => mentions(f, i) && !mentions(f, j))
  const right = rest.filter((f) => !mentions(f, i) && mentions(f, j))
  const [first, second] = both
  const [u] = left
  const [v] = right
  if (first === undefined) return null
  const a = raiseMatrix(first, i, j, context)
  if (a === null) return null
  if (both.length === 1 && left.length === 1 && right.length === 1 && u !== undefined && v !== undefined) {
    const x = raiseVector(u, i, context)
    const y = raiseVector(v, j, context)
    return x === null || y === null ? null : combine([x, a, y], scalars, ([p, m, q]) => [transpose(p), m, q], context)
  }
  if (both.length === 2 && left.length === 0 && right.length === 0 && second !== undefined) {
    const b = raiseMatrix(second, j, i, context)
    return b === null ? null : combine([a, b], scalars, ([p, q]) => [trace(sideBySide([p, q]))], context)
  }
  return null
}

/** An expression with i free as a vector over i. */
export function raiseVector(e: Expr, i: string, context: RaiseContext): Signed | null {
  switch (e.kind) {
    case 'ref': {
      const rest = e.index.slice(0, -1)
      if (!isIndex(e.index.at(-1), i) || rest.some((x) => mentions(x, i))) return null
      return { negative: false, term: context.array(e, rest) }
    }
    case 'add':
      return raiseTerms(e.terms, (t) => raiseVector(t, i, context), context)
    case 'mul': {
      const { scalars, rest } = split(e, [i])
      const only = rest[0]
      if (only === undefined || rest.length > 1 || scalars.length === 0) return null
      const vector = raiseVector(only, i, context)
      return vector === null ? null : combine([vector], scalars, ([x]) => [x], context)
    }
    case 'expect':
      return raiseExpectation(e, [i], (body) => raiseVector(body, i, context), context)
    case 'sum':
      return raiseMatrixVector(e, i, context) ?? context.bigSum(e, (inner) => raiseVector(e.body, i, inner))
    default:
      return null
  }
}

/** Σ_j A_ij v_j as A v. */
function raiseMatrixVector(e: Expr & { kind: 'sum' }, i: string, context: RaiseContext): Signed | null {
  if (!coversWhole(e)) return null
  const j = e.index.id
  const { scalars, rest } = split(e.body, [i, j])
  const matrix = rest.find((f) => mentions(f, i) && mentions(f, j))
  const others = rest.filter((f) => f !== matrix)
  const vector = others.find((f) => !isWeight(f)) ?? others[0]
  const weights = others.filter((f) => f !== vector)
  if (matrix === undefined || vector === undefined || mentions(vector, i)) return null
  const a = raiseMatrix(matrix, i, j, context)
  const v = raiseVector(vector, j, context)
  const middle = raiseWeights(weights, j, context)
  return a === null || v === null || middle === null
    ? null
    : combine([a, v], scalars, ([x, y]) => [x, ...middle, y], context)
}

/** E[v] and E[A] from the elements. */
function raiseExpectation(
  e: Expr & { kind: 'expect' },
  indices: readonly string[],
  raise: (body: Expr) => Signed | null,
  context: RaiseContext,
): Signed | null {
  if (indices.some((i) => !hasCoordinate(e, i)) || ofOneArray(e.body, indices)) return null
  const body = raise(e.body)
  return body === null ? null : { negative: false, term: context.expectation(e.of, whole(body)) }
}

/** true where one array is read at all of several indices: its rows are then summed one by one. */
const ofOneArray = (body: Expr, indices: readonly string[]): boolean =>
  indices.length > 1 &&
  collectNodes(body, (n) => n.kind === 'ref' && (n.space === 'latent' || n.space === 'other')).some((n) =>
    indices.every((i) => mentions(n, i)),
  )

/** true where the index is a coordinate of the latents that an expectation is of: a sum over their rows stays a sum. */
const hasCoordinate = (e: Expr & { kind: 'expect' }, i: string): boolean =>
  !e.of.some((x) => mentionsIndicator(x, i)) &&
  collectNodes(e.body, (n) => n.kind === 'ref' && (n.space === 'latent' || n.space === 'other')).every(
    (n) => n.kind !== 'ref' || n.index.length > 1 || !mentions(n, i),
  )

/** An element of an array of params or consts, or a power of one: what a diagonal matrix between two others holds. */
const isWeight = (e: Expr): boolean =>
  e.kind === 'pow'
    ? e.exponent.d === 1 && isWeight(e.base)
    : e.kind === 'ref' && (e.space === 'param' || e.space === 'const')

/** diag(d)^p for each factor d_l^p; null where one is no such factor. */
function raiseWeights(weights: readonly Expr[], l: string, context: RaiseContext): readonly Display[] | null {
  const out: Display[] = []
  for (const w of weights) {
    const d = isWeight(w) ? raiseDiagonalPower(w, l, context) : null
    if (d === null) return null
    out.push(d)
  }
  return out
}

function raiseDiagonalPower(w: Expr, l: string, context: RaiseContext): Display | null {
  const [base, exponent] = w.kind === 'pow' ? [w.base, w.exponent] : [w, { n: 1, d: 1 }]
  const vector = raiseVector(base, l, context)
  if (vector === null || vector.negative) return null
  const diagonal: Display = { kind: 'apply', fn: 'diag', args: [vector.term] }
  return exponent.n === 1 && exponent.d === 1
    ? diagonal
    : { kind: 'power', base: diagonal, exponent: { kind: 'number', value: exponent } }
}

/** An expression with i and j free as the matrix whose element (i, j) it is. */
export function raiseMatrix(e: Expr, i: string, j: string, context: RaiseContext): Signed | null {
  switch (e.kind) {
    case 'ref': {
      const rest = e.index.slice(0, -2)
      const [row, column] = e.index.slice(-2)
      if (rest.some((x) => mentions(x, i) || mentions(x, j))) return null
      if (isIndex(row, i) && isIndex(column, j)) return { negative: false, term: context.array(e, rest) }
      if (isIndex(row, j) && isIndex(column, i)) return { negative: false, term: transpose(context.array(e, rest)) }
      return null
    }
    case 'inverse': {
      const matrix = raiseMatrixRef(e.of, context)
      if (matrix === null || matrix.negative) return null
      const inverse = inverseOf(matrix.term)
      if (isIndex(e.row, i) && isIndex(e.column, j)) return { negative: false, term: inverse }
      if (isIndex(e.row, j) && isIndex(e.column, i)) return { negative: false, term: transpose(inverse) }
      return null
    }
    case 'add':
      return raiseTerms(e.terms, (t) => raiseMatrix(t, i, j, context), context)
    case 'mul':
      return raiseMatrixFactors(e, i, j, context)
    case 'expect':
      return raiseExpectation(e, [i, j], (body) => raiseMatrix(body, i, j, context), context)
    case 'sum':
      return raiseMatrixProduct(e, i, j, context) ?? context.bigSum(e, (inner) => raiseMatrix(e.body, i, j, inner))
    case 'case':
      return raiseDiag(e, i, j, context)
    default:
      return null
  }
}

/** A multiple of a matrix, or an outer product u vᵀ. */
function raiseMatrixFactors(e: Expr & { kind: 'mul' }, i: string, j: string, context: RaiseContext): Signed | null {
  const { scalars, rest } = split(e, [i, j])
  const [a, b] = rest
  if (a === undefined) return null
  const onDiagonal = rest.find((f) => f.kind === 'case' && isOneOnDiagonal(f, i, j))
  if (onDiagonal !== undefined && rest.length > 1) {
    const middle = raiseWeights(
      rest.filter((f) => f !== onDiagonal).map((f) => substituteIndex(f, new Map([[j, indexOf(i)]]))),
      i,
      context,
    )
    return middle === null ? null : context.scaled(scalars, middle)
  }
  if (rest.length > 2) return null
  if (b === undefined) {
    const matrix = scalars.length === 0 ? null : raiseMatrix(a, i, j, context)
    return matrix === null ? null : combine([matrix], scalars, ([x]) => [x], context)
  }
  const [p, q] = mentions(a, i) ? [a, b] : [b, a]
  if (mentions(p, j) || mentions(q, i)) return null
  const u = raiseVector(p, i, context)
  const v = raiseVector(q, j, context)
  return u === null || v === null ? null : combine([u, v], scalars, ([x, y]) => [x, transpose(y)], context)
}

/** Σ_l A_il B_lj as A B. */
function raiseMatrixProduct(e: Expr & { kind: 'sum' }, i: string, j: string, context: RaiseContext): Signed | null {
  if (!coversWhole(e)) return null
  const l = e.index.id
  const { scalars, rest } = split(e.body, [i, j, l])
  const left = rest.find((f) => mentions(f, i) && mentions(f, l) && !mentions(f, j))
  const right = rest.find((f) => mentions(f, j) && mentions(f, l) && !mentions(f, i))
  if (left === undefined || right === undefined) return null
  const a = raiseMatrix(left, i, l, context)
  const b = raiseMatrix(right, l, j, context)
  const middle = raiseWeights(
    rest.filter((f) => f !== left && f !== right),
    l,
    context,
  )
  return a === null || b === null || middle === null
    ? null
    : combine([a, b], scalars, ([x, y]) => [x, ...middle, y], context)
}

const isOneOnDiagonal = (e: Expr & { kind: 'case' }, i: string, j: string): boolean =>
  e.then.kind === 'num' && e.then.value.n === 1 && e.then.value.d === 1 && isDiagonal(e, i, j)

function isDiagonal({ when, otherwise }: Expr & { kind: 'case' }, i: string, j: string): boolean {
  if (otherwise.kind !== 'num' || otherwise.value.n !== 0) return false
  if (when.kind !== 'compare' || when.operator !== '==') return false
  return (isIndex(when.left, i) && isIndex(when.right, j)) || (isIndex(when.left, j) && isIndex(when.right, i))
}

const indexOf = (id: string): Expr => ({ kind: 'index', var: id, name: id })

/** d_i where i = j, else 0: diag(d); with d free of i and j, d I. */
function raiseDiag(e: Expr & { kind: 'case' }, i: string, j: string, context: RaiseContext): Signed | null {
  if (!isDiagonal(e, i, j)) return null
  if (!mentions(e.then, i) && !mentions(e.then, j)) return context.scaled([e.then], [{ kind: 'identity' }])
  const vector = raiseVector(e.then, mentions(e.then, i) ? i : j, context)
  return vector === null
    ? null
    : { negative: vector.negative, term: { kind: 'apply', fn: 'diag', args: [vector.term] } }
}

/** A matrix from its elements, or null where they do not raise. */
export function raiseMatrixRef(of: MatrixRef, context: RaiseContext): Signed | null {
  return raiseMatrix(of.element, of.row.id, of.column.id, context)
}

/** A from A_ii. */
function raiseDiagonal(e: Expr, i: string, context: RaiseContext): Display | null {
  if (e.kind === 'inverse' && isIndex(e.row, i) && isIndex(e.column, i)) {
    const matrix = raiseMatrixRef(e.of, context)
    return matrix === null || matrix.negative || mentions({ kind: 'logdet', of: e.of }, i)
      ? null
      : inverseOf(matrix.term)
  }
  if (e.kind !== 'ref') return null
  const rest = e.index.slice(0, -2)
  const [row, column] = e.index.slice(-2)
  if (!isIndex(row, i) || !isIndex(column, i) || rest.some((x) => mentions(x, i))) return null
  return context.array(e, rest)
}

function raiseTerms(terms: readonly Expr[], raise: (t: Expr) => Signed | null, context: RaiseContext): Signed | null {
  const raised: Signed[] = []
  for (const t of terms) {
    const r = raise(t)
    if (r === null) return null
    raised.push(r)
  }
  return context.add(raised)
}

/** scalars · (what `arrange` makes of the parts), with the signs of the parts gathered in front. */
function combine<const T extends readonly Signed[]>(
  parts: T,
  scalars: readonly Expr[],
  arrange: (terms: { readonly [K in keyof T]: Display }) => readonly Display[],
  context: RaiseContext,
): Signed | null {
  const terms = parts.map((p) => p.term) as { readonly [K in keyof T]: Display }
  const made = context.scaled(scalars, arrange(terms))
  const flips = parts.filter((p) => p.negative).length % 2 === 1
  return flips ? { negative: !made.negative, term: made.term } : made
}

const squaredNorm = (of: Display): Display => ({
  kind: 'power',
  base: { kind: 'enclosed', by: 'norm', of },
  exponent: integer(2),
})
const trace = (of: Display): Display => ({ kind: 'apply', fn: 'tr', args: [of] })
export const inverseOf = (of: Display): Display => ({ kind: 'power', base: of, exponent: integer(-1) })

function transpose(of: Display): Display {
  return of.kind === 'transpose' ? of.of : { kind: 'transpose', of }
}

/** Factors free of the indices, and the rest. */
function split(
  e: Expr,
  indices: readonly string[],
): { readonly scalars: readonly Expr[]; readonly rest: readonly Expr[] } {
  const factors = e.kind === 'mul' ? e.factors : [e]
  const free = (f: Expr) => !indices.some((i) => mentions(f, i))
  return { scalars: factors.filter(free), rest: factors.filter((f) => !free(f)) }
}

const mentions = (e: Expr, index: string): boolean => freeIndices(e).has(index)
const mentionsIndicator = (i: Indicator, index: string): boolean =>
  [...i.index, i.value].some((e) => mentions(e, index))
const isIndex = (e: Expr | undefined, id: string): boolean => e !== undefined && e.kind === 'index' && e.var === id

/** A sum from 1 to a size: any other reads a part of the vector only. */
function coversWhole(e: Expr & { kind: 'sum' }): boolean {
  const { from, to } = e.index
  return from.kind === 'num' && from.value.n === 1 && from.value.d === 1 && (to.kind === 'ref' || to.kind === 'num')
}

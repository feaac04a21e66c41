/** What lowering asks of expressions. */
import { add, literal, num } from '../algebra/build.js'
import { LOGARITHMS } from '../algebra/evaluate.js'
import type { ArraySpace, Expr, IndexVar, MatrixRef } from '../algebra/types.js'
import { children, freeIndices, substituteIndex } from '../algebra/visit.js'

const ofModel = new WeakMap<Expr, boolean>()

/** It reads data, params and sizes alone: it is lowered alike wherever its index variables have the same values. */
export function isOfModel(e: Expr): boolean {
  const known = ofModel.get(e)
  if (known !== undefined) return known
  const own =
    e.kind === 'probability' || e.kind === 'expect' || e.kind === 'mean' || (e.kind === 'ref' && !FIXED.has(e.space))
  const is = !own && children(e).every(isOfModel)
  ofModel.set(e, is)
  return is
}

const FIXED: ReadonlySet<ArraySpace> = new Set(['data', 'observed', 'const', 'size', 'param', 'shift', 'pivot'])

/** An extent that is a length of a sequence, or a number less. */
export function raggedExtent(
  extent: Expr,
  v: IndexVar,
): { readonly lengths: Extract<Expr, { kind: 'ref' }>; readonly less: number } {
  const less = extent.kind === 'add' ? -(extent.terms.map(literal).find((c) => c !== null) ?? 0) : 0
  const lengths = less === 0 ? extent : add(extent, num(less))
  if (lengths.kind !== 'ref' || lengths.space !== 'size' || !Number.isInteger(less))
    throw new Error(`the range of ${v.name} cannot be lowered`)
  return { lengths, less }
}

/** Logs may be −∞ at the edge of a support. */
export function mayDiverge(e: Expr): boolean {
  if (e.kind === 'call') return LOGARITHMS.has(e.fn) || e.fn === 'logit'
  if (e.kind === 'float') return !Number.isFinite(e.value)
  if (e.kind === 'case') return mayDiverge(e.then) || mayDiverge(e.otherwise)
  if (e.kind === 'add') return e.terms.some(mayDiverge)
  if (e.kind === 'mul') return e.factors.some(mayDiverge)
  if (e.kind === 'sum') return mayDiverge(e.body)
  if (e.kind === 'pow') return e.exponent.n < 0
  return false
}

/** Free indices of a matrix. */
export function freeOf(m: MatrixRef): readonly string[] {
  return [...freeIndices(m.element)].filter((id) => id !== m.row.id && id !== m.column.id)
}

/** Index variables named alike, so that the largest extent of a ragged size is one key. */
export function anonymous(e: Expr): Expr {
  return substituteIndex(
    e,
    new Map([...freeIndices(e)].map((v) => [v, { kind: 'index', var: '*', name: '*' } as const])),
  )
}

/**
 * Sizes as linear forms: a number plus whole multiples of atoms (size symbols, consts without a linear value, anything
 * else as it is printed). Two sizes are the same when their difference is 0.
 */
import { printExpression } from '../typed/print.js'
import type { TExpr } from '../typed/types.js'
import type { CheckContext } from './context.js'
import type { SizeForm } from './facts.js'

export type Agreement = 'same' | 'different' | 'unknown'

type ConstLookup = Pick<CheckContext, 'consts'>

/** The linear form of an integer expression. Consts of whole numbers stay atoms: a fit may override them. */
export function sizeForm(ctx: ConstLookup, e: TExpr): SizeForm {
  if (e.kind === 'number') return { constant: e.value, atoms: new Map() }
  if (e.kind === 'negate') return scale(sizeForm(ctx, e.of), -1)
  if (e.kind === 'binary' && (e.operator === '+' || e.operator === '-'))
    return add(sizeForm(ctx, e.left), sizeForm(ctx, e.right), e.operator === '+' ? 1 : -1)
  if (e.kind === 'binary' && e.operator === '*') {
    const left = sizeForm(ctx, e.left)
    const right = sizeForm(ctx, e.right)
    if (left.atoms.size === 0) return scale(right, left.constant)
    if (right.atoms.size === 0) return scale(left, right.constant)
  }
  if (e.kind === 'ref' && e.subscripts.length === 0) {
    const form = ctx.consts.get(e.symbol)?.form ?? null
    if (form !== null) return form
  }
  const plain = e.kind === 'ref'
  return { constant: 0, atoms: new Map([[printExpression(e, (id) => id), { factor: 1, plain }]]) }
}

/** a − b. */
export function sizeDifference(ctx: ConstLookup, a: TExpr, b: TExpr): SizeForm {
  return add(sizeForm(ctx, a), sizeForm(ctx, b), -1)
}

/** a − b where that is a number, else null. */
export function constantDifference(ctx: ConstLookup, a: TExpr, b: TExpr): number | null {
  const difference = sizeDifference(ctx, a, b)
  return difference.atoms.size === 0 ? difference.constant : null
}

/**
 * Whether two sizes agree. Two different names are different sizes (unless both are consts with one value); a name
 * and a number may agree, unless the name is a const with another number.
 */
export function compareSizes(ctx: ConstLookup, a: TExpr, b: TExpr): Agreement {
  const constant = constantDifference(ctx, a, b)
  if (constant !== null) return constant === 0 ? 'same' : 'different'
  const x = wholeValue(ctx, a)
  const y = wholeValue(ctx, b)
  if (x !== null && y !== null) return x === y ? 'unknown' : 'different'
  const bothNames = isName(a) && isName(b)
  return bothNames ? 'different' : 'unknown'
}

/** The number a size has when nothing overrides its consts, or null. */
export function wholeValue(ctx: ConstLookup, e: TExpr): number | null {
  const form = sizeForm(ctx, e)
  let total = form.constant
  for (const [key, { factor }] of form.atoms) {
    const value = ctx.consts.get(key)?.number ?? null
    if (value === null) return null
    total += factor * value
  }
  return total
}

function isName(e: TExpr): boolean {
  return e.kind === 'ref' && e.subscripts.every((s) => s.kind === 'at')
}

/** The form that stands for a const in sizes: null for a plain number, which a fit may override. */
export function constForm(ctx: ConstLookup, value: TExpr): SizeForm | null {
  return value.kind !== 'number' && isLinear(value) ? sizeForm(ctx, value) : null
}

function isLinear(e: TExpr): boolean {
  if (e.kind === 'number') return true
  if (e.kind === 'ref') return e.subscripts.length === 0 && e.type.dims.length === 0
  if (e.kind === 'binary' && ['+', '-', '*'].includes(e.operator)) return isLinear(e.left) && isLinear(e.right)
  return false
}

function add(a: SizeForm, b: SizeForm, sign: number): SizeForm {
  const atoms = new Map(a.atoms)
  for (const [key, { factor, plain }] of b.atoms) {
    const sum = (atoms.get(key)?.factor ?? 0) + sign * factor
    if (sum === 0) atoms.delete(key)
    else atoms.set(key, { factor: sum, plain })
  }
  return { constant: a.constant + sign * b.constant, atoms }
}

function scale(a: SizeForm, by: number): SizeForm {
  if (by === 0) return { constant: 0, atoms: new Map() }
  const atoms = [...a.atoms].map(([key, atom]) => [key, { ...atom, factor: atom.factor * by }] as const)
  return { constant: a.constant * by, atoms: new Map(atoms) }
}

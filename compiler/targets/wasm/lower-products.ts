/** Sums and products of scalar expressions, by multiply–add where lanes allow. */
import type { KExpr } from '../../kernel/types.js'
import { f64, f64x2, get, op, typeOf } from './code.js'
import { at, type Copy, type Lowering } from './lowering.js'
import type { WExpr } from './wasm-ast.js'

const NAN: KExpr = { k: 'num', value: Number.NaN }

/** What does not depend on the vector axis is added up as one number; products are added by multiply–add. */
export function lowerSum(
  lower: Lowering,
  args: readonly KExpr[],
  copies: readonly Copy[],
  vector: boolean,
): readonly WExpr[] {
  if (!vector) {
    const parts = args.map((arg) => lower.numbers(arg, copies))
    return copies.map((_, i) => parts.map((part) => at(part, i)).reduce((a, b) => op('f64.add', a, b)))
  }
  const [copy] = copies
  if (copy === undefined) return []
  const alone = args.filter((arg) => !lower.isVector(arg, copy))
  const rest = args.filter((arg) => lower.isVector(arg, copy))
  let sum: readonly WExpr[] | null = null
  if (alone.length > 0) sum = lower.vectors(alone.length === 1 ? (alone[0] ?? NAN) : { k: 'add', args: alone }, copies)
  for (const arg of rest) sum = sum === null ? lower.numbers(arg, copies) : addTo(lower, sum, arg, copies)
  return sum ?? []
}

/** sum + arg, by multiply–add where `arg` is a product or negated. */
export function addTo(lower: Lowering, sum: readonly WExpr[], arg: KExpr, copies: readonly Copy[]): readonly WExpr[] {
  const [copy] = copies
  if (copy === undefined || !lower.isVector(arg, copy)) {
    const vector = copy !== undefined && sum[0] !== undefined && typeOf(sum[0]) === 'v128'
    const values = vector ? lower.vectors(arg, copies) : lower.numbers(arg, copies)
    return values.map((value, i) => op(vector ? 'f64x2.add' : 'f64.add', at(sum, i), value))
  }
  if (arg.k === 'neg' && arg.of.k !== 'mul')
    return lower.vectors(arg.of, copies).map((value, i) => op('f64x2.sub', at(sum, i), value))
  if (arg.k === 'mul') {
    const [left, right] = halves(lower, arg.args, copy)
    if (left !== null && right !== null) {
      const [a, b] = both(lower, left, right, copies)
      return copies.map((_, i) => op('f64x2.madd', at(a, i), at(b, i), at(sum, i)))
    }
  }
  return lower.numbers(arg, copies).map((value, i) => op('f64x2.add', at(sum, i), value))
}

/**
 * A product in two parts: sums, which take longest, and the rest; what does not depend on the vector axis, and what does;
 * or factors over the same axes, which copies have in common, and the others.
 */
function halves(lower: Lowering, args: readonly KExpr[], copy: Copy): readonly [KExpr | null, KExpr | null] {
  const product = (parts: readonly KExpr[]): KExpr | null =>
    parts.length > 1 ? { k: 'mul', args: parts } : (parts[0] ?? null)
  const alone = args.filter((arg) => !lower.isVector(arg, copy))
  const rest = args.filter((arg) => lower.isVector(arg, copy))
  const late = rest.filter((arg) => arg.k === 'reduce')
  if (late.length > 0 && late.length < rest.length)
    return [product(late), product([...alone, ...rest.filter((arg) => arg.k !== 'reduce')])]
  if (alone.length > 0) return [product(alone), product(rest)]
  const axesOf = (arg: KExpr | undefined): string =>
    arg === undefined ? '' : [...lower.facts.of(arg).free].sort().join(' ')
  const same = rest.filter((arg) => axesOf(arg) === axesOf(rest[0]))
  if (same.length < rest.length) return [product(same), product(rest.filter((arg) => !same.includes(arg)))]
  return [product(rest.slice(0, -1)), product(rest.slice(-1))]
}

export function lowerProduct(
  lower: Lowering,
  args: readonly KExpr[],
  copies: readonly Copy[],
  vector: boolean,
): readonly WExpr[] {
  if (!vector) {
    // factors that can be made further out are multiplied there
    const here = lower.blocks.depth
    const depths = args.map((arg) => (arg.k === 'num' ? 0 : lower.blocks.target(lower.facts.of(arg))))
    const outer = args.filter((_, i) => (depths[i] ?? here) < here)
    const inner = args.filter((_, i) => (depths[i] ?? here) >= here)
    const factors: readonly KExpr[] =
      outer.length > 1 && inner.length > 0 ? [{ k: 'mul', args: outer }, ...inner] : args
    const parts = factors.map((arg) => lower.numbers(arg, copies))
    return copies.map((_, i) => parts.map((part) => at(part, i)).reduce((a, b) => op('f64.mul', a, b)))
  }
  const [copy] = copies
  if (copy === undefined) return []
  const [left, right] = halves(lower, args, copy)
  if (left === null) return right === null ? [] : lower.vectors(right, copies)
  if (right === null) return lower.vectors(left, copies)
  const [a, b] = both(lower, left, right, copies)
  return copies.map((_, i) => op('f64x2.mul', at(a, i), at(b, i)))
}

/** Elements last: they need not wait in registers for what is computed. */
function both(
  lower: Lowering,
  left: KExpr,
  right: KExpr,
  copies: readonly Copy[],
): readonly [readonly WExpr[], readonly WExpr[]] {
  if (left.k !== 'load' || right.k === 'load') {
    const first = lower.vectors(left, copies)
    return [first, lower.vectors(right, copies)]
  }
  const first = lower.vectors(right, copies)
  return [lower.vectors(left, copies), first]
}

/** 0 where a factor is exactly 0, whatever the others are. */
export function lowerGuardedProduct(
  lower: Lowering,
  args: readonly KExpr[],
  copies: readonly Copy[],
  vector: boolean,
): readonly WExpr[] {
  const parts = args.map((arg) => (vector ? lower.vectors(arg, copies) : lower.numbers(arg, copies)))
  const factorsOf = (i: number): readonly WExpr[] => parts.map((part) => at(part, i))
  const products = copies.map((_, i) => factorsOf(i).reduce((a, b) => op(vector ? 'f64x2.mul' : 'f64.mul', a, b)))
  if (!vector)
    return products.map((product, i) => {
      const zero = factorsOf(i)
        .map((factor) => op('f64.eq', factor, f64(0)))
        .reduce((a, b) => op('i32.or', a, b))
      return op('select', f64(0), lower.blocks.bind(product), zero)
    })
  const isZero = (i: number): WExpr =>
    factorsOf(i)
      .map((factor) => op('f64x2.eq', factor, f64x2(0)))
      .reduce((a, b) => op('v128.or', a, b))
  if (copies.length < 2) return products.map((product, i) => op('v128.andnot', product, isZero(i)))
  // a product with a factor 0 is 0 but for 0·∞ and 0·NaN, which are NaN, and so is then the sum of all products
  const { blocks, code } = lower
  const locals = products.map((value) => {
    const local = code.local('v128')
    blocks.append({ w: 'set', local, value })
    return local
  })
  const sum = blocks.bind(locals.map(get).reduce((a, b) => op('f64x2.add', a, b)))
  const { statements } = blocks.within('branch', null, null, new Set(), () => {
    locals.forEach((local, i) => {
      blocks.append({ w: 'set', local, value: op('v128.andnot', get(local), isZero(i)) })
    })
  })
  const when = op('v128.any_true', op('f64x2.ne', sum, sum))
  blocks.append({ w: 'if', when, then: statements, otherwise: [], seldom: true })
  return locals.map(get)
}

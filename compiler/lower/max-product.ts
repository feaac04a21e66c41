/** The place of a maximum, as a number: what max-product keeps where sum-product keeps a probability. */
import { k } from '../kernel/index.js'
import type { Axis, KExpr } from '../kernel/types.js'

/**
 * Sum-product adds values up (posterior probabilities); max-product takes the largest (the most probable values).
 * `linear`: sum-product in plain numbers along chains, where these are large enough. `draw`: sums upwards as of
 * sum-product, and downwards values drawn in place of their probabilities. `labelled`: values are handed in.
 */
export type Product = 'sum' | 'max' | 'linear' | 'draw' | 'labelled'

/** Log of an impossible value. */
export const NEVER = Number.NEGATIVE_INFINITY

/** Values of several elements as one number, the last running fastest: 0-based, row-major. */
export function position(axes: readonly Axis[], values: readonly KExpr[]): KExpr {
  return axes.reduce<KExpr>((at, axis, i) => k.add(k.mul(at, k.size(axis.size)), values[i] ?? k.num(0)), k.num(0))
}

/**
 * Position of the first of the values over `axes` at which `value` is `maximum`. Both are to be read from buffers: a
 * value that is computed twice need not be equal to itself. Infinity where there is none, as where one is no number.
 */
export function positionOfMaximum(axes: readonly Axis[], value: KExpr, maximum: KExpr): KExpr {
  const own = position(
    axes,
    axes.map((a) => k.axis(a)),
  )
  const found = k.select(k.compare('==', value, maximum), k.neg(own), k.num(NEVER))
  return k.neg(axes.reduceRight<KExpr>((e, axis) => k.maximum(axis, e), found))
}

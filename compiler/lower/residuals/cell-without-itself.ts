/** Normal latents integrated out of a cell, given a latent that their spread depends on. */
import {
  add,
  call,
  caseOf,
  compare,
  div,
  log,
  mul,
  neg,
  num,
  ONE,
  PI,
  pow,
  ref,
  square,
  sub,
} from '../../algebra/build.js'
import type { Expr } from '../../algebra/types.js'
import type { Derivation } from '../../derive.js'
import { GaussianMoments } from '../../estep/gaussian-moments.js'
import { NoMoment } from '../../estep/moments.js'
import type { GaussianBlock } from '../../estep/types.js'
import type { CellDensity } from '../../graph/cell-density.js'
import type { CellRoad } from './cell-roads.js'

/**
 * A Normal cell whose mean is linear in Normal latents, given their spread s and the other cells: with residual mean A,
 * which is that of every s, and variance v s^−p under the posterior, and h = v s^−p/σ²(s), it is off its mean by A/(1 − h),
 * with variance σ²(s)/(1 − h). What is said of it reads s alone.
 */
export function withoutItself(
  cell: CellDensity,
  { row, block, cell: spread }: Extract<CellRoad, { kind: 'line' }>,
  within: GaussianBlock,
  datum: Expr,
  values: readonly Expr[],
  given: (e: Expr) => Expr,
  d: Derivation,
): CellDensity {
  if (cell.moments === null || within.given === null) throw new NoMoment('it has no mean in closed form')
  const places = row.map(given)
  const moments = new GaussianMoments(within, places, values, { collecting: d.collectOptions })
  const residual = sub(datum, given(cell.moments.mean))
  const mean = moments.of(residual)
  const free = sub(moments.of(square(residual)), square(mean))
  const s = ref('latent', block.latents[0]?.latent.name ?? '', [...places, ...spread.at.map(given)])
  const variance = given(cell.moments.variance)
  const rest = sub(ONE, mul(free, pow(s, -within.given.power), pow(variance, -1)))
  const off = div(mean, rest)
  const whole = div(variance, rest)
  const z = mul(off, pow(whole, { n: -1, d: 2 }))
  // a cell that the latents take up whole has no distribution without it
  const logDensity = caseOf(
    compare('>', rest, num(1, 1_000_000_000)),
    add(mul(num(-1, 2), log(mul(num(2), PI, whole))), mul(num(-1, 2), square(z))),
    { kind: 'float', value: Number.NaN },
  )
  return {
    ...cell,
    logDensity,
    moments: { mean: sub(datum, off), variance: whole },
    tail: { below: call('logPhi', z), above: call('logPhi', neg(z)) },
  }
}

/**
 * Normal cells under a factorised posterior q, whose mean is a sum of linear functions of Normal latents, one for each factor of
 * q that it reads. Given the other factors a cell adds to the log of one a square in its own function s: with variance v
 * under q, π what the cell counts times E[1/σ²], and A the mean of the residual, s without the cell is off by Aπv/(1 − πv)
 * more, with variance v/(1 − πv). All together the cell is Normal.
 */
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
  PI,
  pow,
  ref,
  square,
  sub,
  ZERO,
} from '../../algebra/build.js'
import type { Expr } from '../../algebra/types.js'
import { collectNodes } from '../../algebra/visit.js'
import type { Derivation } from '../../derive.js'
import { momentOf } from '../../estep/expectation.js'
import { GaussianMoments } from '../../estep/gaussian-moments.js'
import { isCell, NoMoment } from '../../estep/moments.js'
import type { ContinuousBlock } from '../../estep/types.js'
import type { CellDensity } from '../../graph/cell-density.js'
import type { CellMessages } from './cell-messages.js'
import type { CellRoad, NormalPart } from './cell-roads.js'

type NormalRoad = Extract<CellRoad, { kind: 'normal' }>

/**
 * What is said of a cell without it, given its spread where that is a latent; its log density is what the posterior
 * of the spread, or of the discrete latents that belong to its Normal ones, is divided by.
 */
export function withoutInFactors(
  cell: CellDensity,
  road: NormalRoad,
  messages: CellMessages,
  datum: Expr,
  /** Of the scope of a block. */
  valuesOf: (block: ContinuousBlock) => readonly Expr[],
  given: (e: Expr) => Expr,
  d: Derivation,
): CellDensity {
  if (cell.moments === null) throw new NoMoment('it has no mean in closed form')
  const { spread } = road
  const collecting = d.collectOptions
  const variance = given(cell.moments.variance)
  const statementMean = given(cell.moments.mean)
  const s = spread === null ? null : ref('latent', spread.cell.latent, [...spread.row, ...spread.cell.at].map(given))
  const owner = spread === null ? null : messages.factorOf(spread.cell.latent)
  /** E[1/σ²]. */
  const precision = ((): Expr => {
    const inverse = pow(variance, -1)
    if (spread === null) return inverse
    const row = spread.row.map(given)
    return momentOf(spread.block, row, valuesOf(spread.block), inverse, { collecting })
  })()
  const parts = road.parts.map((p) => numbersOf(p))
  const rest = sub(statementMean, add(...parts.map((p) => p.part)))
  if (collectNodes(rest, isCell).length > 0) throw new NoMoment('its mean is no sum of linear functions')
  const residual = sub(datum, add(rest, ...parts.map((p) => p.mean)))
  const guarded = (share: Expr, e: Expr): Expr =>
    // a cell that the latents take up whole has no distribution without it
    caseOf(compare('>', sub(num(1), share), num(1, 1_000_000_000)), e, NOTHING)
  const without = parts.map(({ variance: v, taken }) => {
    const share = mul(taken, v)
    const left = sub(num(1), share)
    return { more: guarded(share, div(share, left)), variance: guarded(share, div(v, left)) }
  })
  const off = mul(residual, add(num(1), ...without.map((w) => w.more)))
  const whole = add(variance, ...without.map((w) => w.variance))
  const z = mul(off, pow(whole, { n: -1, d: 2 }))
  return {
    ...cell,
    logDensity: divisor(),
    moments: { mean: sub(datum, off), variance: whole },
    tail: { below: call('logPhi', z), above: call('logPhi', neg(z)) },
  }

  function numbersOf({ block, row, part }: NormalPart): {
    readonly part: Expr
    readonly mean: Expr
    readonly variance: Expr
    /** What the cell adds to the precision of the part. */
    readonly taken: Expr
    readonly place: readonly Expr[]
    readonly factor: string
    readonly within: boolean
  } {
    const own = given(part)
    const at = row.map(given)
    const moments = new GaussianMoments(block, at, valuesOf(block), { collecting })
    const mean = moments.of(own)
    const free = moments.of(square(sub(own, mean)))
    const within = block.given !== null
    const factor = messages.factorOf(block.latents[0]?.latent.name ?? '')
    messages.check(factor, placeOf(own), [statementMean])
    return {
      part: own,
      mean,
      variance: block.given === null || s === null ? free : mul(free, pow(s, -block.given.power)),
      taken: messages.weighted(factor, placeOf(own), within ? pow(variance, -1) : precision),
      place: placeOf(own),
      factor,
      within,
    }
  }

  /** −log of ∫ q/exp(what the cell adds) over the Normal latents of the factor that is divided: of the spread, or of values. */
  function divisor(): Expr {
    const isDivided = (f: string): boolean => f === owner || (owner === null && messages.hasValues(f))
    const own = parts.filter((p) => isDivided(p.factor))
    if (owner === null && own.length === 0) return ZERO
    if (own.length > 1) throw new NoMoment('several of its Normal latents belong to one factor of the posterior')
    const [inner] = own
    if (owner !== null && s !== null) messages.check(owner, placeOf(s), [statementMean])
    if (owner !== null && inner?.within === false)
      throw new NoMoment('its Normal latents and its spread belong to one factor of the posterior')
    const factor = inner?.factor ?? owner ?? ''
    const place = inner?.place ?? (s === null ? [] : placeOf(s))
    /** By what the other factors say of the discrete latents that the spread depends on. */
    const expected = (e: Expr): Expr => messages.weighted(factor, place, e)
    const taken = inner?.taken ?? expected(pow(variance, -1))
    const beside = add(...parts.filter((p) => p !== inner).map((p) => p.variance))
    const share = inner === undefined ? ZERO : mul(taken, inner.variance)
    const left = sub(num(1), share)
    return add(
      mul(num(-1, 2), expected(log(mul(num(2), PI, variance)))),
      mul(num(-1, 2), taken, add(beside, div(square(residual), left))),
      inner === undefined ? ZERO : guarded(share, mul(num(1, 2), log(left))),
    )
  }
}

const NOTHING: Expr = { kind: 'float', value: Number.NaN }

const placeOf = (e: Expr): readonly Expr[] => collectNodes(e, isCell).flatMap((n) => (isCell(n) ? n.index : []))

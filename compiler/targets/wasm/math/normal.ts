/**
 * The standard normal distribution by the rational approximations of W. J. Cody, Mathematics of Computation 23 (1969),
 * 631–637, with coefficients for Φ. Polynomials here in ascending powers.
 */
import { type Code, f64x2, get, op } from '../code.js'
import type { WExpr } from '../wasm-ast.js'
import { exponential } from './exp.js'
import { logOfSum } from './log.js'
import { add, atMost, both, div, horner, ifAny, less, madd, magnitude, mul, nmadd, not, pick, sub } from './vector.js'

interface Ratio {
  readonly top: readonly number[]
  readonly bottom: readonly number[]
}

/** (Φ(x) − ½)/x in x² for |x| ≤ 0.67448975. */
const CENTRE: Ratio = {
  top: [18154.98125334356, 1067.6894854603709, 161.02823106855587, 2.2352520354606837, 0.06568233791820745],
  bottom: [45507.78933502673, 10260.932208618979, 976.0985517377767, 47.202581904688245, 1],
}
/** Φ(−y) e^(y²/2) from there to √32. */
const MIDDLE: Ratio = {
  top: [
    9842.714838383978, 11602.65143764735, 6848.190450536283, 2494.5375852903726, 597.2702763948002, 93.50665613217785,
    8.883149794388377, 0.39894151208813466, 1.0765576773720192e-8,
  ],
  bottom: [
    19685.429676859992, 38912.00328609327, 34900.95272114598, 18615.571640885097, 6485.558298266761, 1519.3775994075547,
    235.387901782625, 22.266688044328117, 1,
  ],
}
/** (1/√(2π) − y Φ(−y) e^(y²/2)) y² in 1/y² above. */
const TAIL: Ratio = {
  top: [
    0.000029112874951168793, 0.0014216191932278934, 0.022235277870649807, 0.12740116116024736, 0.215898534057957,
    0.023073441764940174,
  ],
  bottom: [
    0.00007297515550839662, 0.0037823963320275824, 0.06598813786892856, 0.4682382124808651, 1.284260096144911, 1,
  ],
}
const CENTRE_END = 0.67448975
const ROOT_32 = 5.656854249492381
const INVERSE_ROOT_TWO_PI = 0.3989422804014327
const ROOT_TWO_PI = 2.5066282746310007
const HALF_LOG_TWO_PI = 0.9189385332046728

const ratio = (z: WExpr, { top, bottom }: Ratio): WExpr => div(horner(z, top), horner(z, bottom))

/** e^(−y²/2), y ≥ 0: y = c + rest with so few bits in c that c² is exact, and −y²/2 = −c²/2 − rest (y + c)/2. */
function gaussian(code: Code, size: WExpr): WExpr {
  // 0 beyond
  const y = code.bind(atMost(size, 38.7))
  const c = code.bind(mul(op('f64x2.nearest', mul(y, f64x2(256))), f64x2(1 / 256)))
  const low = code.bind(mul(mul(sub(c, y), f64x2(0.5)), add(y, c)))
  return exponential(code, code.bind(mul(mul(c, f64x2(-0.5)), c)), low).value
}

/** Φ(−y) e^(y²/2) for y > 0.67448975: Mills' ratio over √(2π). It falls as 1/y and never underflows. */
function overGaussian(code: Code, y: WExpr): WExpr {
  const tail = code.bind(op('f64x2.gt', y, f64x2(ROOT_32)))
  const result = code.local('v128')
  code.set(result, f64x2(0))
  ifAny(code, not(tail), () => {
    code.set(result, ratio(y, MIDDLE))
  })
  ifAny(code, tail, () => {
    const inverse = code.bind(div(f64x2(1), y))
    const square = code.bind(mul(inverse, inverse))
    const value = mul(sub(f64x2(INVERSE_ROOT_TWO_PI), mul(square, ratio(square, TAIL))), inverse)
    code.set(result, pick(tail, value, get(result)))
  })
  return get(result)
}

/** Φ(x) for |x| ≤ 0.67448975. */
function centreOf(code: Code, x: WExpr): WExpr {
  const square = code.bind(mul(x, x))
  return code.bind(madd(x, ratio(square, CENTRE), f64x2(0.5)))
}

/** Φ(x), its lower tail with its digits. */
export function Phi(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  const y = code.bind(magnitude(x))
  const centre = code.bind(op('f64x2.le', y, f64x2(CENTRE_END)))
  const result = code.local('v128')
  code.set(result, f64x2(0))
  ifAny(code, centre, () => {
    code.set(result, centreOf(code, x))
  })
  ifAny(code, not(centre), () => {
    const tail = code.bind(mul(gaussian(code, y), overGaussian(code, y)))
    const value = pick(less(x, f64x2(0)), tail, sub(f64x2(1), tail))
    code.set(result, pick(centre, get(result), value))
  })
  return get(result)
}

/**
 * log Φ(x), −∞ at −∞, as log(u + c) + rest: Φ(x) in the middle, 1 − Φ(−x) with what rounding takes from it above, and
 * below the factor that is left of Φ(x) when e^(−x²/2) is taken out.
 */
export function logPhi(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  const y = code.bind(magnitude(x))
  const centre = code.bind(op('f64x2.le', y, f64x2(CENTRE_END)))
  const u = code.local('v128')
  const c = code.local('v128')
  const rest = code.local('v128')
  for (const local of [u, c, rest]) code.set(local, f64x2(0))
  ifAny(code, centre, () => {
    code.set(u, centreOf(code, x))
  })
  ifAny(code, not(centre), () => {
    const lower = code.bind(less(x, f64x2(0)))
    const scaled = code.bind(overGaussian(code, y))
    const tail = code.bind(mul(gaussian(code, y), scaled))
    const above = code.bind(sub(f64x2(1), tail))
    code.set(u, pick(centre, get(u), pick(lower, mul(scaled, f64x2(ROOT_TWO_PI)), above)))
    const error = sub(sub(f64x2(1), above), tail)
    code.set(c, pick(op('v128.or', centre, lower), f64x2(0), error))
    const exponent = sub(f64x2(-HALF_LOG_TWO_PI), mul(mul(x, f64x2(0.5)), x))
    code.set(rest, both(both(lower, not(centre)), exponent))
  })
  return code.bind(add(logOfSum(code, get(u), get(c)), get(rest)))
}

/** φ(x)/Φ(x), which nears −x as x → −∞. */
export function inverseMills(code: Code, argument: WExpr): WExpr {
  const x = code.bind(argument)
  const y = code.bind(magnitude(x))
  const centre = code.bind(op('f64x2.le', y, f64x2(CENTRE_END)))
  const density = code.bind(gaussian(code, y))
  const top = code.local('v128')
  const bottom = code.local('v128')
  code.set(top, mul(density, f64x2(INVERSE_ROOT_TWO_PI)))
  code.set(bottom, f64x2(1))
  ifAny(code, centre, () => {
    code.set(bottom, centreOf(code, x))
  })
  ifAny(code, not(centre), () => {
    const lower = code.bind(both(less(x, f64x2(0)), not(centre)))
    const scaled = code.bind(overGaussian(code, y))
    const upper = nmadd(density, scaled, f64x2(1))
    code.set(bottom, pick(centre, get(bottom), pick(lower, scaled, upper)))
    code.set(top, pick(lower, f64x2(INVERSE_ROOT_TWO_PI), get(top)))
  })
  return code.bind(div(get(top), get(bottom)))
}

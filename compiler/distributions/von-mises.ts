import { add, call, div, log, mul, neg, num, PI, pow, sub } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { scalar } from './support/arguments.js'
import { drawNormal } from './support/draw-normal.js'
import { latexCall } from './support/latex-call.js'
import { asNumber, numberArgument } from './support/numeric-arguments.js'
import type { Distribution, RandomSource } from './types.js'

/**
 * log p(x) = κ cos(x − mean) − log(2π I₀(κ)), κ the concentration, written as −2κ sin²((x − mean)/2) − log 2π −
 * log(e^−κ I₀(κ)): both parts then stay of the size of the result however large κ is. The value is an angle in radians:
 * values 2π apart are the same, and the mass of one turn is 1.
 * Mardia, Jupp (2000), Directional Statistics, section 3.5.4.
 */
export const VonMises: Distribution = {
  signature: {
    name: 'VonMises',
    summary: 'An angle in radians around a mean direction.',
    parametrisations: [
      {
        arguments: [
          { name: 'mean', support: 'real', rank: 0 },
          { name: 'concentration', support: 'nonnegative', rank: 0 },
        ],
      },
    ],
    value: { support: 'real', rank: 0, discrete: false },
  },
  turn: 2 * Math.PI,
  logDensity(value, args) {
    const concentration = scalar(args, 'concentration')
    const half = call('sin', div(sub(value.at([]), scalar(args, 'mean')), num(2)))
    return add(
      mul(num(-2), concentration, pow(half, 2)),
      neg(log(mul(num(2), PI))),
      neg(call('logBesselI0e', concentration)),
    )
  },
  arc(args) {
    const [mean, concentration] = [scalar(args, 'mean'), scalar(args, 'concentration')]
    const from = neg(add(PI, mean))
    const to = (x: Expr): Expr => {
      const turn = mul(num(2), PI)
      return sub(sub(x, mul(turn, call('ceil', div(sub(x, PI), turn)))), mean)
    }
    return {
      below: (x) => call('logVonMisesArc', concentration, from, to(x)),
      above: (x) => call('logVonMisesArc', concentration, to(x), sub(PI, mean)),
    }
  },
  inSupport: (value) => Number.isFinite(asNumber(value)),
  sample(args, random) {
    const turned = numberArgument(args, 'mean') + drawTurn(numberArgument(args, 'concentration'), random)
    return turned - 2 * Math.PI * Math.round(turned / (2 * Math.PI))
  },
  latex: (args) => latexCall('VonMises', args),
}

/** From here on a von Mises angle is Normal(0, 1/√κ) to more digits than a draw can show. */
const NEARLY_NORMAL = 1e8

/** An angle in [−π, π] around 0: rejection from a wrapped Cauchy. Best, Fisher (1979), Applied Statistics 28(2). */
function drawTurn(concentration: number, random: RandomSource): number {
  if (concentration < 1e-8) return Math.PI * (2 * random() - 1)
  if (concentration > NEARLY_NORMAL) return drawNormal(random) / Math.sqrt(concentration)
  const tau = 1 + Math.sqrt(1 + 4 * concentration * concentration)
  const rho = (tau - Math.sqrt(2 * tau)) / (2 * concentration)
  const r = (1 + rho * rho) / (2 * rho)
  for (;;) {
    const z = Math.cos(Math.PI * random())
    const f = (1 + r * z) / (r + z)
    const c = concentration * (r - f)
    const u = random()
    if (c * (2 - c) > u || Math.log(c / u) + 1 >= c) {
      const angle = Math.acos(Math.min(1, Math.max(-1, f)))
      return random() < 0.5 ? -angle : angle
    }
  }
}

/** The probability of an arc of a circle under a von Mises distribution. */
import { logBesselI0e } from './bessel.js'

/** Of the exponent from one end of a piece to the other: what is beyond is less than rounding. */
const DEEPEST = 45
const PANELS = 8
const ORDER = 20
const TURN = 2 * Math.PI

/**
 * log P(from ≤ angle ≤ to) of an angle with density e^(κ cos t) / (2π I₀(κ)): the arc from `from` on to `to`, at most a turn
 * of it. The density rises and falls once in a turn; each piece is added up by Gauss and Legendre's rule from its
 * higher end on, as far as it counts, so that a small probability has all of its digits. Mardia, Jupp (2000), Directional
 * Statistics, section 3.5.4.
 */
export function logVonMisesArc(concentration: number, from: number, to: number): number {
  if (!(concentration >= 0) || Number.isNaN(from) || Number.isNaN(to)) return Number.NaN
  const width = to - from
  if (!(width > 0)) return Number.NEGATIVE_INFINITY
  if (width >= TURN) return 0
  const start = from - TURN * Math.floor((from + Math.PI) / TURN)
  const inside = logOfArc(concentration, start, start + width)
  return inside < -Math.LN2 ? inside : Math.log1p(-Math.exp(logOfArc(concentration, start + width, start + TURN)))
}

/** −π ≤ from < π, from ≤ to ≤ 3π. */
function logOfArc(concentration: number, from: number, to: number): number {
  const pieces: number[] = []
  // between multiples of π it rises or falls; t and −t, and t and t + 2π, are the same
  for (let k = -1; k < 3; k++) {
    const [a, b] = [Math.max(from, k * Math.PI), Math.min(to, (k + 1) * Math.PI)]
    if (b > a)
      pieces.push(k % 2 === 0 ? logOfPiece(concentration, a - k * Math.PI, b - k * Math.PI) : mirrored(a, b, k))
  }
  const most = Math.max(...pieces)
  if (!(most > Number.NEGATIVE_INFINITY)) return Number.NEGATIVE_INFINITY
  const sum = pieces.reduce((s, p) => s + Math.exp(p - most), 0)
  return Math.min(0, most + Math.log(sum) - Math.log(TURN) - logBesselI0e(concentration))

  function mirrored(a: number, b: number, k: number): number {
    const peak = (k + 1) * Math.PI
    return logOfPiece(concentration, peak - b, peak - a)
  }
}

/** log ∫ e^(κ (cos t − 1)) dt, 0 ≤ a < b ≤ π. */
function logOfPiece(concentration: number, a: number, b: number): number {
  const sine = Math.sin(a / 2)
  const deepest = Math.sqrt(Math.min(1, sine * sine + DEEPEST / (2 * concentration)))
  const end = Math.min(b, 2 * Math.asin(deepest))
  const step = (end - a) / PANELS
  const { nodes, weights } = legendre()
  let sum = 0
  for (let p = 0; p < PANELS; p++)
    nodes.forEach((x, i) => {
      const off = (p + 0.5 + x / 2) * step
      // cos a − cos t, in which nothing cancels
      const fall = 2 * concentration * Math.sin(off / 2) * Math.sin(a + off / 2)
      sum += (weights[i] ?? 0) * Math.exp(-fall)
    })
  return Math.log((sum * step) / 2) - 2 * concentration * sine * sine
}

interface Rule {
  readonly nodes: readonly number[]
  readonly weights: readonly number[]
}
let rule: Rule | null = null

/** Nodes in (−1, 1), by Newton's method from Chebyshev's. */
function legendre(): Rule {
  if (rule !== null) return rule
  const [nodes, weights]: [number[], number[]] = [[], []]
  for (let i = 0; i < ORDER; i++) {
    let x = Math.cos((Math.PI * (i + 0.75)) / (ORDER + 0.5))
    let slope = 1
    for (let step = 0; step < 20; step++) {
      let [p, before] = [1, 0]
      for (let n = 1; n <= ORDER; n++) {
        const next = ((2 * n - 1) * x * p - (n - 1) * before) / n
        before = p
        p = next
      }
      slope = (ORDER * (x * p - before)) / (x * x - 1)
      x -= p / slope
    }
    nodes.push(x)
    weights.push(2 / ((1 - x * x) * slope * slope))
  }
  rule = { nodes, weights }
  return rule
}

/**
 * Counter-based random numbers: Philox4x32-10. The n-th block of four words is a pure function of (seed, stream, n), so
 * the same seed gives the same bits whatever ran before, and streams (one per start) never overlap.
 *
 * Source: Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011, section 4.3.
 */

const MULTIPLIER_0 = 0xd2511f53
const MULTIPLIER_1 = 0xcd9e8d57
const WEYL_0 = 0x9e3779b9
const WEYL_1 = 0xbb67ae85
const ROUNDS = 10

type Words = readonly [number, number, number, number]

/** High 32 bits of the 64-bit product of two unsigned 32-bit words. */
function multiplyHigh(a: number, b: number): number {
  const aLow = a & 0xffff
  const aHigh = a >>> 16
  const bLow = b & 0xffff
  const bHigh = b >>> 16
  const low = aLow * bLow
  const middle = aHigh * bLow + (low >>> 16)
  const cross = aLow * bHigh + (middle % 0x10000)
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(cross / 0x10000)) >>> 0
}

/** One block of Philox4x32-10: counter (4 words) and key (2 words) → 4 unsigned 32-bit words. */
export function philox(counter: Words, key: readonly [number, number]): Words {
  let [c0, c1, c2, c3] = counter
  let [k0, k1] = key
  for (let round = 0; round < ROUNDS; round++) {
    const high0 = multiplyHigh(MULTIPLIER_0, c0)
    const low0 = Math.imul(MULTIPLIER_0, c0) >>> 0
    const high1 = multiplyHigh(MULTIPLIER_1, c2)
    const low1 = Math.imul(MULTIPLIER_1, c2) >>> 0
    const next0 = (high1 ^ c1 ^ k0) >>> 0
    const next2 = (high0 ^ c3 ^ k1) >>> 0
    c0 = next0
    c1 = low1
    c2 = next2
    c3 = low0
    k0 = (k0 + WEYL_0) >>> 0
    k1 = (k1 + WEYL_1) >>> 0
  }
  return [c0, c1, c2, c3]
}

/** A stream of draws. Each call consumes part of the counter. */
export interface RandomSource {
  /** Uniform on the open interval (0, 1), 52 bits. */
  uniform(): number
  /** Uniform on 0 … bound − 1. */
  integer(bound: number): number
  /** Exponential with mean 1. */
  exponential(): number
  /** An index with probability proportional to `weights` (≥ 0); uniform where all are 0. */
  pick(weights: ArrayLike<number>): number
}

/**
 * The stream number `stream` of a seed.
 *
 * @param seed any safe integer; its low 53 bits count
 * @param stream number of the stream, 0 … 2^32 − 1
 */
export function randomSource(seed: number, stream = 0): RandomSource {
  const whole = Math.trunc(Number.isFinite(seed) ? seed : 0)
  const key: readonly [number, number] = [whole >>> 0, Math.floor(whole / 0x100000000) >>> 0]
  let block = 0
  let words: Words = [0, 0, 0, 0]
  let position = 4

  const word = (): number => {
    if (position === 4) {
      words = philox([block >>> 0, Math.floor(block / 0x100000000) >>> 0, stream >>> 0, 0], key)
      block++
      position = 0
    }
    const value = words[position as 0 | 1 | 2 | 3]
    position++
    return value
  }

  const uniform = (): number => {
    const high = word() >>> 6
    const low = word() >>> 6
    return (high * 0x4000000 + low + 0.5) / 0x10000000000000
  }

  return {
    uniform,
    integer: (bound) => Math.min(bound - 1, Math.floor(uniform() * bound)),
    exponential: () => -Math.log(uniform()),
    pick(weights) {
      let total = 0
      for (let i = 0; i < weights.length; i++) total += weights[i] ?? 0
      if (!(total > 0) || !Number.isFinite(total)) return Math.floor(uniform() * weights.length)
      let rest = uniform() * total
      let last = 0
      for (let i = 0; i < weights.length; i++) {
        const weight = weights[i] ?? 0
        if (weight <= 0) continue
        last = i
        rest -= weight
        if (rest <= 0) return i
      }
      return last
    },
  }
}

/**
 * Random numbers as functions of counters: the same counters give the same number, in whatever order they are asked for
 * (Salmon, Moraes, Dror and Shaw 2011). The counters are hashed by MurmurHash3 (Appleby 2011), twice for 53 bits.
 */

const FIRST = 0x2545f491
const SECOND = 0x6c078965

/** One block of MurmurHash3. */
function mixed(hash: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
  const h = hash ^ k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

function hashed(start: number, seed: number, unit: number, draw: number, part: number): number {
  let h = mixed(mixed(mixed(mixed(start, seed), unit), draw), part)
  h ^= 16
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Uniform on (0, 1), with 53 bits; the counters are integers. */
export function uniformDraw(seed: number, unit: number, draw: number, part: number): number {
  const high = hashed(FIRST, seed, unit, draw, part) >>> 5
  const low = hashed(SECOND, seed, unit, draw, part) >>> 6
  return (high * 0x4000000 + low + 0.5) / 0x20000000000000
}

/** Coordinate `part` of a standard normal vector, by Box and Muller (1958). */
export function normalDraw(seed: number, unit: number, draw: number, part: number): number {
  const radius = Math.sqrt(-2 * Math.log(uniformDraw(seed, unit, draw, 2 * part)))
  return radius * Math.cos(2 * Math.PI * uniformDraw(seed, unit, draw, 2 * part + 1))
}

/** Standard Gumbel, −log of an exponential: the largest of log w_k + Gumbel is at k with probability w_k / Σ w (Yellott 1977). */
export function gumbelDraw(seed: number, unit: number, draw: number, part: number): number {
  return -Math.log(-Math.log(uniformDraw(seed, unit, draw, part)))
}

/** Gamma of a shape and rate 1, by Marsaglia and Tsang (2000); a shape below 1 is raised by 1 and the draw by U^(1/shape). */
export function gammaDraw(seed: number, unit: number, draw: number, shape: number): number {
  if (!(shape > 0) || shape === Number.POSITIVE_INFINITY) return Number.NaN
  const small = shape < 1
  const d = (small ? shape + 1 : shape) - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (let attempt = 0; ; attempt++) {
    const x = normalDraw(seed, unit, draw, 2 * attempt)
    const v = (1 + c * x) ** 3
    if (!(v > 0)) continue
    const u = uniformDraw(seed, unit, draw, 4 * attempt + 2)
    if (Math.log(u) >= 0.5 * x * x + d - d * v + d * Math.log(v)) continue
    return small ? d * v * uniformDraw(seed, unit, draw, -1) ** (1 / shape) : d * v
  }
}

/** Trials that are made one by one. */
const FEW_TRIALS = 32

/**
 * Binomial: how many of `trials` succeed with probability p. Many are halved by the order statistic in the middle, a Beta
 * draw, until few are left (Devroye 1986, Non-Uniform Random Variate Generation, chapter X, section 4.3).
 */
export function binomialDraw(seed: number, unit: number, draw: number, trials: number, p: number): number {
  if (!(trials >= 0 && p >= 0 && p <= 1) || !Number.isInteger(trials)) return Number.NaN
  let [n, chance, successes] = [trials, p, 0]
  for (let level = 0; n > FEW_TRIALS; level++) {
    // streams of their own: numbers of draws are not negative
    const own = -(64 * draw + 2 * level)
    const i = Math.floor(n / 2) + 1
    const x = gammaDraw(seed, unit, own - 1, i)
    const middle = x / (x + gammaDraw(seed, unit, own - 2, n - i + 1))
    if (middle <= chance) {
      successes += i
      n -= i
      chance = Math.min(1, (chance - middle) / (1 - middle))
    } else {
      n = i - 1
      chance = Math.min(1, chance / middle)
    }
  }
  for (let i = 0; i < n; i++) if (uniformDraw(seed, unit, draw, i) < chance) successes++
  return successes
}

/** Rates below which the gaps between events are drawn one by one. */
const LOW_RATE = 16
/** Streams of what a Poisson draw needs beside its own: seeds are whole numbers, which this turns into others. */
const BESIDE = 0x5bd1e995

/**
 * Poisson: the events of a process of rate 1 before the time `rate`. At a high rate the time X of the m-th one, m ≈ 7/8 of
 * the rate, is a gamma draw: m events and the rest of the time where it lies before the end, else as many of m − 1 as fall
 * into rate / X (Ahrens and Dieter 1974; Devroye 1986, Non-Uniform Random Variate Generation, chapter X, section 3.4).
 */
export function poissonDraw(seed: number, unit: number, draw: number, rate: number): number {
  if (!(rate >= 0) || rate === Number.POSITIVE_INFINITY) return Number.NaN
  let [time, events] = [rate, 0]
  for (let level = 0; time > LOW_RATE; level++) {
    const m = Math.floor((7 * time) / 8)
    const x = gammaDraw(seed ^ BESIDE, unit, -(64 * draw + level + 1), m)
    if (x > time) return events + binomialDraw(seed, unit, draw, m - 1, time / x)
    events += m
    time -= x
  }
  for (let i = 0; ; i++) {
    time += Math.log(uniformDraw(seed, unit, draw, i))
    if (!(time > 0)) return events + i
  }
}

/** χ² with 4 degrees of freedom: −2 log of a product of two uniform draws. */
export function chiSquareDraw(seed: number, unit: number, draw: number): number {
  return -2 * Math.log(uniformDraw(seed, unit, draw, -1) * uniformDraw(seed, unit, draw, -2))
}

/**
 * Seeded numbers for the data of the workloads: sfc32, 32 bits a draw, doubles of 53 bits; Normal numbers by the polar
 * method. The same on every machine up to the last bit of `Math.log`, which is why data is written to a file that every program reads.
 */
export function randomSource(seed) {
  let a = seed >>> 0
  let b = 0x9e3779b9
  let c = 0x243f6a88
  let d = 1
  const bits = () => {
    const t = (((a + b) | 0) + d) | 0
    d = (d + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 16; i++) bits()
  const uniform = () => ((bits() >>> 5) * 67108864 + (bits() >>> 6) + 0.5) / 9007199254740992
  let spare = null
  const normal = () => {
    if (spare !== null) {
      const value = spare
      spare = null
      return value
    }
    for (;;) {
      const x = 2 * uniform() - 1
      const y = 2 * uniform() - 1
      const s = x * x + y * y
      if (s >= 1 || s === 0) continue
      const scale = Math.sqrt((-2 * Math.log(s)) / s)
      spare = y * scale
      return x * scale
    }
  }
  const below = (n) => Math.floor(n * uniform())
  /** An index drawn with the given probabilities. */
  const pick = (probabilities, from = 0, length = probabilities.length) => {
    let rest = uniform()
    for (let i = 0; i < length - 1; i++) {
      rest -= probabilities[from + i]
      if (rest < 0) return i
    }
    return length - 1
  }
  /** A point of the simplex: uniform weights, sharpened where `power` is above 1. */
  const simplex = (length, power = 1) => {
    const weights = Array.from({ length }, () => uniform() ** power)
    const total = weights.reduce((s, w) => s + w, 0)
    return weights.map((w) => w / total)
  }
  return { uniform, normal, below, pick, simplex }
}

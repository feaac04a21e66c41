/** Random numbers for micro-data and random params: the same seed gives the same numbers. */

/** Uniform numbers in (0, 1) by xorshift128 (Marsaglia 2003, section 3), seeded by splitmix32. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0
  const word = (): number => {
    state = (state + 0x9e3779b9) >>> 0
    let z = state
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b)
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35)
    return (z ^ (z >>> 16)) >>> 0
  }
  let [x, y, z, w] = [word(), word(), word(), word() | 1]
  return () => {
    const t = x ^ (x << 11)
    x = y
    y = z
    z = w
    w = (w ^ (w >>> 19) ^ t ^ (t >>> 8)) >>> 0
    return (w + 0.5) / 4294967296
  }
}

/** A standard normal number (Box and Muller 1958). */
export function normal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
}

/** 0 … bound − 1. */
export function integer(random: () => number, bound: number): number {
  return Math.min(bound - 1, Math.floor(random() * bound))
}

/** The same elements in random order (Fisher and Yates). */
export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const out = [...list]
  for (let i = out.length - 1; i > 0; i--) {
    const j = integer(random, i + 1)
    const [a, b] = [out[i], out[j]]
    if (a === undefined || b === undefined) continue
    out[i] = b
    out[j] = a
  }
  return out
}

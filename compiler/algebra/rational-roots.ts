/** Polynomials in one variable with rational roots. */
import { num } from './build.js'
import { rationalFromNumber } from './rational.js'
import type { Expr } from './types.js'

/** A number as a fraction with a small denominator where it is one to the last digits. */
export const rationalFloat = (value: number): Expr => {
  const r = rationalFromNumber(value)
  if (r !== null) return { kind: 'num', value: r }
  for (let d = 1; d <= 5040; d++) {
    const n = Math.round(value * d)
    if (Math.abs(value - n / d) < 1e-15 * Math.max(1, Math.abs(value))) return num(n, d)
  }
  return { kind: 'float', value }
}

/** Rational roots with multiplicity of Σ c_i u^i when all its roots are rational, else null. Degrees up to 8. */
export function rationalRoots(
  coefficients: readonly number[],
): readonly { readonly root: number; readonly times: number }[] | null {
  let c = [...coefficients]
  const found = new Map<number, number>()
  while (c.length > 1) {
    if (c.length === 2) {
      const [c0, c1] = c
      if (c0 === undefined || c1 === undefined) return null
      bump(found, -c0 / c1)
      break
    }
    const root = candidateRoots(c).find((r) => Math.abs(horner(c, r)) <= 1e-12 * c.reduce((s, x) => s + Math.abs(x), 0))
    if (root === undefined) return null
    bump(found, root)
    c = deflate(c, root)
  }
  return [...found].map(([root, times]) => ({ root, times }))
}

const bump = (m: Map<number, number>, r: number): void => {
  const key = [...m.keys()].find((k) => Math.abs(k - r) < 1e-12) ?? (r === 0 ? 0 : r)
  m.set(key, (m.get(key) ?? 0) + 1)
}
const horner = (c: readonly number[], x: number): number => c.reduceRight((acc, k) => acc * x + k, 0)

function deflate(c: readonly number[], root: number): number[] {
  const out: number[] = new Array(c.length - 1).fill(0)
  let carry = 0
  for (let i = c.length - 1; i > 0; i--) {
    carry = (c[i] ?? 0) + carry * root
    out[i - 1] = carry
  }
  return out
}

/** p/q with small p and q: enough for cells of textbook models, and anything else stays opaque. */
function candidateRoots(c: readonly number[]): readonly number[] {
  const out: number[] = [0, 1, -1]
  if (c.length === 3) {
    const [c0 = 0, c1 = 0, c2 = 1] = c
    const d = c1 * c1 - 4 * c2 * c0
    if (d >= 0) for (const s of [1, -1]) out.push((-c1 + s * Math.sqrt(d)) / (2 * c2))
  }
  for (let q = 1; q <= 12; q++) for (let p = -24; p <= 24; p++) out.push(p / q)
  return out
}

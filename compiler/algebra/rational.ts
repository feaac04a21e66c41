import type { Rational } from './types.js'

/** n/d in lowest terms with d > 0, or null where either leaves the safe integers. */
export function rational(n: number, d = 1): Rational | null {
  if (!Number.isSafeInteger(n) || !Number.isSafeInteger(d) || d === 0) return null
  const g = gcd(Math.abs(n), Math.abs(d)) || 1
  const s = d < 0 ? -1 : 1
  const top = (s * n) / g
  return { n: top === 0 ? 0 : top, d: Math.abs(d) / g }
}

function gcd(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b]
  return a
}

export const addRational = (a: Rational, b: Rational): Rational | null => rational(a.n * b.d + b.n * a.d, a.d * b.d)
export const mulRational = (a: Rational, b: Rational): Rational | null => rational(a.n * b.n, a.d * b.d)

/** a to an integer power, or null where it does not fit. */
export function powRational(a: Rational, exponent: number): Rational | null {
  if (a.n === 0 && exponent < 0) return null
  const n = a.n ** Math.abs(exponent)
  const d = a.d ** Math.abs(exponent)
  return exponent >= 0 ? rational(n, d) : rational(d, n)
}

export const toNumber = (r: Rational): number => r.n / r.d

/** The exact value of a decimal literal such as 0.1 or 1e-3, or null where it does not fit. */
export function rationalFromNumber(value: number): Rational | null {
  if (Number.isSafeInteger(value)) return rational(value)
  if (!Number.isFinite(value)) return null
  const text = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value))
  if (text === null) return null
  const digits = `${text[2] ?? ''}${text[3] ?? ''}`
  const exponent = Number(text[4] ?? '0') - (text[3]?.length ?? 0)
  if (digits.length > 12 || exponent < -9 || exponent > 9) return null
  const n = Number(digits) * (text[1] === '-' ? -1 : 1)
  return exponent >= 0 ? rational(n * 10 ** exponent) : rational(n, 10 ** -exponent)
}

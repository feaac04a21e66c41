/** What residuals under a factorised posterior are checked by: functions and integrals of their own, and numbers of posteriors. */
import { expect } from 'vitest'
import type { Fit, LatentPosterior } from '../../index.js'
import { named, numbers } from './fit-at.js'

export const close = (a: number | null | undefined, b: number, digits = 8): void =>
  expect(a ?? Number.NaN).toBeCloseTo(b, digits)

/** ψ(x) by its recurrence and asymptotic series. */
export function digamma(x: number): number {
  let [y, out] = [x, 0]
  for (; y < 12; y++) out -= 1 / y
  const s = 1 / (y * y)
  return out + Math.log(y) - 0.5 / y - s * (1 / 12 - s * (1 / 120 - s * (1 / 252 - s / 240)))
}

/** Φ by its Taylor series about 0. */
export function phi(z: number): number {
  if (Math.abs(z) > 7) return z > 0 ? 1 : 0
  let [term, total] = [z, z]
  for (let k = 1; k < 400; k++) {
    term *= (z * z) / (2 * k + 1)
    total += term
  }
  return 0.5 + (total * Math.exp(-0.5 * z * z)) / Math.sqrt(2 * Math.PI)
}

/** E f(u) of a density that is known up to a constant, by a sum over log u. */
export function overLog(logDensity: (u: number) => number, f: (u: number) => number): number {
  const us = Array.from({ length: 24_001 }, (_, i) => Math.exp(-30 + i / 500))
  const logs = us.map((u) => logDensity(u) + Math.log(u))
  const most = Math.max(...logs)
  let [all, part] = [0, 0]
  us.forEach((u, i) => {
    const w = Math.exp((logs[i] ?? 0) - most)
    if (w < 1e-18) return
    all += w
    part += w * f(u)
  })
  return part / all
}

export const normalised = (xs: readonly number[]): readonly number[] => {
  const total = xs.reduce((a, b) => a + b, 0)
  return xs.map((x) => x / total)
}

export const at = (xs: readonly number[], i: number): number => xs[i] ?? Number.NaN

export function cellsOf(
  fit: Fit,
  data: string,
): Promise<readonly { pit: number | null; residual: number | null; probability: number | null }[]> {
  return fit.residuals().then(({ arrays }) => {
    const own = arrays.find((a) => a.data === data)
    expect(own?.reason).toBeNull()
    expect(own?.left).toBe(0)
    expect(own?.approximate).toBe(true)
    return own?.cells ?? []
  })
}

export const at2 = (xs: readonly string[], i: number): string => xs[i] ?? ''

/** One of two Normal numbers whose product is seen with a variance, without that. */
export function productCavity(fit: Fit, name: string, other: string, k: number, x: number, noise: number) {
  const [[m, v], [o, s]] = [momentsOf(fit, name, k), momentsOf(fit, other, k)]
  const variance = 1 / (1 / v - (o * o + s) / noise)
  return { variance, mean: variance * (m / v - (x * o) / noise) }
}

export const det2 = (m: readonly number[]): number => at(m, 0) * at(m, 3) - at(m, 1) * at(m, 2)
export const inverse2 = (m: readonly number[]): readonly number[] =>
  [at(m, 3), -at(m, 1), -at(m, 2), at(m, 0)].map((v) => v / det2(m))
export const product2 = (a: readonly number[], b: readonly number[]): readonly number[] =>
  [0, 1, 2, 3].map((e) => at(a, e & 2) * at(b, e & 1) + at(a, (e & 2) + 1) * at(b, 2 + (e & 1)))

/** A cell less a Normal mean, without what it adds to that times `precision`; z of the cell with a variance of its own. */
export function without(x: number, m: number, v: number, precision: number) {
  const free = 1 / (1 / v - precision)
  const off = x - free * (m / v - precision * x)
  return {
    z: (variance: number) => off / Math.sqrt(free + variance),
    beside: (more: number, variance: number) => (off + more) / Math.sqrt(free + variance),
  }
}

/** Of an unnormalised Gamma density. */
export const gamma =
  (shape: number, rate: number) =>
  (u: number): number =>
    (shape - 1) * Math.log(u) - rate * u

export const posteriorOf = (fit: Fit, name: string): LatentPosterior => named(fit.posteriors() ?? [], name)

export const momentsOf = (fit: Fit, name: string, k: number): readonly [number, number] => {
  const { mean, variance } = posteriorOf(fit, name)
  return [at(numbers(mean), k), at(numbers(variance), k)]
}

export const gammaOf = (fit: Fit, name: string, k: number): readonly [number, number] => {
  const values = posteriorOf(fit, name).parameters?.values
  return [at(numbers(values?.get('shape')), k), at(numbers(values?.get('rate')), k)]
}

/** Draws for simulated data, from a uniform source. */
import type { RandomSource } from '../../compiler/distributions/types.js'

export const normal = (u: RandomSource): number => Math.sqrt(-2 * Math.log(1 - u())) * Math.cos(2 * Math.PI * u())

/** An index from 0 with probabilities p. */
export function categorical(u: RandomSource, p: readonly number[]): number {
  let left = u()
  const at = p.findIndex((x) => {
    left -= x
    return left < 0
  })
  return at < 0 ? p.length - 1 : at
}

/** By multiplication (Knuth); for rates below some tens. */
export function poisson(u: RandomSource, rate: number): number {
  let [n, product] = [0, u()]
  while (product > Math.exp(-rate)) {
    n++
    product *= u()
  }
  return n
}

export const binomial = (u: RandomSource, n: number, p: number): number => range(n).filter(() => u() < p).length

/** Draws again until the value is accepted. */
export function until(draw: () => number, accept: (x: number) => boolean): number {
  for (;;) {
    const x = draw()
    if (accept(x)) return x
  }
}

/** States of a chain, from 0. */
export function chain(
  u: RandomSource,
  length: number,
  start: readonly number[],
  step: readonly (readonly number[])[],
): readonly number[] {
  const states: number[] = []
  for (const t of range(length)) states.push(categorical(u, t === 0 ? start : at(step, at(states, t - 1))))
  return states
}

export const range = (n: number): readonly number[] => Array.from({ length: n }, (_, i) => i)

export function at<T>(list: readonly T[], i: number): T {
  const value = list[i]
  if (value === undefined) throw new Error(`no element ${i}`)
  return value
}

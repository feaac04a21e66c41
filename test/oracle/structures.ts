/** Models of every latent structure, and comparisons with answers worked out apart from the oracle. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import {
  cellAt,
  expectation,
  expectations,
  expectedCompleteLogDensityAt,
  logLikelihood,
  logLikelihoodParts,
} from '../../oracle/answers.js'
import { directionalDerivative } from '../../oracle/gradient.js'
import type { Ground } from '../../oracle/ground-types.js'
import type { Cell } from '../../oracle/stored.js'
import type { Value, Values } from '../../oracle/types.js'
import { grounded, type Raw, values } from './micro.js'

export function structure(
  name: string,
  data: Readonly<Record<string, Raw>>,
  consts: Readonly<Record<string, Value>> = {},
): Ground {
  const text = readFileSync(new URL(`../certify/models/${name}.estep`, import.meta.url), 'utf8')
  return grounded(text, data, values(consts))
}

/** Relative, absolute below 1. */
export function near(actual: number, expected: number, tolerance = 1e-10): void {
  const error = Math.abs(actual - expected) / Math.max(1, Math.abs(expected))
  expect(error, `${actual} and ${expected}`).toBeLessThanOrEqual(tolerance)
}

export class Answers {
  constructor(
    readonly ground: Ground,
    readonly params: Values,
  ) {}

  log(expected: number, tolerance = 1e-10): this {
    near(logLikelihood(this.ground, this.params), expected, tolerance)
    expect(logLikelihoodParts(this.ground, this.params).error).toBeLessThan(1e-9)
    return this
  }

  cell(name: string, ...indices: readonly number[]): Cell {
    return cellAt(this.ground, name, indices)
  }

  mean(cell: Cell, f: (x: number) => number = (x) => x): number {
    return expectation(this.ground, this.params, [cell], ([x = Number.NaN]) => f(x))
  }

  covariance(a: Cell, b: Cell): number {
    const [ma = 0, mb = 0] = expectations(this.ground, this.params, [a, b], (x) => x)
    return expectation(this.ground, this.params, [a, b], ([x = 0, y = 0]) => (x - ma) * (y - mb))
  }

  moments(cell: Cell, mean: number, variance: number, tolerance = 1e-9): this {
    near(this.mean(cell), mean, tolerance)
    near(this.covariance(cell, cell), variance, tolerance)
    return this
  }

  /** Posterior probability that a discrete cell has a value. */
  probability(cell: Cell, value: number): number {
    return this.mean(cell, (x) => (x === value ? 1 : 0))
  }

  /** Fisher's identity along all numbers at once: simplices leave their plane, which densities allow. */
  fisher(): this {
    const numbers = (v: Value): number => (typeof v === 'number' ? 1 : v.reduce<number>((n, x) => n + numbers(x), 0))
    const count = [...this.params.values()].reduce<number>((n, v) => n + numbers(v), 0)
    const direction = Array.from({ length: count }, (_, i) => 0.3 + ((i * 7) % 5) / 7)
    const q = expectedCompleteLogDensityAt(this.ground, this.params)
    const left = directionalDerivative((p) => logLikelihood(this.ground, p), this.params, direction).value
    const right = directionalDerivative(q, this.params, direction).value
    near(left, right, 5e-9)
    return this
  }
}

export function answers(
  name: string,
  data: Readonly<Record<string, Raw>>,
  params: Readonly<Record<string, Value>>,
  consts: Readonly<Record<string, Value>> = {},
): Answers {
  return new Answers(structure(name, data, consts), values(params))
}

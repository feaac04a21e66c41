import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { densities, logDensity } from '../../oracle/densities/index.js'
import * as special from '../../oracle/special-functions.js'
import type { Value } from '../../oracle/types.js'

interface Anchor {
  readonly value: Value
  readonly arguments: Readonly<Record<string, Value>>
  readonly logDensity: number
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`anchors/${name}.json`, import.meta.url), 'utf8')) as T
}

function relativeError(actual: number, expected: number): number {
  return actual === expected ? 0 : Math.abs(actual - expected) / Math.abs(expected)
}

describe.each([...densities.keys()])('%s', (name) => {
  it('agrees with the anchor table to 1e-12', () => {
    const anchors = read<readonly Anchor[]>(name)
    expect(anchors.length).toBeGreaterThanOrEqual(20)
    for (const anchor of anchors) {
      const actual = logDensity(name, anchor.value, new Map(Object.entries(anchor.arguments)))
      expect(relativeError(actual, anchor.logDensity), JSON.stringify(anchor)).toBeLessThanOrEqual(1e-12)
    }
  })
})

describe('special functions', () => {
  const functions = new Map<string, (x: number) => number>([
    ['lgamma', special.lgamma],
    ['digamma', special.digamma],
    ['erf', special.erf],
    ['erfc', special.erfc],
    ['Phi', special.Phi],
    ['logPhi', special.logPhi],
    ['logBesselI0', special.logBesselI0],
  ])
  const anchors = new Map(Object.entries(read<Record<string, [number, number][]>>('special-functions')))
  it.each([...functions])('%s', (name, f) => {
    for (const [x, expected] of anchors.get(name) ?? []) {
      expect(relativeError(f(x), expected), `${name}(${x}) = ${f(x)}, not ${expected}`).toBeLessThanOrEqual(5e-14)
    }
  })
})

describe('ends of the support', () => {
  const cases: readonly [string, Value, Record<string, Value>, number][] = [
    ['Normal', 1, { mean: 1, sd: 0 }, Number.NEGATIVE_INFINITY],
    ['Binomial', 0, { n: 3, p: 0 }, 0],
    ['Binomial', 1, { n: 3, p: 0 }, Number.NEGATIVE_INFINITY],
    ['Binomial', 3, { n: 3, p: 1 }, 0],
    ['Poisson', 0, { rate: 0 }, 0],
    ['Poisson', 2, { rate: 0 }, Number.NEGATIVE_INFINITY],
    ['Poisson', 1.5, { rate: 1 }, Number.NEGATIVE_INFINITY],
    ['Multinomial', [2, 0], { p: [1, 0] }, 0],
    ['Geometric', 0, { p: 1 }, 0],
    ['Geometric', 1, { p: 1 }, Number.NEGATIVE_INFINITY],
    ['Beta', 0, { a: 1, b: 1 }, 0],
    ['Gamma', -1, { shape: 1, rate: 1 }, Number.NEGATIVE_INFINITY],
    ['Uniform', 2, { low: 0, high: 2 }, -Math.LN2],
    ['Bernoulli', 0, { p: 0 }, 0],
    [
      'MvNormal',
      [0, 0],
      {
        mean: [0, 0],
        cov: [
          [1, 1],
          [1, 1],
        ],
      },
      Number.NEGATIVE_INFINITY,
    ],
  ]
  it.each(cases)('%s at %j with %j is %d', (name, value, args, expected) => {
    expect(logDensity(name, value, new Map(Object.entries(args)))).toBeCloseTo(expected, 15)
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  besselI0,
  besselI1,
  digamma,
  lgamma,
  logistic,
  logit,
  Phi,
  trigamma,
} from '../../../compiler/numerics/index.js'

type Table = readonly (readonly [number, number])[]

const tables: Readonly<Record<string, Table>> = JSON.parse(
  readFileSync(new URL('./tables.json', import.meta.url), 'utf8'),
)

const EPSILON = 2 ** -52

/** Error in units of the value's own epsilon. */
function error(value: number, expected: number): number {
  if (Object.is(value, expected) || value === expected) return 0
  return Math.abs(value - expected) / (Math.abs(expected) * EPSILON)
}

const cases: readonly (readonly [string, (x: number) => number, number])[] = [
  ['lgamma', lgamma, 6],
  ['digamma', digamma, 4],
  ['trigamma', trigamma, 6],
  ['Phi', Phi, 6],
  ['besselI0', besselI0, 6],
  ['besselI1', besselI1, 6],
  ['logistic', logistic, 4],
  ['logit', logit, 4],
]

describe('special functions against mpmath', () => {
  for (const [name, apply, most] of cases) {
    const table = tables[name] ?? []
    it(`${name} is within ${most} epsilons at positive and ordinary arguments`, () => {
      expect(table.length).toBeGreaterThan(12)
      const bad = table
        .filter(([x]) => x >= 0 || (name !== 'lgamma' && name !== 'digamma' && name !== 'trigamma'))
        .map(([x, expected]) => ({ x, expected, value: apply(x), error: error(apply(x), expected) }))
        .filter((row) => !(row.error <= most))
      expect(bad).toEqual([])
    })
  }

  it('reflects to negative arguments', () => {
    for (const [name, apply] of [
      ['lgamma', lgamma],
      ['digamma', digamma],
      ['trigamma', trigamma],
    ] as const) {
      for (const [x, expected] of (tables[name] ?? []).filter(([at]) => at < 0)) {
        expect(Math.abs(apply(x) - expected)).toBeLessThan(2e-14 * Math.max(1, Math.abs(expected)))
      }
    }
  })

  it('has the limits and poles it states', () => {
    expect([0, -1, -7, Infinity].map(lgamma)).toEqual([Infinity, Infinity, Infinity, Infinity])
    expect([lgamma(1), lgamma(2), trigamma(Infinity), digamma(Infinity)]).toEqual([0, 0, 0, Infinity])
    expect([0, -1, -3].map(digamma)).toEqual([Number.NaN, Number.NaN, Number.NaN])
    expect([Phi(-Infinity), Phi(Infinity), Phi(-40), Phi(0)]).toEqual([0, 1, 0, 0.5])
    expect([logit(0), logit(1), logit(0.5), logit(-1)]).toEqual([-Infinity, Infinity, 0, Number.NaN])
    expect([logistic(-Infinity), logistic(Infinity), logistic(800)]).toEqual([0, 1, 1])
    expect([besselI0(0), besselI1(0), besselI1(-1) + besselI1(1), besselI0(1000)]).toEqual([1, 0, 0, Infinity])
    const all = [lgamma, digamma, trigamma, Phi, besselI0, besselI1, logistic, logit]
    expect(all.map((apply) => apply(Number.NaN)).every(Number.isNaN)).toBe(true)
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  besselRatio,
  besselRatioSlope,
  digammaDelta,
  inverseMills,
  lbeta,
  lgamma,
  lgammaDelta,
  log1mexp,
  logBesselI0e,
  logBetaI,
  logGammaP,
  logGammaQ,
  logLogistic,
  logPhi,
  logPhiBetween,
  logStudentCdf,
  logVonMisesArc,
} from '../../../compiler/numerics/index.js'

type Row = readonly [readonly number[], number]

const tables: Readonly<Record<string, readonly Row[]>> = JSON.parse(
  readFileSync(new URL('./tail-tables.json', import.meta.url), 'utf8'),
)

/** Largest error, relative to the value. */
const cases: readonly (readonly [string, (...args: readonly number[]) => number, number])[] = [
  ['logPhi', (x = 0) => logPhi(x), 3e-15],
  ['inverseMills', (x = 0) => inverseMills(x), 2e-15],
  ['log1mexp', (x = 0) => log1mexp(x), 2e-15],
  ['logPhiBetween', (a = 0, b = 0) => logPhiBetween(a, b), 1e-12],
  ['logGammaP', (a = 0, x = 0) => logGammaP(a, x), 1e-12],
  ['logGammaQ', (a = 0, x = 0) => logGammaQ(a, x), 1e-12],
  ['logBetaI', (a = 0, b = 0, x = 0) => logBetaI(a, b, x), 1e-12],
  ['logStudentCdf', (df = 0, t = 0) => logStudentCdf(df, t), 1e-12],
  ['logVonMisesArc', (c = 0, a = 0, b = 0) => logVonMisesArc(c, a, b), 1e-12],
  ['logLogistic', (x = 0) => logLogistic(x), 2e-15],
  ['logBesselI0e', (x = 0) => logBesselI0e(x), 2e-15],
  ['besselRatio', (x = 0) => besselRatio(x), 2e-15],
  ['besselRatioSlope', (x = 0) => besselRatioSlope(x), 1e-12],
  ['lgammaDelta', (a = 0, n = 0) => lgammaDelta(a, n), 1e-14],
  ['digammaDelta', (a = 0, n = 0) => digammaDelta(a, n), 1e-14],
]

describe('functions of tails against mpmath', () => {
  it.each(cases)('%s', (name, apply, tolerance) => {
    const table = tables[name] ?? []
    expect(table.length).toBeGreaterThanOrEqual(20)
    const bad = table
      .map(([args, expected]) => ({ args, expected, value: apply(...args) }))
      .map((row) => ({ ...row, error: Math.abs(row.value - row.expected) / Math.abs(row.expected) }))
      .filter((row) => !(row.value === row.expected || row.error <= tolerance))
    expect(bad).toEqual([])
  })

  it('have the limits they state', () => {
    expect([logPhi(-Infinity), Math.abs(logPhi(Infinity)), logPhi(Number.NaN)]).toEqual([-Infinity, 0, Number.NaN])
    expect([inverseMills(-Infinity), inverseMills(Infinity), inverseMills(Number.NaN)]).toEqual([
      Infinity,
      0,
      Number.NaN,
    ])
    expect([log1mexp(0), Math.abs(log1mexp(-Infinity)), log1mexp(1)]).toEqual([-Infinity, 0, Number.NaN])
    expect([logPhiBetween(2, 2), logPhiBetween(3, 2), Math.abs(logPhiBetween(-Infinity, Infinity))]).toEqual([
      -Infinity,
      Number.NaN,
      0,
    ])
    expect(logPhiBetween(-Infinity, -3)).toBe(logPhi(-3))
    expect([logLogistic(-Infinity), Math.abs(logLogistic(Infinity)), logLogistic(Number.NaN)]).toEqual([
      -Infinity,
      0,
      Number.NaN,
    ])
    expect([logBesselI0e(Infinity), logBesselI0e(Number.NaN), logBesselI0e(-7)]).toEqual([
      -Infinity,
      Number.NaN,
      logBesselI0e(7),
    ])
    expect([besselRatio(Infinity), besselRatio(-Infinity), besselRatio(-2), besselRatio(Number.NaN)]).toEqual([
      1,
      -1,
      -besselRatio(2),
      Number.NaN,
    ])
    expect([besselRatioSlope(Infinity), besselRatioSlope(-30), besselRatioSlope(Number.NaN)]).toEqual([
      0,
      besselRatioSlope(30),
      Number.NaN,
    ])
    expect(logPhiBetween(3, Infinity)).toBe(logPhi(-3))
    expect([logGammaP(0, 1), logGammaP(2, 0), logGammaP(2, Infinity)]).toEqual([0, -Infinity, 0])
    expect([logGammaQ(0, 1), logGammaQ(2, 0), logGammaQ(2, Infinity)]).toEqual([-Infinity, 0, -Infinity])
    expect([logBetaI(2, 3, 0), logBetaI(2, 3, 1), logBetaI(2, 0, 0.5)]).toEqual([-Infinity, 0, Number.NaN])
    expect([logStudentCdf(3, -Infinity), logStudentCdf(3, Infinity), logStudentCdf(0, 1)]).toEqual([
      -Infinity,
      0,
      Number.NaN,
    ])
    expect([logStudentCdf(3, 0), logStudentCdf(3, 1e-200), logStudentCdf(1e300, -3)]).toEqual([
      -Math.LN2,
      -Math.LN2,
      logPhi(-3),
    ])
    expect([logVonMisesArc(2, 1, 1), logVonMisesArc(2, 1, 8), logVonMisesArc(-1, 0, 1)]).toEqual([
      -Infinity,
      0,
      Number.NaN,
    ])
    // places are told apart up to whole turns
    expect(logVonMisesArc(3, 1 - 20 * Math.PI, 2 - 20 * Math.PI)).toBeCloseTo(logVonMisesArc(3, 1, 2), 12)
    expect([lgammaDelta(3, 0), digammaDelta(3, 0), lgammaDelta(1, 1)]).toEqual([0, 0, 0])
    expect(lbeta(2, 3)).toBeCloseTo(-Math.log(12), 15)
    expect(Math.abs(lbeta(1e10, 2) - (lgamma(2) - 2 * Math.log(1e10))) / 46).toBeLessThan(1e-10)
  })
})

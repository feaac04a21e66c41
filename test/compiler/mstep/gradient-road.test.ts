/** The fallback and the derivation check each other: `--m-step gradient` reaches the optimum of the closed forms. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileOrThrow, type FitCallOptions, readTable } from '../../../index.js'
import { readCase, readCaseData } from '../../conformance/cases.js'

const folder = new URL('../../../examples/', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, folder), 'utf8')

const grades = (name: string): readonly [string, string, FitCallOptions] => [`${name}.estep`, `${name}.csv`, {}]

/** Model, data and options. */
const EXAMPLES: readonly (readonly [string, string, FitCallOptions])[] = [
  grades('grades/plain'),
  grades('grades/hidden'),
  grades('grades-second/plain'),
  grades('grades-second/hidden'),
  ...['spherical', 'diagonal', 'full', 'tied'].map(
    (shape) => [`old-faithful/${shape}.estep`, 'old-faithful/faithful.csv', {}] as const,
  ),
  ['regressions/lines-equal.estep', 'regressions/co2data.csv', {}],
  ['regressions/lines-unequal.estep', 'regressions/co2data.csv', {}],
  ['regressions/quadratic.estep', 'regressions/npreg.csv', {}],
  ['map-mixture/model.estep', 'map-mixture/faithful.csv', {}],
  ['map-mixture/conjugate.estep', 'map-mixture/faithful.csv', {}],
  ['map-mixture/galaxies.estep', 'map-mixture/galaxies.csv', {}],
  ['iris/mixture.estep', 'iris/iris.csv', { columns: { x: ['sl', 'sw', 'pl', 'pw'] } }],
]

const flat = (value: unknown): readonly number[] => {
  if (typeof value === 'number') return [value]
  return value !== null && typeof value === 'object' ? Object.values(value).flatMap(flat) : []
}

async function compare(source: string, name: string, text: string, options: FitCallOptions): Promise<void> {
  const table = readTable(name, text).value
  if (table === undefined) throw new Error(`${name} cannot be read`)
  const both = await Promise.all(
    (['auto', 'gradient'] as const).map((mStep) =>
      compileOrThrow(source).fit([table], { seed: 1, restarts: 1, tolerance: 1e-12, ...options, mStep }),
    ),
  )
  const [closed, gradient] = both
  if (closed === undefined || gradient === undefined) throw new Error('not fitted')
  expect([closed.converged, gradient.converged]).toEqual([true, true])
  expect(Math.abs(closed.objective - gradient.objective)).toBeLessThanOrEqual(1e-6)
  const [a, b] = [flat(closed.params), flat(gradient.params)]
  expect(a.length).toBe(b.length)
  a.forEach((x, i) => {
    expect(Math.abs(x - (b[i] ?? Number.NaN))).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(x)))
  })
  const rules = (fit: typeof closed): readonly boolean[] =>
    (fit.result.plan as unknown as { readonly mStep: readonly { readonly closedForm: boolean }[] }).mStep.map(
      (s) => s.closedForm,
    )
  expect(rules(closed).every(Boolean)).toBe(true)
  expect(rules(gradient).some(Boolean)).toBe(false)
}

describe('examples', () => {
  test.each(EXAMPLES)('%s', { timeout: 60_000 }, (model, data, options) =>
    compare(read(model), data, read(data), options),
  )
})

describe('from the start of a reference case', () => {
  test('A20: a mixture of quadratic regressions', { timeout: 60_000 }, async () => {
    const reference = readCase('A20-npreg-mixreg')
    expect(reference.logLik).toBeCloseTo(-642.532, 3)
    await compare(read('regressions/quadratic.estep'), 'npreg.csv', readCaseData('A20-npreg-mixreg'), { seed: 3 })
  })
})

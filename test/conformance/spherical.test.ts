/** Spherical mixtures beside scikit-learn: sigma_k² = Σ r |x − mu_k|² / (D N_k), where the D is easily left out. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../index.js'

interface Case {
  readonly x: readonly (readonly number[])[]
  readonly start: Readonly<Record<string, unknown>>
  readonly logLikelihood: number
  readonly pi: readonly number[]
  readonly mu: readonly (readonly number[])[]
  readonly sigma: readonly number[]
}

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8')
const { program, cases } = JSON.parse(read('peers/spherical.json')) as {
  readonly program: string
  readonly cases: readonly Case[]
}
const model = compileOrThrow(read('../../examples/old-faithful/spherical.estep'))

describe(`spherical mixtures as by ${program}`, () => {
  it.each(cases.map((c) => [c.x[0]?.length, c] as const))('D = %i', async (_, c) => {
    const fit = await model.fit({ x: c.x }, { start: c.start, tolerance: 0, maxIterations: 4000 })
    expect(Math.abs(fit.logLikelihood - c.logLikelihood)).toBeLessThan(1e-9 * Math.abs(c.logLikelihood))
    for (const name of ['pi', 'mu', 'sigma'] as const) {
      const ours = [fit.params[name]].flat(2) as readonly number[]
      c[name].flat().forEach((value, i) => {
        expect(Math.abs((ours[i] ?? Number.NaN) - value)).toBeLessThan(1e-6)
      })
    }
  })

  it('are in one, two and five dimensions', () => {
    expect(cases.map((c) => c.x[0]?.length)).toEqual([1, 2, 5])
  })
})

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compareValues } from './compare-params.js'
import type { Nested } from './quantities.js'
import { runCase } from './run-case.js'

/** An entry of an example's expected.json. */
interface Expected {
  readonly model: string
  readonly data: readonly string[]
  readonly args: readonly string[]
  readonly expect: {
    readonly logLikelihood: number
    readonly tolerance: number
    readonly objective?: number
    /** How many params the data identify. */
    readonly parameters?: number
    readonly params?: Readonly<Record<string, Nested>>
    readonly paramsTolerance?: number
  }
  readonly source: string
}

const folder = new URL('../../examples/', import.meta.url)
const names = readdirSync(folder).filter((name) => existsSync(new URL(`${name}/expected.json`, folder)))

for (const name of names) {
  const read = (file: string): string => readFileSync(new URL(`${name}/${file}`, folder), 'utf8')
  const entries: readonly Expected[] = JSON.parse(read('expected.json'))
  describe(`example ${name}`, () => {
    test('has a page and uses every model', () => {
      expect(existsSync(new URL(`${name}/README.md`, folder))).toBe(true)
      const models = readdirSync(new URL(`${name}/`, folder)).filter((file) => file.endsWith('.estep'))
      expect([...new Set(entries.map((e) => e.model))].sort()).toEqual(models.sort())
    })
    for (const entry of entries) {
      test([entry.model, ...entry.data, ...entry.args].join(' '), { timeout: 300_000 }, async () => {
        const files = entry.data.map((file) => ({ name: file, text: read(file) }))
        const fit = await runCase(read(entry.model), files, entry.args, 1, read)
        const { logLikelihood, tolerance, objective, parameters, params, paramsTolerance } = entry.expect
        expect(Math.abs(fit.logLikelihood - logLikelihood), `log-likelihood ${fit.logLikelihood}`).toBeLessThanOrEqual(
          tolerance,
        )
        if (objective !== undefined)
          expect(Math.abs(fit.objective - objective), `objective ${fit.objective}`).toBeLessThanOrEqual(tolerance)
        if (parameters !== undefined) expect(fit.result.parameters).toBe(parameters)
        if (params !== undefined) expect(compareValues(params, fit.params)).toBeLessThanOrEqual(paramsTolerance ?? 1e-3)
      })
    }
  })
}

import { expect, test } from 'vitest'
import type { ProgramModel } from '../../../compiler/bind/bound-model.js'
import { compileOrThrow } from '../../../index.js'
import { seededRandom } from '../../laws/support/random.js'
import { MODELS } from '../kernel/passes/models.js'

/** Responsibilities of a start: probabilities of each value, row by row. */
function responsibilities(model: ProgramModel, seed: number): ReadonlyMap<string, Float64Array> {
  const random = seededRandom(seed)
  return new Map(
    model.latents.map((latent) => {
      const values = Float64Array.from({ length: latent.rows * latent.values }, () => random())
      for (let row = 0; row < latent.rows; row++) {
        const own = values.subarray(row * latent.values, (row + 1) * latent.values)
        const total = own.reduce((a, b) => a + b, 0)
        for (let i = 0; i < own.length; i++) own[i] = (own[i] ?? 0) / total
      }
      return [latent.name, values]
    }),
  )
}

test.each(['js', 'wasm'] as const)('%s: each start has its own responsibilities', (backend) => {
  for (const name of ['classes of items', 'rounded reals', 'items beside a measurement'] as const) {
    const { text, table } = MODELS[name]
    const bind = (by: 'js' | 'wasm' | 'interpret'): ProgramModel =>
      compileOrThrow(text).bind(table(200) as never, { backend: by }).model as ProgramModel
    const [model, wanted] = [bind(backend), bind('interpret')]
    const params = wanted.separated(seededRandom(1))
    const seen = [1, 2, 1].map((seed) => {
      const given = responsibilities(model, seed)
      const found = model.eStepFrom(given, params).statistics
      const expected = wanted.eStepFrom(given, params).statistics
      for (const [i, x] of expected.entries()) expect(found[i], `${name}, start ${seed}`).toBeCloseTo(x, 9)
      return found
    })
    expect(seen[0]).toEqual(seen[2])
    expect(seen[0]).not.toEqual(seen[1])
  }
})

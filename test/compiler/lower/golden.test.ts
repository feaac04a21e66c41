/** What two models become as kernel operations: a change of the lowering shows in the golden files. */
import { describe, expect, test } from 'vitest'
import type { Derivation } from '../../../compiler/derive.js'
import { printKernel } from '../../../compiler/kernel/print.js'
import type { KernelOp } from '../../../compiler/kernel/types.js'
import { verifyKernel } from '../../../compiler/kernel/verify.js'
import { deriveText } from '../../support/derive.js'

const MODELS = {
  'normal-mixture': `model M
const K = 2
data  x : real[N, D]
param w : simplex[K]
param m : real[K, D]
param s : positive[K]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Normal(m[z], s[z])
}`,
  'counts-with-a-sum': `model M
data  h, c, d : count
param mu : real in (0, 1/6)
latent a, b : count
[a, b, c, d] ~ Multinomial([1/2, mu, 2*mu, 1/2 - 3*mu])
observe h = a + b`,
} as const

/** The parts of a program in the order in which they run. */
function parts({ program }: Derivation): readonly (readonly [string, readonly KernelOp[]])[] {
  return [
    ['tables of the params', program.derived.param],
    ['once', program.once],
    ...program.passes.flatMap((p) => [
      [`pass ${p.id}, posterior`, p.posterior] as const,
      [`pass ${p.id}, objective`, p.objective] as const,
      [`pass ${p.id}, statistics`, p.statistics] as const,
    ]),
    ...program.solves.map((s) => [`coefficients of ${s.step.id}`, s.prepare] as const),
    ['Q at the trial params', program.qDriver],
  ]
}

describe.each(Object.entries(MODELS))('%s', (name, text) => {
  const d = deriveText(text)

  test('is the program of the golden file', async () => {
    const body = parts(d)
      .filter(([, ops]) => ops.length > 0)
      .map(([title, ops]) => `== ${title}\n${printKernel(ops, []).trim()}`)
    await expect(`${text}\n\n${body.join('\n\n')}\n`).toMatchFileSnapshot(`golden/${name}.txt`)
  })

  test('is legal', () => {
    for (const [title, ops] of parts(d)) expect(verifyKernel(ops, d.program.buffers), title).toEqual([])
  })
})

/** A distribution that the language does not have, from one file, fitted through generated JavaScript in a mixture. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compile, compileOrThrow } from '../../index.js'
import { Rayleigh } from './fixtures/rayleigh.js'
import { seededRandom } from './support/random.js'

const SOURCE = `model WaveHeights
const K = 2
data  x     : positive[N]
param w     : simplex[K]
param scale : positive[K]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Rayleigh(scale[z])
}
`

const options = { distributions: [Rayleigh] }
const random = seededRandom(5)
const rows = Array.from({ length: 400 }, (_, n) => (n % 3 === 0 ? 4 : 1) * Math.sqrt(-2 * Math.log(random())))
const START = { w: [0.5, 0.5], scale: [0.8, 3] }

/** EM for the same mixture, written by hand: weights are mean responsibilities, scale² = Σ r x² / (2 Σ r). */
function byHand(iterations: number): {
  readonly logLikelihood: number
  readonly w: readonly number[]
  readonly scale: readonly number[]
} {
  let { w, scale } = START
  const logs = (x: number): readonly number[] =>
    scale.map((s, k) => Math.log(w[k] ?? 0) + Math.log(x) - 2 * Math.log(s) - (x * x) / (2 * s * s))
  const normaliser = (ls: readonly number[]): number => {
    const top = Math.max(...ls)
    return top + Math.log(ls.reduce((a, l) => a + Math.exp(l - top), 0))
  }
  for (let i = 0; i < iterations; i++) {
    const count = [0, 0]
    const square = [0, 0]
    for (const x of rows) {
      const ls = logs(x)
      const total = normaliser(ls)
      for (const [k, l] of ls.entries()) {
        const r = Math.exp(l - total)
        count[k] = (count[k] ?? 0) + r
        square[k] = (square[k] ?? 0) + r * x * x
      }
    }
    w = count.map((c) => c / rows.length)
    scale = square.map((s, k) => Math.sqrt(s / (2 * (count[k] ?? 0))))
  }
  return { logLikelihood: rows.reduce((a, x) => a + normaliser(logs(x)), 0), w, scale }
}

test('it is not in the language', () => {
  const { ok, diagnostics } = compile(SOURCE)
  expect(ok).toBe(false)
  expect(diagnostics.map((d) => d.code)).toEqual(['E202'])
})

test('its M-step is derived in closed form', () => {
  const { mStep } = compileOrThrow(SOURCE, options).plan as unknown as {
    readonly mStep: readonly {
      readonly params: readonly string[]
      readonly rule: string
      readonly family: string
      readonly closedForm: boolean
      readonly exact: string
    }[]
  }
  expect(mStep.find((s) => s.params.includes('scale'))).toMatchObject({
    rule: 'family-mode',
    family: 'generalised Gamma',
    closedForm: true,
    exact: 'joint',
  })
})

test('its derivation is certified against brute force', () => {
  const { passed, checks, declined } = compileOrThrow(SOURCE, options).certify({ replicates: 2 })
  expect(declined).toBeUndefined()
  expect(checks.filter((c) => !c.passed)).toEqual([])
  expect(checks.map((c) => c.name)).toContain("Fisher's identity")
  expect(passed).toBe(true)
})

test.each([0, 1, 7, 60])('%i iterations are those of EM written by hand', async (maxIterations) => {
  const fit = await compileOrThrow(SOURCE, options).fit(
    { x: rows },
    { start: START, maxIterations, tolerance: 0, restarts: 1 },
  )
  const hand = byHand(maxIterations)
  expect(fit.logLikelihood).toBeCloseTo(hand.logLikelihood, 8)
  hand.w.forEach((v, k) => {
    expect(fit.params.w).toHaveProperty(String(k), expect.closeTo(v, 10))
  })
  hand.scale.forEach((v, k) => {
    expect(fit.params.scale).toHaveProperty(String(k), expect.closeTo(v, 10))
  })
})

test('the interpreter agrees, and so does the numerical M-step', async () => {
  const model = compileOrThrow(SOURCE, options)
  const same = { start: START, restarts: 1, tolerance: 1e-12 } as const
  const [js, interpreted, gradient] = await Promise.all([
    model.fit({ x: rows }, same),
    model.fit({ x: rows }, { ...same, backend: 'interpret' }),
    model.fit({ x: rows }, { ...same, mStep: 'gradient' }),
  ])
  expect(interpreted.logLikelihood).toBeCloseTo(js.logLikelihood, 9)
  expect(gradient.logLikelihood).toBeCloseTo(js.logLikelihood, 7)
})

test('the default start finds the two components', async () => {
  const fit = await compileOrThrow(SOURCE, options).fit({ x: rows }, { seed: 1 })
  expect(fit.converged).toBe(true)
  expect(fit.logLikelihood).toBeCloseTo(byHand(3000).logLikelihood, 5)
})

test('the page for contributors names the files that are there', () => {
  const page = readFileSync(new URL('../../CONTRIBUTING.md', import.meta.url), 'utf8')
  const section = page.slice(page.indexOf('## Add a distribution'), page.indexOf('## Add a rule'))
  const named = [...section.matchAll(/`([\w./-]+\.(?:ts|py|json))`/g)].flatMap((m) =>
    m[1] === undefined || m[1].startsWith('<') ? [] : [m[1]],
  )
  expect(named).toContain('test/laws/fixtures/rayleigh.ts')
  for (const file of named.filter((f) => f.includes('/')))
    expect(() => readFileSync(new URL(`../../${file}`, import.meta.url)), file).not.toThrow()
})

/** Equal densities are recognised alike, however they are spelt: the same family, the same rule, the same mode. */
import { describe, expect, test } from 'vitest'
import { num, ref } from '../../../compiler/algebra/build.js'
import { collect } from '../../../compiler/algebra/collect.js'
import { evaluate } from '../../../compiler/algebra/evaluate.js'
import { normaliseMatrices } from '../../../compiler/algebra/matrices.js'
import { monomialsToExpr } from '../../../compiler/algebra/monomial.js'
import type { Expr, IndexVar } from '../../../compiler/algebra/types.js'
import { distributionByName } from '../../../compiler/distributions/index.js'
import type { Tensor } from '../../../compiler/distributions/types.js'
import { compileOrThrow } from '../../../index.js'
import { seededRandom } from '../../laws/support/random.js'
import { SPELLED, type Spelled, type Spelling } from './spellings.js'

interface Step {
  readonly params: readonly string[]
  readonly rule: string
  readonly family: string
  readonly exact: string
}

/** One EM step from a fixed start, with the density spelt like this. */
function run({ distribution, model, data }: Spelled, spelling: Spelling | null) {
  const builtIn = distributionByName.get(distribution)
  if (builtIn === undefined) throw new Error(distribution)
  const compiled = compileOrThrow(
    model,
    spelling === null ? {} : { distributions: [{ ...builtIn, logDensity: spelling }] },
  )
  const { model: bound } = compiled.bind(data, {})
  const start = bound.interior(seededRandom(11))
  const expectation = bound.eStep(start)
  const { mStep } = compiled.plan as unknown as { readonly mStep: readonly Step[] }
  return {
    steps: mStep.map(({ params, rule, family, exact }) => ({ params, rule, family, exact })),
    logLikelihood: expectation.logLikelihood,
    params: [...bound.mStep(start, expectation).params],
  }
}

for (const spelled of SPELLED) {
  describe(spelled.distribution, () => {
    const reference = run(spelled, null)

    test('there are twenty spellings', () => {
      expect(spelled.spellings.length).toBeGreaterThanOrEqual(20)
    })

    test('its families', () => {
      const families = Object.fromEntries(
        reference.steps.flatMap((s) => s.params.filter((p) => p !== 'w').map((p) => [p, s.family])),
      )
      expect(families).toEqual(spelled.families)
    })

    test.each(spelled.spellings.map((spelling, i) => ({ spelling, i: i + 1 })))('spelling $i', ({ spelling }) => {
      const { steps, logLikelihood, params } = run(spelled, spelling)
      expect(steps).toEqual(reference.steps)
      expect(logLikelihood).toBeCloseTo(reference.logLikelihood, 9)
      params.forEach((x, j) => {
        expect(x).toBeCloseTo(reference.params[j] ?? Number.NaN, 10)
      })
    })
  })
}

// -- by value ------------------------------------------------------------------------------------------------------------

const RANK: Readonly<
  Record<string, { readonly value: number; readonly args: readonly (readonly [string, number])[] }>
> = {
  Normal: {
    value: 0,
    args: [
      ['mean', 0],
      ['sd', 0],
    ],
  },
  Gamma: {
    value: 0,
    args: [
      ['shape', 0],
      ['rate', 0],
    ],
  },
  Poisson: { value: 0, args: [['rate', 0]] },
  Bernoulli: { value: 0, args: [['p', 0]] },
  Exponential: { value: 0, args: [['rate', 0]] },
  Categorical: { value: 0, args: [['p', 1]] },
  MvNormal: {
    value: 1,
    args: [
      ['mean', 1],
      ['cov', 2],
    ],
  },
}

const tensor = (space: 'data' | 'param', name: string, rank: number): Tensor => ({
  dims: Array.from({ length: rank }, () => ({ size: num(2) })),
  at: (index) => ref(space, name, index),
})

describe('collecting keeps the value', () => {
  for (const { distribution, spellings } of SPELLED)
    test(distribution, () => {
      const { value, args } = RANK[distribution] ?? { value: 0, args: [] }
      let used = 0
      const index = (name: string, size: Expr, from: Expr = num(1)): IndexVar => {
        used += 1
        return { id: `${name}${used}`, name, from, to: size }
      }
      const random = seededRandom(3)
      for (const spelling of spellings) {
        const e = normaliseMatrices(
          spelling(tensor('data', 'x', value), new Map(args.map(([n, r]) => [n, tensor('param', n, r)])), { index }),
        )
        const collected = monomialsToExpr(
          collect(e, {
            inU: (r) => r.space === 'param',
            isNonnegative: (x) => nonnegative(x),
            rename: (v) => index(v.name, v.to, v.from),
            maxTerms: 1000,
          }),
        )
        for (let point = 0; point < 3; point++) {
          const values = new Map<string, number>()
          const read = (name: string, at: readonly number[]): number => {
            const [i = 1, j = 1] = at
            if (name === 'cov') return i === j ? 2 + 0.1 * i : 0.3
            const key = `${name} ${at.join(' ')}`
            const known =
              values.get(key) ??
              (distribution === 'Bernoulli' && name === 'x'
                ? Math.round(random())
                : distribution === 'Categorical' && name === 'x'
                  ? 1 + Math.round(random())
                  : 0.2 + 0.6 * random())
            values.set(key, known)
            return known
          }
          const env = { ref: (_space: string, name: string, at: readonly number[]) => read(name, at) }
          expect(evaluate(collected, env)).toBeCloseTo(evaluate(e, env), 10)
        }
      }
    })
})

/** Scales, rates and probabilities are, and so is 1 − p. */
function nonnegative(e: Expr): boolean {
  if (e.kind === 'num') return e.value.n >= 0
  if (e.kind === 'constant') return true
  if (e.kind === 'ref') return e.name !== 'mean' && e.name !== 'x'
  if (e.kind === 'pow') return (e.exponent.d === 1 && e.exponent.n % 2 === 0) || nonnegative(e.base)
  if (e.kind === 'mul') return e.factors.every(nonnegative)
  if (e.kind === 'call') return e.fn === 'exp'
  return (
    e.kind === 'add' &&
    e.terms.length === 2 &&
    e.terms.some((t) => t.kind === 'num' && t.value.n > 0) &&
    e.terms.some((t) => t.kind === 'mul' && t.factors[0]?.kind === 'num' && t.factors[0].value.n < 0)
  )
}

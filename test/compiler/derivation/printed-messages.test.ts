/** Messages, normaliser and posteriors of variable elimination, as they are printed, have the values of the executed ones. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { valuesOf } from '../../../api/worked.js'
import { type Environment, evaluate } from '../../../compiler/algebra/evaluate.js'
import type { Expr } from '../../../compiler/algebra/types.js'
import type { ProgramModel } from '../../../compiler/bind/bound-model.js'
import { EliminationQuantities } from '../../../compiler/derivation/elimination-quantities.js'
import { notationOf } from '../../../compiler/derivation/notation.js'
import type { FormulaContext } from '../../../compiler/derivation/print.js'
import type { Equation } from '../../../compiler/derivation/update-types.js'
import { compileOrThrow, type FitData } from '../../../index.js'
import { everyValue } from './evaluation.js'

const CASES: readonly { readonly model: string; readonly data: FitData; readonly joint: number }[] = [
  { model: 'joined-three', data: { y: [0.3, 2.1, -0.7, 1.4], x: [1, 4, 0, 2] }, joint: 2 },
  { model: 'sum-discrete', data: { y: [2, 1, 5, 4, 3] }, joint: 0 },
  {
    model: 'nested-classes',
    data: {
      y: [
        [1, 4, 0],
        [7, 2, 3],
      ],
    },
    joint: 0,
  },
  { model: 'latent-in-branch', data: { y: [0.4, -1.3, 2.2, 0.1] }, joint: 0 },
]

interface Printed {
  readonly tables: readonly EliminationQuantities[]
  /** What a printed name or probability is worth, by the equations alone. */
  readonly env: Environment
}

/** The values of indices that stand by themselves on the left. */
const bound = (left: readonly Expr[], numbers: readonly number[]): ReadonlyMap<string, number> =>
  new Map(left.flatMap((e, i) => (e.kind === 'index' ? [[e.var, numbers[i] ?? Number.NaN] as const] : [])))

const latentsOf = (of: readonly { readonly latent: string }[]): string =>
  of
    .map((i) => i.latent)
    .sort()
    .join()

function printed(model: ProgramModel, params: Float64Array): Printed {
  const d = model.derivation
  const c: FormulaContext = { notation: notationOf(d), named: [], means: 'expectation' }
  const tables = d.eStep.tables.map((t) => new EliminationQuantities(t, c))
  const densities = tables.flatMap((q) => [...q.densities, ...q.gathered])
  const messages = tables.flatMap((q) => q.messageEquations())
  const posteriors = tables.flatMap((q) => q.posteriorEquations())
  const base = valuesOf(model, params, params)
  const env: Environment = {
    ...base,
    ref(space, name, index) {
      const density = densities.find((x) => x.left.kind === 'ref' && x.left.name === name)
      if (space === 'table' && density?.left.kind === 'ref') {
        const indices = bound(density.left.index, index)
        return Math.exp(density.logs.reduce((s, e) => s + evaluate(e, { ...env, indices }), 0))
      }
      const message = messages.find((q) => q.left.kind === 'ref' && q.left.name === name)
      if (space === 'table' && message?.left.kind === 'ref')
        return evaluate(message.right, { ...env, indices: bound(message.left.index, index) })
      return base.ref(space, name, index)
    },
    probability(of) {
      const q = posteriors.find((x) => x.left.kind === 'probability' && latentsOf(x.left.of) === latentsOf(of))
      if (q?.left.kind !== 'probability') throw new Error(`no equation gives ${latentsOf(of)}`)
      const indices = new Map(
        q.left.of.flatMap((l) => {
          const i = of.find((x) => x.latent === l.latent)
          return [...bound([...l.index, l.value], [...(i?.index ?? []), i?.value ?? Number.NaN])]
        }),
      )
      // 0/0 where a message is 0
      return evaluate(q.right, { ...env, indices }) || 0
    },
  }
  return { tables, env }
}

describe('what is printed of variable elimination is what runs', () => {
  for (const { model: name, data, joint } of CASES)
    it(name, () => {
      const source = readFileSync(new URL(`../../certify/models/${name}.estep`, import.meta.url), 'utf8')
      const { model } = compileOrThrow(source).bind(data, {})
      let seed = 7
      const params = model.interior(() => {
        seed = (seed * 16807) % 2147483647
        return seed / 2147483647
      })
      const { tables, env } = printed(model, params)
      const executed = valuesOf(model, params, params)
      const size = (e: Expr): number => evaluate(e, env)
      let compared = 0
      for (const q of tables)
        for (const l of q.table.latents) {
          const p = q.probability([l.name])
          const value = q.values.get(l.name)
          if (value === undefined) throw new Error(`${l.name} has no letter`)
          for (const row of everyValue(q.loops, size))
            for (let v = size(value.from); v <= size(value.to); v++) {
              const indices = new Map([...row, [value.id, v]])
              expect(evaluate(p, { ...env, indices })).toBeCloseTo(evaluate(p, { ...executed, indices }), 12)
              compared += 1
            }
        }
      expect(compared).toBeGreaterThan(0)
      const total = tables.flatMap((q) =>
        everyValue(q.loops, size).flatMap((indices) =>
          q.normalisers.map((z) => Math.log(evaluate(z, { ...env, indices }))),
        ),
      )
      expect(total.reduce((s, x) => s + x, 0)).toBeCloseTo(model.eStep(params).logLikelihood, 10)
      expect(jointOf(model).length).toBe(joint)
    })
})

/** The joint posteriors that the page adds because the M-step reads them. */
function jointOf(model: ProgramModel): readonly Equation[] {
  const d = model.derivation
  const c: FormulaContext = { notation: notationOf(d), named: [], means: 'expectation' }
  const demanded = d.mStep.objective.statistics.map((s) => s.value)
  return d.eStep.tables.flatMap((t) => new EliminationQuantities(t, c).demandedEquations(demanded))
}

/** Messages, normaliser and posteriors of elimination and of chains, as they are printed, have the values of the executed. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { valuesOf } from '../../../api/worked.js'
import { num } from '../../../compiler/algebra/build.js'
import { type Environment, evaluate, type NumericIndicator } from '../../../compiler/algebra/evaluate.js'
import type { Expr, Indicator } from '../../../compiler/algebra/types.js'
import type { ProgramModel } from '../../../compiler/bind/bound-model.js'
import { ChainQuantities } from '../../../compiler/derivation/chain-quantities.js'
import { EliminationQuantities } from '../../../compiler/derivation/elimination-quantities.js'
import { notationOf } from '../../../compiler/derivation/notation.js'
import type { FormulaContext } from '../../../compiler/derivation/print.js'
import type { Equation } from '../../../compiler/derivation/update-types.js'
import { elementOf, stepOf } from '../../../compiler/estep/places.js'
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
  { model: 'chain-poisson', data: { count: [2, 0, 5, 3] }, joint: 0 },
  { model: 'chain-order-2', data: { y: [0.4, -1.3, 2.2, 0.1] }, joint: 0 },
  { model: 'chains-coupled', data: { y: [1, 0, 4], x: [2, 7, 0] }, joint: 0 },
  { model: 'chain-mixture-emissions', data: { y: [2, 0, 5, 3] }, joint: 0 },
  {
    model: 'chain-children-two-places',
    data: {
      y: [
        [1, 4],
        [7, 2],
        [0, 3],
      ],
    },
    joint: 1,
  },
  {
    model: 'chain-mixture',
    data: {
      y: [
        [1, 4, 0],
        [7, 2, 3],
      ],
    },
    joint: 0,
  },
]

interface Printed {
  readonly tables: readonly EliminationQuantities[]
  readonly chains: readonly ChainQuantities[]
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
  const chains = tables.flatMap((q) => {
    const { chain } = q.table
    return chain === null ? [] : chain.blocks.map((b) => new ChainQuantities(q.table, chain, b, c, q.left))
  })
  const posteriors = tables.flatMap((q) => q.posteriorEquations())
  const base = valuesOf(model, params, params)
  const once = remember()
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
      const ofChain = space === 'table' ? chainValue(chains, env, once, name, index) : null
      return ofChain ?? base.ref(space, name, index)
    },
    probability(of) {
      const smoothed = chainPosterior(chains, env, once, of)
      if (smoothed !== null) return smoothed
      const [found] = posteriors.flatMap(({ left, right }) => {
        const alike = left.kind === 'probability' && latentsOf(left.of) === latentsOf(of)
        const indices = alike ? matched(left.of, of, env) : null
        return indices === null ? [] : [{ right, indices }]
      })
      if (found === undefined) throw new Error(`no equation gives ${latentsOf(of)}`)
      // 0/0 where a message is 0
      return evaluate(found.right, { ...env, indices: found.indices }) || 0
    },
  }
  return { tables, chains, env }
}

/** Remembers numbers: without it the recursions would take time exponential in the length. */
type Once = (key: string, value: () => number) => number

function remember(): Once {
  const known = new Map<string, number>()
  return (key, value) => {
    const made = known.get(key) ?? value()
    known.set(key, made)
    return made
  }
}

/** Evidence, steps, filter and scales by their lines; before the first place there is nothing, and the prediction is 1. */
function chainValue(
  chains: readonly ChainQuantities[],
  env: Environment,
  once: Once,
  name: string,
  index: readonly number[],
): number | null {
  for (const q of chains) {
    const at = (left: Expr): ReadonlyMap<string, number> | null =>
      left.kind === 'ref' && left.name === name && left.index.length === index.length ? bound(left.index, index) : null
    for (const { left, logs } of q.densities()) {
      const indices = at(left)
      if (indices !== null) return Math.exp(logs.reduce((s, e) => s + evaluate(e, { ...env, indices }), 0))
    }
    for (const [i, { left, right }] of q.forwardEquations().entries()) {
      const indices = at(left)
      if (indices === null) continue
      const isFirst = indices.get(q.axis.id) === evaluate(q.axis.from, { ...env, indices })
      // a state that reaches back before the first place has one value there
      const isWhole = q.window.every((e) => isThere(q, e, indices, env))
      if (i === 0 && isFirst) return isWhole ? evaluate(q.firstEquation()?.right ?? num(1), { ...env, indices }) : 0
      return once(`${name} ${index.join()}`, () => evaluate(right, { ...env, indices }))
    }
  }
  return null
}

function isThere(q: ChainQuantities, e: string, indices: ReadonlyMap<string, number>, env: Environment): boolean {
  const { lag } = elementOf(e)
  const v = q.values.get(e)
  if (v === undefined) throw new Error(`${e} has no letter`)
  const place = (indices.get(q.axis.id) ?? 0) - lag
  return place >= evaluate(q.axis.from, { ...env, indices }) || indices.get(v.id) === evaluate(v.from, env)
}

/** The posterior at the last place, and from each place that of the one before; others as sums. */
function chainPosterior(
  chains: readonly ChainQuantities[],
  env: Environment,
  once: Once,
  of: readonly NumericIndicator[],
): number | null {
  for (const q of chains) {
    const { axis } = q
    if (!q.block.states.some((s) => of.some((i) => i.latent === s.latent))) continue
    const [last, pair, previous] = q.backwardEquations()
    if (last === undefined || pair === undefined || previous === undefined) throw new Error('no smoother')
    for (const equation of [last, pair, previous, ...q.marginalEquations([])]) {
      if (equation.left.kind !== 'probability' || equation.left.of.length !== of.length) continue
      if (latentsOf(equation.left.of) !== latentsOf(of)) continue
      const pairs = matched(equation.left.of, of, env)
      if (pairs === null) continue
      // the lines in the order that they hold in: at the last place, of a pair, and of a place before another one
      const place = pairs.get(axis.id)
      const end = evaluate(axis.to, { ...env, indices: pairs })
      if (equation !== last && place !== undefined && place > end) continue
      // nothing is before the first place: a latent there has one value
      if (equation === pair && place === evaluate(axis.from, { ...env, indices: pairs })) {
        const isOne = q.leavingOnly.every((e) => isThere(q, e, pairs, env))
        return isOne ? evaluate(q.posterior(q.window), { ...env, indices: pairs }) : 0
      }
      return once(`P ${JSON.stringify(of)}`, () => evaluate(equation.right, { ...env, indices: pairs }) || 0)
    }
  }
  return null
}

/** The values of the indices for which the cells are those, or null where there are none. */
function matched(
  left: readonly Indicator[],
  of: readonly NumericIndicator[],
  env: Environment,
  known: ReadonlyMap<string, number> = new Map(),
): ReadonlyMap<string, number> | null {
  const [l, ...rest] = left
  if (l === undefined) return known
  if (l.value.kind !== 'index') return null
  for (const cell of of) {
    const learnt = new Map([...known, [l.value.var, cell.value]])
    if (cell.latent !== l.latent || !fits(l.index, cell.index, learnt, env)) continue
    const others = of.filter((x) => x !== cell)
    const all = matched(rest, others, env, learnt)
    if (all !== null) return all
  }
  return null
}

/** Learns the indices from where they stand, by themselves or some places back. */
function fits(
  index: readonly Expr[],
  numbers: readonly number[],
  known: Map<string, number>,
  env: Environment,
): boolean {
  const learnt = new Map(known)
  for (const [p, e] of index.entries()) {
    const { base, offset } = stepOf(e)
    const value = (numbers[p] ?? Number.NaN) - offset
    if (base.kind === 'index' && !learnt.has(base.var)) learnt.set(base.var, value)
    else if (evaluate(e, { ...env, indices: learnt }) !== numbers[p]) return false
  }
  for (const [id, v] of learnt) known.set(id, v)
  return true
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
      const { tables, chains, env } = printed(model, params)
      const executed = valuesOf(model, params, params)
      const size = (e: Expr, indices: ReadonlyMap<string, number> = new Map()): number =>
        evaluate(e, { ...env, indices })
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
      const scales = chains
        .filter((q) => q.block.parents.length === 0)
        .flatMap((q) => everyValue(q.loops, size).map((indices) => Math.log(evaluate(q.scale(), { ...env, indices }))))
      const total = tables.flatMap((q) =>
        everyValue(q.loops, size).flatMap((indices) =>
          q.normalisers.map((z) => Math.log(evaluate(z, { ...env, indices }))),
        ),
      )
      expect([...total, ...scales].reduce((s, x) => s + x, 0)).toBeCloseTo(model.eStep(params).logLikelihood, 10)
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

/** Hard E-steps by running through every assignment of the discrete latents, continuous ones integrated out. */

import { certifyDerivation } from '../../compiler/bind/certified-engine.js'
import { HardModel } from '../../compiler/bind/hard-model.js'
import { derive } from '../../compiler/derive.js'
import { distributionByName } from '../../compiler/distributions/index.js'
import { compileInterpreter } from '../../compiler/targets/interpreter/index.js'
import { compileJavaScript } from '../../compiler/targets/javascript/index.js'
import { Assignment } from '../../oracle/assignment.js'
import { Solver } from '../../oracle/enumerate.js'
import { rowOf } from '../../oracle/latent-rows.js'
import { nestedParams } from '../../oracle/micro-params.js'
import { randomSource } from '../../oracle/random.js'
import { findTrial } from '../../oracle/trial.js'
import type { Values } from '../../oracle/types.js'
import type { BoundData } from '../../runtime/contract.js'
import { typedModel } from '../certify/certified.js'

export interface HardComparison {
  /** Complete-data log-likelihood at the best labels: by brute force, and by max-product on either target. */
  readonly best: number
  readonly found: readonly number[]
  /** What the labels of the E-step come to, by brute force. */
  readonly atLabels: number
  /** Assignments of discrete latents that were run through. */
  readonly assignments: number
  /** Posterior probabilities of the hard E-step that are neither 0 nor 1, or do not add up to 1. */
  readonly soft: number
}

/**
 * One trial on micro-data; a text says why there is none.
 *
 * Latents that the model does not name are summed out inside a density by the oracle, and a weighted row stands for
 * copies with labels of their own: models with either are not compared.
 */
export function compareHard(text: string, seed: number): HardComparison | string {
  const typed = typedModel(text)
  const derived = derive(typed, distributionByName, { product: 'max' }).value
  if (derived === undefined || derived.eStep.factorised !== null) return 'refused'
  if (derived.eStep.tables.length + derived.eStep.countGroups.length === 0) return 'no discrete latents'
  if (derived.graph.factors.some((f) => f.loops.some((l) => l.weight !== null))) return 'weights'
  let consts: Values = new Map()
  const trial = findTrial(
    typed,
    (data, given) => {
      consts = given
      return certifyDerivation(derived, data as BoundData, given)
    },
    randomSource(seed),
  )
  if (typeof trial === 'string') return trial
  if (trial.engine.introduces) return 'latents that the model does not name'
  const [compiled, interpreted] = [compileJavaScript, compileInterpreter].map(
    (compile) => new HardModel(derived, trial.data as BoundData, { set: consts, compile }),
  )
  if (compiled === undefined || interpreted === undefined) throw new Error('no model')
  // as many nodes as a posterior without a family takes
  for (const m of [compiled, interpreted]) m.refine(trial.params, 1e-12)
  const result = new Solver(trial.ground, nestedParams(trial.engine.params, trial.params)).solve(
    trial.ground.root,
    Assignment.empty(trial.ground.world.cells.length),
  )
  const counts = compiled.countMeans(trial.params)
  const discrete = new Set([
    ...trial.engine.latents.filter((l) => l.kind === 'discrete').map((l) => l.name),
    ...counts.keys(),
  ])
  if (result.units.some(({ unit }) => unit.discrete.some((c) => !discrete.has(c.name)))) return 'counts without a table'
  const labels = compiled.labels(trial.params)
  const label = (cell: Parameters<typeof rowOf>[1]): number => {
    const latent = trial.engine.latents.find((l) => l.name === cell.name)
    const row = latent === undefined ? null : rowOf(latent, cell)
    if (latent === undefined || row === null) throw new Error(`no label of ${cell.name}`)
    return latent.low + ((labels.get(cell.name) ?? counts.get(cell.name))?.[row] ?? Number.NaN)
  }
  let [best, atLabels, assignments] = [result.constant, result.constant, 0]
  for (const { unit, pieces } of result.units) {
    best += Math.max(...pieces.map((p) => p.log))
    const own = unit.discrete.map(label)
    atLabels += pieces.find((p) => p.values.every((v, i) => v === own[i]))?.log ?? Number.NEGATIVE_INFINITY
    assignments += pieces.length
  }
  let soft = 0
  for (const l of compiled.latents) {
    const p = compiled.posterior(trial.params).get(l.name) ?? new Float64Array(0)
    for (let r = 0; r < l.rows; r++) {
      const row = p.subarray(r * l.values, (r + 1) * l.values)
      if (row.some((x) => x !== 0 && x !== 1) || row.reduce((a, b) => a + b, 0) !== 1) soft++
    }
  }
  const found = [compiled, interpreted].map((m) => m.eStep(trial.params).logLikelihood)
  return { best, found, atLabels, assignments, soft }
}

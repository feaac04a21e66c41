/** What each block of the M-step does, as formulas: made from the contributions and statistics that are executed. */
import { add, div, log, mul, num, ONE, ref, sub, ZERO } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { rewrite } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import type { Contribution, MStep, Profile, StationaryStep } from '../mstep/types.js'
import { compact } from './compact.js'
import { coefficientAt, expandStatistics, type Rename, type Target, targetsOf } from './elements.js'
import { normalUpdate } from './normal-update.js'
import type { Notation } from './notation.js'
import { betaUpdate, simplexUpdate } from './probability-updates.js'
import { simplify } from './simplify.js'
import { matrixUpdate, powerUpdate } from './spread-updates.js'
import type { Update, UpdateContext } from './update-types.js'

/** What the formulas of a derivation are made with. */
export function updateContext(derivation: Derivation, notation: Notation): UpdateContext {
  const statistics = new Map(derivation.mStep.objective.statistics.map((s) => [s.id, s]))
  const ranges = new Map<string, IndexVar>()
  const rename: Rename = (v) => {
    const fresh = derivation.supply.fresh(v.name, v.to, v.from)
    ranges.set(fresh.id, fresh)
    return fresh
  }
  return {
    derivation,
    notation,
    rename,
    coefficient: (cs, at) =>
      simplify(expandStatistics(coefficientAt(cs, at, rename, ranges), statistics, rename, ranges), notation.facts),
  }
}

/** The formulas of one block. */
export function updateOf(step: MStep, context: UpdateContext): Update {
  switch (step.kind) {
    case 'dirichlet':
      return simplexUpdate(step, context)
    case 'beta':
      return betaUpdate(step, context)
    case 'generalised-gamma':
      return powerUpdate(step, context)
    case 'inverse-wishart':
    case 'wishart':
      return matrixUpdate(step, context)
    case 'normal':
      return normalUpdate(step, context)
    case 'stationary':
      return stationary(step, context)
    case 'median':
    case 'newton':
      return { step, objective: [], conditions: [], equations: [], multipliers: [], explicit: false }
  }
}

/** What a scale at its best value adds to the objective of a shape `u`, and its derivative. */
function profiled(profile: Profile, t: Target, u: Expr, c: UpdateContext): { value: Expr; slope: Expr } {
  const sum = (cs: readonly Contribution[]): Expr => compact(cs, null, t, c)
  const alpha = sum(profile.linear)
  const whole = add(mul(alpha, u), sum(profile.constant))
  const p: Expr = { kind: 'num', value: profile.power }
  const best = log(div(mul(num(-1), whole), mul(p, sum(profile.powers))))
  return { value: mul(div(whole, p), sub(best, ONE)), slope: mul(div(alpha, p), best) }
}

/** One number at a time, from the derivative. */
function stationary(step: StationaryStep, c: UpdateContext): Update {
  const name = step.params[0] ?? ''
  const all = step.terms.flatMap((t) => t.coefficients)
  const targets = targetsOf(all, c.rename)
  const made = targets.map((t) => {
    const left = ref('param', name, t.at)
    const at = (e: Expr): Expr => rewrite(e, (n) => (n.kind === 'index' && n.var === step.variable ? left : n))
    const coefficients = step.terms.map((term) => compact(term.coefficients, null, t, c))
    const scales = step.profiles.map((profile) => profiled(profile, t, left, c))
    const objective = add(
      ...step.terms.map((term, i) => mul(coefficients[i] ?? ZERO, at(term.value))),
      ...scales.map((s) => s.value),
    )
    const slope = add(
      ...step.terms.map((term, i) => mul(coefficients[i] ?? ZERO, at(term.first))),
      ...scales.map((s) => s.slope),
    )
    return {
      objective: { term: objective, indices: t.indices },
      equation: { left: slope, right: ZERO, indices: t.indices, over: [] },
    }
  })
  return {
    step,
    objective: made.map((m) => m.objective),
    conditions: made.map((m) => m.equation),
    equations: made.map((m) => m.equation),
    multipliers: [],
    explicit: false,
  }
}

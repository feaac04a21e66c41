import { M_STEP_RULES } from '../mstep/plan.js'
import { ARGUMENT_RULES, type DerivationRule, E_STEP_RULES, SOLUTION_RULES } from './derivation-rules.js'
import { REGRESSION_RULES } from './mstep/regression.js'

const ALL: ReadonlyMap<string, DerivationRule> = new Map(
  [
    ...Object.values(ARGUMENT_RULES),
    ...E_STEP_RULES,
    ...M_STEP_RULES,
    ...SOLUTION_RULES,
    ...Object.values(REGRESSION_RULES),
  ].map((rule) => [rule.id, rule]),
)

/** Every rule that a line of a derivation may rest on. */
export const derivationRules: readonly DerivationRule[] = [...ALL.values()]

/** @throws Error for an id that no rule has: our mistake */
export function ruleById(id: string): DerivationRule {
  const rule = ALL.get(id)
  if (rule === undefined) throw new Error(`no rule has the id ${id}`)
  return rule
}

/** The plan of a derivation as plain JSON: which E-step each latent has, and which rule and formula each block of params. */
import type { Expr } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import type { Exactness, MStep } from '../mstep/types.js'
import { type EStepJson, eStepJson } from './e-step-json.js'
import { notationOf } from './notation.js'
import { asTyped, definition, equation, type FormulaContext } from './print.js'
import { updateContext, updateOf } from './updates.js'

export interface PlanJson {
  readonly eStep: readonly EStepJson[]
  readonly mStep: readonly {
    readonly params: readonly string[]
    readonly rule: string
    readonly family: string
    readonly closedForm: boolean
    readonly exact: Exactness
    /** The formula, in names as typed; N_k and the like are defined in `where`. */
    readonly update: string
    readonly where: readonly string[]
    readonly declined: readonly { readonly rule: string; readonly reason: string }[]
  }[]
}

export function planJson(d: Derivation): PlanJson {
  return {
    eStep: eStepJson(notationOf(d)),
    mStep: d.mStep.steps.map((s) => {
      const { text, where } = updateLine(s, d)
      return {
        params: s.params,
        rule: s.rule,
        family: s.family,
        closedForm: s.closedForm,
        exact: s.exact,
        update: text,
        where,
        declined: s.declined,
      }
    }),
  }
}

/** The update of one block as plain text, such as `mu = (b + c) / (6 (b + c + d))`. */
export function updateText(stepId: string, d: Derivation): string {
  const step = d.mStep.steps.find((s) => s.id === stepId)
  if (step === undefined) throw new Error(`no M-step ${stepId}`)
  return updateLine(step, d).text
}

function updateLine(step: MStep, d: Derivation): { readonly text: string; readonly where: readonly string[] } {
  const notation = notationOf(d)
  const update = updateOf(step, updateContext(d, notation))
  if (step.kind === 'median')
    return { text: `${step.params.join(', ')}: the weighted median of what its terms measure it against`, where: [] }
  if (update.equations.length === 0)
    return { text: `${step.params.join(', ')}: no closed form; damped Newton steps on its part of Q`, where: [] }
  const c: FormulaContext = { notation, named: [], means: 'plain' }
  const lines = update.equations.map((e) => asTyped(equation(e, c).text))
  const text = lines.join(step.kind === 'normal' && !update.explicit ? '  and  ' : '; ')
  return {
    text: step.kind === 'stationary' ? `the root of ${text}` : update.explicit ? text : `solve ${text}`,
    where: whereOf(update.equations, c),
  }
}

/** What the names in a formula stand for. */
function whereOf(equations: ReturnType<typeof updateOf>['equations'], c: FormulaContext): readonly string[] {
  const means = latentMeans(equations.flatMap((e) => [e.left, e.right]))
  return [...means.map((m) => `${m}: its posterior mean`), ...c.named.map((n) => asTyped(definition(n, c).text))]
}

export const latentMeans = (es: readonly Expr[]): readonly string[] => [
  ...new Set(
    es.flatMap((e) => collectNodes(e, (n) => n.kind === 'mean').flatMap((n) => (n.kind === 'mean' ? [n.latent] : []))),
  ),
]

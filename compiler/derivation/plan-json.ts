/** The plan of a derivation as plain JSON: which E-step each latent has, and which rule and formula each block of params. */
import { positionAt, type Span } from '../../lang/source.js'
import { ref } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import type { Exactness, MStep } from '../mstep/types.js'
import { type EStepJson, eStepJson, type NodeFacts } from './e-step-json.js'
import { notationOf } from './notation.js'
import { asTyped, definition, equation, type FormulaContext, formula } from './print.js'
import { updateContext, updateOf } from './updates.js'

export interface PlanJson {
  readonly eStep: readonly EStepJson[]
  /** Where q is a product of factors: which, in the order of their updates, and what closed the exact E-step. */
  readonly factorised?: {
    readonly method: 'mean-field'
    readonly factors: readonly { readonly latents: readonly string[]; readonly joinedWith: readonly string[] }[]
    readonly declined: readonly { readonly code: string; readonly reason: string; readonly span: Span }[]
    readonly reference: string
  }
  readonly mStep: readonly {
    readonly params: readonly string[]
    readonly rule: string
    readonly family: string
    readonly closedForm: boolean
    readonly exact: Exactness
    /** The formula, in names as typed; N_k and the like are defined in `where`. */
    readonly update: string
    readonly where: readonly string[]
    /** `span`: the statement that closed the rule, as offsets into the model and as line and column where it begins. */
    readonly declined: readonly {
      readonly rule: string
      readonly reason: string
      readonly span: Span & { readonly line: number; readonly column: number }
    }[]
  }[]
}

/** @param nodes how many nodes the posteriors of a fit have that are no family */
export function planJson(d: Derivation, nodes: readonly NodeFacts[] = []): PlanJson {
  return {
    eStep: eStepJson(notationOf(d)).map((step) => {
      const { latents: _, ...own } = nodes.find((n) => n.latents.join() === step.latents.join()) ?? { latents: [] }
      return { ...step, ...own }
    }),
    ...factorisedJson(d),
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
        declined: s.declined.map((x) => ({
          ...x,
          span: { ...x.span, ...positionAt(d.model.source.text, x.span.start) },
        })),
      }
    }),
  }
}

function factorisedJson({ eStep }: Derivation): Pick<PlanJson, 'factorised'> {
  const { factorised } = eStep
  if (factorised === null) return {}
  return {
    factorised: {
      method: 'mean-field',
      factors: factorised.factors.map((f) => ({
        latents: f.latents,
        joinedWith: [...new Set(f.couplings.flatMap((c) => c.with))],
      })),
      declined: factorised.refused.map((r) => ({ code: r.code, reason: r.message, span: r.span })),
      reference:
        'Jordan, Ghahramani, Jaakkola and Saul (1999); Bishop (2006), Pattern Recognition and Machine Learning, section 10.1',
    },
  }
}

/** What the updates of a plan look like on a page: names and formulas in the letters of the derivation. */
export function planLetters(d: Derivation): {
  readonly letter: (space: 'param' | 'latent', name: string) => string
  /** Of each block of the M-step, in order. */
  readonly updates: readonly string[]
} {
  const c: FormulaContext = { notation: notationOf(d), named: [], means: 'plain' }
  return {
    letter: (space, name) => formula(ref(space, name), [], c).text,
    updates: d.mStep.steps.map((s) => updateLine(s, d, (text) => text).text),
  }
}

/** The update of one block as plain text, such as `mu = (b + c) / (6 (b + c + d))`. */
export function updateText(stepId: string, d: Derivation): string {
  const step = d.mStep.steps.find((s) => s.id === stepId)
  if (step === undefined) throw new Error(`no M-step ${stepId}`)
  return updateLine(step, d).text
}

/** `letters`: what is made of formulas in the letters of the derivation. */
function updateLine(
  step: MStep,
  d: Derivation,
  letters: (text: string) => string = asTyped,
): { readonly text: string; readonly where: readonly string[] } {
  const notation = notationOf(d)
  const update = updateOf(step, updateContext(d, notation))
  if (step.kind === 'median') return { text: 'the weighted median of what its terms measure it against', where: [] }
  if (update.equations.length === 0)
    return {
      text: `no closed form: Newton steps on its part of Q${step.family === 'none' ? '' : ` (${step.family})`}`,
      where: [],
    }
  const c: FormulaContext = { notation, named: [], means: 'plain' }
  const lines = update.equations.map((e) => letters(equation(e, c).text))
  const text = lines.join(step.kind === 'normal' && !update.explicit ? '  and  ' : '; ')
  return {
    text: step.kind === 'stationary' ? `the root of ${text}` : update.explicit ? text : `solve ${text}`,
    where: whereOf(update.equations, c, letters),
  }
}

/** What the names in a formula stand for. */
function whereOf(
  equations: ReturnType<typeof updateOf>['equations'],
  c: FormulaContext,
  letters: (text: string) => string,
): readonly string[] {
  const means = latentMeans(equations.flatMap((e) => [e.left, e.right]))
  return [...means.map((m) => `${m}: its posterior mean`), ...c.named.map((n) => letters(definition(n, c).text))]
}

export const latentMeans = (es: readonly Expr[]): readonly string[] => [
  ...new Set(
    es.flatMap((e) => collectNodes(e, (n) => n.kind === 'mean').flatMap((n) => (n.kind === 'mean' ? [n.latent] : []))),
  ),
]

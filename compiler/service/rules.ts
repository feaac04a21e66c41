/** What the plan of a derivation says of each param and latent, in words for an editor. */
import { code, inlineCode, type Rules } from '../../lang/service/hover.js'
import { planJson } from '../derivation/plan-json.js'
import type { Derivation } from '../derive.js'
import { ruleById } from '../rules/index.js'

export interface RuleWords {
  /** A few words for the margin: "M-step: mu_k = …", "E-step: enumeration". */
  readonly short: string
  /** Markdown for a hover. */
  readonly long: string
}

export interface PlanWords {
  readonly params: ReadonlyMap<string, RuleWords>
  readonly latents: ReadonlyMap<string, RuleWords>
}

/** Updates longer than this are not shown in the margin. */
const MARGIN = 56

export function planWords(d: Derivation): PlanWords {
  const plan = planJson(d)
  const params = new Map<string, RuleWords>()
  for (const step of plan.mStep) {
    const words = mStepWords(step)
    for (const name of step.params) params.set(name, words)
  }
  const latents = new Map<string, RuleWords>()
  for (const step of plan.eStep) {
    const words = eStepWords(step)
    for (const name of step.latents) latents.set(name, words)
  }
  return { params, latents }
}

export const rulesOf =
  (words: PlanWords): Rules =>
  (kind, name) =>
    (kind === 'param' ? words.params : words.latents).get(name)?.long ?? null

type MStepJson = ReturnType<typeof planJson>['mStep'][number]
type EStepJson = ReturnType<typeof planJson>['eStep'][number]

const EXACTNESS = {
  joint: '',
  blockwise: ' Maximised in turn with the blocks it depends on (ECM).',
  ascent: ' Each step is taken only where it raises Q.',
} as const

function mStepWords(step: MStepJson): RuleWords {
  const name = step.family === 'none' ? step.rule : `${step.rule}, ${step.family}`
  const others = step.params.length > 1 ? ` together for ${step.params.map(inlineCode).join(', ')}` : ''
  if (!step.closedForm) {
    const why = step.declined.map((x) => `- ${inlineCode(x.rule)}: ${x.reason}`).join('\n')
    return {
      short: `M-step: numerical${step.family === 'none' ? '' : `, ${step.family}`}`,
      long: [
        `**M-step**: no closed form (${name})${others}.${EXACTNESS[step.exact]}`,
        code(step.update),
        why === '' ? '' : `Rules that were tried:\n\n${why}`,
      ]
        .filter((x) => x !== '')
        .join('\n\n'),
    }
  }
  return {
    short: step.update.length > MARGIN ? 'M-step: closed form' : `M-step: ${step.update}`,
    long: [
      `**M-step**: closed form (${name})${others}.${EXACTNESS[step.exact]}`,
      code([step.update, ...step.where].join('\n')),
    ].join('\n\n'),
  }
}

function eStepWords(step: EStepJson): RuleWords {
  const joint = step.latents.length > 1 ? `, together for ${step.latents.map(inlineCode).join(', ')}` : ''
  const family = step.family === null ? '' : `, ${step.family} posterior`
  const rule = ruleById(step.method)
  return {
    short: `E-step: ${step.method}${family}`,
    long: [
      `**E-step**: ${step.method}${family}${joint}.`,
      `${sentence(step.explanation)}.`,
      `Time ${inlineCode(step.cost.time)}, memory ${inlineCode(step.cost.memory)}. ${rule.citation}.`,
    ].join('\n\n'),
  }
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

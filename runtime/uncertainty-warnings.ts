/** The warnings that come with standard errors, W545–W549. A code is never reused. */
import type { FailedReplicate } from './uncertainty.js'

interface Warning {
  readonly code: string
  readonly message: string
}

export const uncertaintyExplanations: readonly {
  readonly code: string
  readonly title: string
  readonly explanation: string
}[] = [
  {
    code: 'W545',
    title: 'params without a standard error',
    explanation:
      'A standard error says how far a param may be moved before the likelihood falls. Some params have none: the data do ' +
      'not tell them from other values that fit as well (a shift of a softmax, a rotation of factors); or they are at the ' +
      'edge of their range (a probability of 0), or held at their floor; or their density has a kink (Laplace). The ' +
      'standard errors of the others are those given that the edge and the floor hold. Where the information matrix is ' +
      'singular, a second message names its rank and the directions: params that may move together by these amounts.',
  },
  {
    code: 'W546',
    title: 'the estimates are no maximum',
    explanation:
      'Standard errors come from how the objective curves down around its maximum. Here it still rises, or curves upwards in ' +
      'some direction: EM was stopped too early, or stands at a saddle, where components are alike. Lower `--tol`, ' +
      'raise `--max-iter`, or use other starts.',
  },
  {
    code: 'W547',
    title: 'refits of the bootstrap were left out',
    explanation:
      'A bootstrap fits the model again to units drawn with replacement. Some of these fits failed, did not converge, or ' +
      'ended with a component that is empty or has collapsed; they are listed in `errors.failures`, and the standard ' +
      'errors are made of the others. With many of them the standard errors are too small.',
  },
  {
    code: 'W548',
    title: 'standard errors that rest on an approximation',
    explanation:
      'The log-likelihood has no closed form, and its curvature is that of what stands for it. That of a lower bound ' +
      '(variational) is often too sharp: its standard errors are too small, and the data should be simulated to see by ' +
      'how much. That of a quadrature or of draws is right as far as the log-likelihood is.',
  },
  {
    code: 'W549',
    title: 'weights that are no counts',
    explanation:
      'A weight w stands for w rows that are alike. Where weights are no whole numbers they are more likely sampling ' +
      'weights: how many members of the population a row stands for. Then a sum of weights is no number of observations, ' +
      'and standard errors from the information are wrong: give `--weights sampling`, and they are those of the sandwich.',
  },
]

/** Why params have no standard error. */
export type Missing = 'flat' | 'edge' | 'floor' | 'kink' | 'infinity' | 'upward'

const REASONS: Readonly<Record<Missing, string>> = {
  flat: 'the data do not tell it from other values that fit as well',
  edge: 'at the edge of its range, and the others are given that it stays there',
  floor: 'held at its floor',
  kink: 'its density has a kink: use the bootstrap',
  infinity: 'it runs to infinity',
  upward: 'the objective does not curve down along it',
}

/** One warning for each reason. */
export function withoutErrors(missing: ReadonlyMap<Missing, readonly string[]>): Warning[] {
  return [...missing].flatMap(([why, names]) =>
    names.length === 0 ? [] : [{ code: 'W545', message: `no standard error for ${listed(names)}: ${REASONS[why]}` }],
  )
}

/** Which params may move together without a change; null where none may. */
export const singularInformation = (directions: string | null): Warning[] =>
  directions === null ? [] : [{ code: 'W545', message: directions }]

export const notAMaximum = (why: string): Warning => ({ code: 'W546', message: why })

export function replicatesLeftOut(failures: readonly FailedReplicate[], replicates: number): Warning[] {
  if (failures.length === 0) return []
  const counts = new Map<string, number>()
  for (const { reason } of failures) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const reasons = [...counts].map(([reason, n]) => `${n} ${reason}`).join('; ')
  return [
    { code: 'W547', message: `${failures.length} of ${replicates} fits of the bootstrap were left out: ${reasons}` },
  ]
}

export const approximateErrors = (what: string): Warning => ({
  code: 'W548',
  message: `the standard errors are those of ${what}`,
})

export const noCounts = (): Warning => ({
  code: 'W549',
  message:
    'the weights are no whole numbers, and standard errors from the information take them for counts; if they are ' +
    'sampling weights, say so: --weights sampling',
})

/** The first few names, quoted. */
function listed(names: readonly string[]): string {
  const shown = names.slice(0, 6).map((name) => `\`${name}\``)
  return names.length > 6 ? `${shown.join(', ')} and ${names.length - 6} more` : shown.join(', ')
}

/** What the criteria of a selection say together, in sentences. */
import type { Candidate, Criterion } from './candidate.js'
import type { Selection } from './select.js'

/** How criteria are called, in the order in which they are shown. */
export const criterionNames: ReadonlyMap<Criterion, string> = new Map([
  ['aic', 'AIC'],
  ['bic', 'BIC'],
  ['icl', 'ICL'],
  ['elbo', 'ELBO'],
  ['cv', 'CV'],
  ['error', 'error'],
  ['rand', 'Rand'],
])

/** The criteria that some candidate has a figure of. */
export const shownCriteria = (candidates: readonly Candidate[]): readonly Criterion[] =>
  [...criterionNames.keys()].filter((by) =>
    candidates.some(({ figures }) => figures !== null && figures[by] !== null && !Number.isNaN(figures[by])),
  )

/** Several models are told apart by their names; candidates of one by the values of its consts. */
export const isNamedByModel = (candidates: readonly Candidate[]): boolean =>
  new Set(candidates.map((c) => c.index)).size > 1 || candidates.every((c) => Object.keys(c.set).length === 0)

/** How a candidate is called in a sentence. */
export function candidateName(candidate: Candidate, all: readonly Candidate[]): string {
  const values = Object.entries(candidate.set).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
  return [...(isNamedByModel(all) ? [candidate.model] : []), ...values].join(', ')
}

/** Who chooses what. */
export function agreement({ candidates, best, by, bestBy }: Pick<Selection, 'candidates' | 'best' | 'by' | 'bestBy'>): {
  readonly agree: boolean
  readonly sentences: readonly string[]
} {
  const picks = criterionNames.get(by) ?? by
  if (best === null) return { agree: false, sentences: [`No candidate has a ${picks}: there is nothing to choose.`] }
  const groups = new Map<Candidate, string[]>()
  const shown = shownCriteria(candidates)
  for (const k of shown) {
    const own = bestBy.get(k)
    if (own === undefined) continue
    const list = groups.get(own)
    if (list === undefined) groups.set(own, [criterionNames.get(k) ?? k])
    else list.push(criterionNames.get(k) ?? k)
  }
  const said = [...groups].map(
    ([c, list]) => `${listed(list)} ${list.length === 1 ? 'chooses' : 'choose'} ${candidateName(c, candidates)}`,
  )
  const called = candidateName(best, candidates)
  const fitted = candidates.filter((c) => c.figures !== null)
  if (fitted.length === 1 && candidates.length > 1)
    return { agree: false, sentences: [`Only ${called} could be fitted: there is nothing to compare.`] }
  if (shown.length === 1) return { agree: false, sentences: [`Best by ${picks}: ${called}.`] }
  if (groups.size === 1) return { agree: true, sentences: [`All criteria agree on ${called}.`] }
  return { agree: false, sentences: [`The criteria disagree: ${said.join('; ')}.`, `Best by ${picks}: ${called}.`] }
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

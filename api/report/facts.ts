/** What a fit is a fit of, and how it was made. */
import { numberFromJson, objectEntries } from '../../runtime/json.js'
import type { FitResult } from '../../runtime/result.js'
import { counted, fixed, short } from '../charts/format.js'
import { STOPS } from './course.js'
import { type Child, type Html, h } from './html.js'
import { table } from './table.js'

/** The numbers that a reader looks for first. */
export function headline(result: FitResult): Html {
  const { logLikelihood, objective, bic, aic, bound, accuracy } = result
  const known = accuracy === undefined ? '' : `, error at most ${short(accuracy.error, 2)}`
  const kinds = {
    exact: '',
    variational: ' (a lower bound)',
    quadrature: ' (by quadrature',
    'monte-carlo': ' (by draws',
  }
  const kind = bound === 'exact' || bound === 'variational' ? kinds[bound] : `${kinds[bound]}${known})`
  const end = result.converged ? STOPS[result.stop] : `not converged: ${STOPS[result.stop]}`
  const rows: (readonly [Child, Child])[] = [
    [`Log-likelihood${kind}`, number(logLikelihood)],
    ...(objective === logLikelihood
      ? []
      : ([[result.mode === 'hard' ? 'With the most probable values' : 'With the prior', number(objective)]] as const)),
    ['Iterations', `${result.iterations}, ${end}`],
    ['Parameters', `${result.parameters}`],
    ['Observations', result.observations.toLocaleString('en')],
    ...(bic === null ? [] : [['BIC', number(bic)] as const]),
    ...(aic === null ? [] : [['AIC', number(aic)] as const]),
    ...entropyRows(result),
  ]
  return h(
    'dl',
    { class: 'facts' },
    ...rows.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))),
  )
}

const entropyRows = ({ entropy, certainty, entropyOf }: FitResult): readonly (readonly [Child, Child])[] =>
  entropy === undefined
    ? []
    : [
        [`Classification entropy${entropyOf === undefined ? '' : ', each latent by itself'}`, short(entropy, 5)],
        ...(certainty === undefined ? [] : [['Certainty, from 0 to 1', short(certainty, 3)] as const]),
      ]

const number = (value: FitResult['objective']): string => fixed(numberFromJson(value) ?? Number.NaN, 4)

/** Warnings, and params at the edge of what they can be. */
export function warnings(result: FitResult): Html {
  const edge = result.boundary.map(
    ({ param, index, value }) =>
      `${param}${index.length === 0 ? '' : `[${index.join(', ')}]`} = ${short(numberFromJson(value) ?? Number.NaN)}`,
  )
  const edges =
    edge.length === 0
      ? null
      : h(
          'p',
          {},
          `At the edge of its range: ${edge.slice(0, 12).join(', ')}${edge.length > 12 ? `, and ${edge.length - 12} more` : ''}.`,
        )
  if (result.warnings.length === 0) return h('div', {}, h('p', {}, 'None.'), edges)
  return h(
    'div',
    {},
    h('ul', { class: 'warnings' }, ...result.warnings.map((w) => h('li', {}, h('strong', {}, w.code), ' ', w.message))),
    edges,
  )
}

/** What was derived: a row for each latent's E-step and each block of params. */
export function planTable({ plan }: FitResult): Html | null {
  const entries = objectEntries(plan)
  if (entries === undefined) return null
  const eSteps = listOf(entries.get('eStep')).map((step) => [
    names(step.get('latents')),
    'E-step',
    `${text(step.get('method'))}${nodes(step)}`,
  ])
  const mSteps = listOf(entries.get('mStep')).map((step) => [
    names(step.get('params')),
    'M-step',
    `${text(step.get('rule'))} (${step.get('closedForm') === true ? 'closed form' : 'numerical'})`,
  ])
  if (eSteps.length + mSteps.length === 0) return null
  return table({
    caption: 'How each latent and each parameter is computed.',
    name: 'What was derived',
    head: ['name', 'step', 'how'],
    rows: [...eSteps, ...mSteps],
  })
}

function nodes(step: ReadonlyMap<string, unknown>): string {
  const [points, draws] = [step.get('points'), step.get('draws')]
  if (typeof draws === 'number') return `, ${counted(draws, 'draw')}`
  return typeof points === 'number' ? `, ${counted(points, 'point')} a dimension` : ''
}

const listOf = (value: unknown): readonly ReadonlyMap<string, unknown>[] =>
  Array.isArray(value) ? value.flatMap((item) => objectEntries(item) ?? []) : []
const names = (value: unknown): string => (Array.isArray(value) ? value.map(String).join(', ') : '')
const text = (value: unknown): string => (typeof value === 'string' ? value : 'not stated')

/** Where the fit comes from. */
export function provenance(result: FitResult, reader: string): Html {
  const own = objectEntries(result) ?? new Map<string, unknown>()
  const set = objectEntries(objectEntries(own.get('fit'))?.get('set')) ?? new Map<string, unknown>()
  const sizes = Object.entries(result.sizes).map(([name, size]) => `${name} = ${size}`)
  const columns = Object.entries(result.columns).map(([name, from]) => `${name} from ${from.join(', ')}`)
  const rate = result.rateOfConvergence
  const rows: (readonly string[])[] = [
    ['Model', result.model],
    ['Sizes', sizes.join(', ') || 'none'],
    ['Columns', columns.join('; ') || 'none'],
    ...(set.size === 0 ? [] : [['Given by --set', [...set].map(([k, v]) => `${k} = ${JSON.stringify(v)}`).join(', ')]]),
    ['Mode', result.mode ?? 'em'],
    ['Seed', String(result.seed)],
    ['Starts', String(result.starts.length)],
    ['Passes over the data', `${result.passes}, by the start that the result comes from`],
    ...(rate === undefined ? [] : [['Rate of convergence', `each iteration left ${short(rate, 3)} of the way`]]),
    ['Fitted by', `estep ${result.estepVersion}`],
    ['Report by', `estep ${reader}`],
  ]
  return table({
    caption: 'Where the numbers come from.',
    name: 'Where the numbers come from',
    head: ['what', 'value'],
    rows,
  })
}

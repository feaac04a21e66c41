import { type Json, type NestedNumbers, numberFromJson } from '../../runtime/json.js'
import type { FitResult } from '../../runtime/result.js'
import type { Against } from '../against.js'
import type { ParamView } from '../ports.js'
import { againstLines } from './against-lines.js'
import { errorLines } from './error-lines.js'
import { formatNumber, formatObjective, plural } from './numbers.js'
import { type Paint, printable } from './paint.js'
import { paramTables } from './param-tables.js'
import { planLines } from './plan-lines.js'
import { sparkline } from './sparkline.js'
import { splitsLine, startsLine } from './starts-line.js'

/** The result of a fit as a person reads it. */
export function fitReport(
  result: FitResult,
  layout: readonly ParamView[],
  against: Against | null,
  width: number,
  paint: Paint,
): string {
  const lines = [...headline(result, paint), '']
  const tables = paramTables(result.params, layout, width)
  lines.push(
    ...(tables.length > 0 ? tables : ['no params: the posterior of the latents, by estep predict, is the result']),
  )
  const sds = Object.fromEntries(Object.entries(result.posteriors ?? {}).map(([name, { sd }]) => [name, sd]))
  if (Object.keys(sds).length > 0)
    lines.push('', paint.dim('sds of the posteriors, whose means stand above'), ...paramTables(sds, layout, width))
  const fixed = fixedWords(result)
  if (fixed !== '') lines.push('', `${paint.dim('fixed')}      ${fixed}`)
  const derived = Object.fromEntries(Object.entries(result.derived).map(([name, value]) => [name, nestedOf(value)]))
  if (Object.keys(derived).length > 0) lines.push('', ...paramTables(derived, [], width))
  lines.push(...errorLines(result, layout, width, paint))
  const trace = sparkline(
    result.trace.map((value) => numberFromJson(value) ?? Number.NaN),
    Math.max(10, Math.min(60, width - 30)),
  )
  if (trace !== '') lines.push('', `${paint.dim('objective')}  ${trace}`)
  const starts = startsLine(result.starts)
  if (starts !== '') lines.push(`${paint.dim('starts')}     ${starts}`)
  const splits = splitsLine(result.starts)
  if (splits !== '') lines.push(`${paint.dim('splits')}     ${splits}`)
  const plan = planLines(result.plan)
  if (plan.length > 0) lines.push('', paint.strong('What was derived'), ...plan)
  const edge = result.boundary.map(({ param, index, value }) => {
    const labels = layout.find((view) => view.name === param)?.labels
    const at = index.map((i, d) => printable(labels?.[d]?.[i - 1] ?? String(i)))
    return `${param}${index.length === 0 ? '' : `[${at.join(', ')}]`} = ${formatNumber(value)}`
  })
  if (edge.length > 0)
    lines.push(
      '',
      `${paint.dim('at the edge of its range')}  ${edge.slice(0, 8).join(', ')}${edge.length > 8 ? `, … ${edge.length - 8} more` : ''}`,
    )
  if (against !== null) lines.push('', ...againstLines(against))
  return `${lines.join('\n')}\n`
}

/** Which params were held at given values. */
function fixedWords({ fixed = {} }: FitResult): string {
  const partly = (value: NestedNumbers): boolean =>
    value === null || (Array.isArray(value) && value.some((x: NestedNumbers) => partly(x)))
  return Object.entries(fixed)
    .map(([name, value]) => `${printable(name)}${partly(value) ? ' (in part)' : ''}`)
    .join(', ')
}

function headline(result: FitResult, paint: Paint): string[] {
  const sizes = Object.entries(result.sizes).map(([name, value]) => `${name} = ${value}`)
  const state = result.converged
    ? paint.good(result.stop === 'completed' ? 'completed' : 'converged')
    : paint.warning(`not converged (${stopWord(result.stop)})`)
  const hard = result.mode === 'hard' || result.mode === 'cem'
  const within =
    result.withinSS === undefined ? '' : `  within-component sum of squares ${formatObjective(result.withinSS)}`
  const objective =
    hard || result.objective === result.logLikelihood ? '' : `, with the prior ${formatObjective(result.objective)}`
  return [
    `${paint.strong(printable(result.model))}  ${printable(sizes.join(', '))}`,
    `log-likelihood ${boundWords(result)}${paint.strong(formatObjective(result.logLikelihood))}${objective}`,
    ...(hard ? [`complete-data log-likelihood ${formatObjective(result.objective)}${within}`] : []),
    criteriaLine(result),
    ...entropyLines(result),
    `${plural(result.iterations, 'iteration')}, ${state}${rateWords(result)}`,
    ...modeLines(result),
  ]
}

/** Params with posteriors are counted by no criterion: the objective is one by itself. */
function criteriaLine({ mode, bic, aic, parameters, observations }: FitResult): string {
  const rows = plural(observations, 'observation')
  if (mode !== 'vb')
    return `BIC ${formatObjective(bic)}  AIC ${formatObjective(aic)}  (${plural(parameters, 'parameter')}, ${rows})`
  return parameters === 0 ? rows : `${rows}, ${plural(parameters, 'parameter')} without a posterior`
}

/** How certain the values of the discrete latents are. */
function entropyLines({ entropy, certainty, entropyOf }: FitResult): readonly string[] {
  if (entropy === undefined) return []
  const share = certainty === undefined ? '' : `; certainty ${certainty.toFixed(3)}, from 0 (any value) to 1 (certain)`
  const of = entropyOf === undefined ? '' : ', each latent by itself'
  return [`classification entropy ${formatNumber(entropy)}${of}${share}`]
}

/** The way that a mode took. */
function modeLines({ mode, stages, draws, batches }: FitResult): readonly string[] {
  if (stages !== undefined) {
    const [first] = stages
    const iterations = stages.reduce((n, s) => n + s.iterations, 0)
    return [
      `annealed through ${plural(stages.length, 'temperature')} from β = ${formatNumber(first?.beta ?? 1)}, with ${plural(iterations, 'iteration')}, then EM`,
    ]
  }
  if (draws !== undefined) {
    const { burn, keep, estimate, meanObjective, sdObjective } = draws
    if (keep === 0) return [`stochastic EM: best of ${plural(burn, 'draw')}, none of which was to be averaged yet`]
    const what = estimate === 'average' ? `average of ${plural(keep, 'draw')}` : `best of ${burn + keep} draws`
    return [
      `stochastic EM: ${what}, after ${burn}; objective along the way ${formatObjective(meanObjective)} ± ${formatNumber(sdObjective)}`,
    ]
  }
  if (batches !== undefined)
    return [
      `${mode === 'hard' ? 'hard EM in batches' : 'online EM'}: ${batches.passes} passes over ${batches.perPass} ${batches.perPass === 1 ? 'batch' : 'batches'} of ${batches.units === true ? `${batches.rows} groups or sequences` : plural(batches.rows, 'row')}, last step ${formatNumber(batches.lastStep)}`,
    ]
  return mode === 'cem' ? ['classification EM: each latent at its own most probable value'] : []
}

/** How fast EM was at the end, where it was slow. */
function rateWords({ rateOfConvergence: rate, missingInformation }: FitResult): string {
  if (rate === undefined || rate < SLOW) return ''
  const share = missingInformation === undefined ? '' : ', the share of information that is missing'
  return `; each iteration left ${rate.toFixed(3)} of the way${share}`
}

/** Rates from which on acceleration pays. */
const SLOW = 0.9

/** What a log-likelihood that is not exact is. */
function boundWords({ bound, accuracy }: FitResult): string {
  const error = accuracy === undefined ? [] : [`error ≤ ${accuracy.error.toPrecision(1)}`]
  switch (bound) {
    case 'exact':
      return ''
    case 'variational':
      return '(variational: a lower bound) ≥ '
    case 'quadrature':
      return `(${['quadrature', ...counted(accuracy?.points, 'point'), ...error].join(', ')}) `
    case 'monte-carlo':
      return `(${['Monte Carlo', ...counted(accuracy?.draws, 'draw'), ...error].join(', ')}) `
  }
}

const counted = (n: number | undefined, word: string): readonly string[] => (n === undefined ? [] : [plural(n, word)])

function stopWord(stop: FitResult['stop']): string {
  switch (stop) {
    case 'max-iterations':
      return 'the limit of iterations was reached'
    case 'max-time':
      return 'the limit of time was reached'
    case 'aborted':
      return 'interrupted'
    case 'numerical':
      return 'stopped numerically'
    case 'tolerance':
    case 'direct':
    case 'completed':
      return stop
  }
}

/** The numbers of a `let` as its value in JSON holds them. */
function nestedOf(value: Json): NestedNumbers {
  return Array.isArray(value) ? value.map(nestedOf) : (numberFromJson(value) ?? null)
}

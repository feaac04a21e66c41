/** The candidates of a selection as a table, with bars, and what the criteria say together. */
import { agreement, criterionNames, isNamedByModel, shownCriteria } from '../../api/select/agreement.js'
import { isLargestBest } from '../../api/select/candidate.js'
import type { Candidate, Criterion, Selection } from '../../index.js'
import { plural } from './numbers.js'
import type { Paint } from './paint.js'
import { printable } from './paint.js'
import { tableWidth, textTable } from './text-table.js'

const BAR = 24
/** Bars shorter than this stand below the table. */
const LEAST_BAR = 8
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

export function selectionReport(selection: Selection, width: number, paint: Paint): string {
  const { candidates, best, by, folds, notes, tests } = selection
  const fitted = candidates.filter((c) => c.figures !== null)
  const shown = shownCriteria(fitted)
  // a lower bound is no log-likelihood, and stands among the criteria
  const isLikelihood = !shown.includes('elbo')
  const header = [
    ...titles(candidates),
    ...(isLikelihood ? ['log-likelihood'] : []),
    'params',
    ...shown.map((c) => criterionNames.get(c) ?? c),
  ]
  const rows = candidates.map((c) => [
    ...labelsOf(c, candidates),
    ...(c.figures === null
      ? ['failed']
      : [
          ...(isLikelihood ? [c.figures.logLikelihood.toFixed(4)] : []),
          String(c.figures.parameters),
          ...shown.map((k) => `${figureText(c, k)}${selection.bestBy.get(k) === c ? '*' : ' '}`),
        ]),
  ])
  const room = width - tableWidth(header, rows) - 2
  const isBeside = room >= LEAST_BAR
  const bars = barsOf(candidates, by, isBeside ? Math.min(BAR, room) : BAR)
  const lines = textTable(header, rows)
  const widest = Math.max(...lines.map((line) => [...line].length))
  const beside = lines.map((line, i) => {
    const gap = ' '.repeat(widest - [...line].length + 2)
    const side = i === 0 ? `by ${criterionNames.get(by)}` : (bars[i - 1] ?? '')
    const whole = isBeside ? `${line}${gap}${side}`.trimEnd() : line
    return i === 0 ? paint.strong(whole) : candidates[i - 1] === best ? paint.good(whole) : whole
  })
  const out = [...beside, '']
  if (!isBeside) {
    const labels = candidates.map((c) => labelsOf(c, candidates))
    const heads = textTable(titles(candidates), labels)
    const most = Math.max(...heads.map((h) => [...h].length))
    const own = heads.map((h, i) =>
      `${h.padEnd(most)}  ${i === 0 ? `by ${criterionNames.get(by)}` : (bars[i - 1] ?? '')}`.trimEnd(),
    )
    out.push(...own, '')
  }
  out.push(...agreement(selection).sentences.map(printable))
  if (folds !== null)
    out.push(
      `CV: log-likelihood of what is held out, ${plural(folds.count, 'fold')} by ${folds.word}; larger is better.`,
    )
  for (const t of tests)
    out.push(
      `${t.name} = ${t.smaller} against ${t.larger}: 2·log ratio ${t.statistic.toFixed(2)}, ` +
        `p = ${t.pValue.toFixed(3)} ± ${t.pError.toFixed(3)} (${plural(t.draws, 'draw')}${t.failed > 0 ? `, ${t.failed} failed` : ''})`,
    )
  out.push(...notes.map((n) => `note: ${printable(n)}`))
  return `${out.join('\n')}\n`
}

/** Columns that tell candidates apart: the model where there are several, and the consts. */
function titles(candidates: readonly Candidate[]): string[] {
  return [...(isNamedByModel(candidates) ? ['model'] : []), ...constsOf(candidates)].map(printable)
}

const constsOf = (candidates: readonly Candidate[]): readonly string[] => [
  ...new Set(candidates.flatMap((c) => Object.keys(c.set))),
]

function labelsOf(c: Candidate, all: readonly Candidate[]): string[] {
  const values = constsOf(all).map((name) =>
    Object.hasOwn(c.set, name) || name in c.set ? JSON.stringify(c.set[name]) : '',
  )
  return [...(titles(all).length > values.length ? [c.model] : []), ...values].map(printable)
}

function figureText(c: Candidate, k: Criterion): string {
  const value = c.figures?.[k]
  if (value == null) return '–'
  if (k === 'error') return `${(100 * value).toFixed(1)} %`
  if (k === 'rand') return value.toFixed(3)
  return value.toFixed(2)
}

/** The best has the longest bar, the worst none. */
function barsOf(candidates: readonly Candidate[], by: Criterion, width: number): readonly string[] {
  const sign = isLargestBest(by) ? 1 : -1
  const values = candidates.map((c) => sign * (c.figures?.[by] ?? Number.NaN))
  const finite = values.filter(Number.isFinite)
  const [low, high] = [Math.min(...finite), Math.max(...finite)]
  return values.map((v) => {
    if (!Number.isFinite(v)) return ''
    const length = high > low ? ((v - low) / (high - low)) * width : width
    const whole = Math.floor(length)
    const bar = '█'.repeat(whole) + (eighths[Math.floor((length - whole) * 8)] ?? '')
    return bar === '' ? '▏' : bar
  })
}

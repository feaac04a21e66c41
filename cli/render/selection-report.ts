/** The candidates of a selection as a table, with bars, and what the criteria say together. */
import type { Candidate, Criterion, Selection } from '../../index.js'
import { plural } from './numbers.js'
import type { Paint } from './paint.js'
import { printable } from './paint.js'
import { tableWidth, textTable } from './text-table.js'

/** How criteria are called. */
const names: ReadonlyMap<Criterion, string> = new Map([
  ['aic', 'AIC'],
  ['bic', 'BIC'],
  ['icl', 'ICL'],
  ['cv', 'CV'],
  ['error', 'error'],
  ['rand', 'Rand'],
])

const BAR = 24
/** Bars shorter than this stand below the table. */
const LEAST_BAR = 8
const eighths = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉']

export function selectionReport(selection: Selection, width: number, paint: Paint): string {
  const { candidates, best, by, folds, notes, tests } = selection
  const fitted = candidates.filter((c) => c.figures !== null)
  const shown = [...names.keys()].filter((c) => fitted.some((x) => x.figures?.[c] != null))
  const header = [...titles(candidates), 'log-likelihood', 'params', ...shown.map((c) => names.get(c) ?? c)]
  const rows = candidates.map((c) => [
    ...labelsOf(c, candidates),
    ...(c.figures === null
      ? ['failed']
      : [
          c.figures.logLikelihood.toFixed(4),
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
    const side = i === 0 ? `by ${names.get(by)}` : (bars[i - 1] ?? '')
    const whole = isBeside ? `${line}${gap}${side}`.trimEnd() : line
    return i === 0 ? paint.strong(whole) : candidates[i - 1] === best ? paint.good(whole) : whole
  })
  const out = [...beside, '']
  if (!isBeside) {
    const labels = candidates.map((c) => labelsOf(c, candidates))
    const heads = textTable(titles(candidates), labels)
    const most = Math.max(...heads.map((h) => [...h].length))
    const own = heads.map((h, i) =>
      `${h.padEnd(most)}  ${i === 0 ? `by ${names.get(by)}` : (bars[i - 1] ?? '')}`.trimEnd(),
    )
    out.push(...own, '')
  }
  out.push(...sentences(selection, shown))
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
  const several = new Set(candidates.map((c) => c.index)).size > 1
  const consts = constsOf(candidates)
  return [...(several || consts.length === 0 ? ['model'] : []), ...consts].map(printable)
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

/** How a candidate is called in a sentence. */
function called(c: Candidate, all: readonly Candidate[]): string {
  const values = Object.entries(c.set).map(([name, value]) => `${name} = ${JSON.stringify(value)}`)
  return printable([...(titles(all).length > values.length ? [c.model] : []), ...values].join(', '))
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
  const sign = by === 'cv' || by === 'rand' ? 1 : -1
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

/** Who chooses what. */
function sentences({ candidates, best, by, bestBy }: Selection, shown: readonly Criterion[]): readonly string[] {
  if (best === null) return [`No candidate has a ${names.get(by)}: there is nothing to choose.`]
  const groups = new Map<Candidate, string[]>()
  for (const k of shown) {
    const own = bestBy.get(k)
    if (own === undefined) continue
    const list = groups.get(own)
    if (list === undefined) groups.set(own, [names.get(k) ?? k])
    else list.push(names.get(k) ?? k)
  }
  const said = [...groups].map(
    ([c, list]) => `${listed(list)} ${list.length === 1 ? 'chooses' : 'choose'} ${called(c, candidates)}`,
  )
  if (groups.size === 1) return [`All criteria agree on ${called(best, candidates)}.`]
  return [`The criteria disagree: ${said.join('; ')}.`, `Best by ${names.get(by)}: ${called(best, candidates)}.`]
}

function listed(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`
}

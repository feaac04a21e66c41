import { type NestedNumbers, numberFromJson } from '../../runtime/json.js'
import { eachNested, takeNested } from '../../runtime/nested.js'
import type { FitResult } from '../../runtime/result.js'
import type { ErrorsSummary } from '../../runtime/uncertainty.js'
import type { ParamView } from '../ports.js'
import { formatNumber, plural } from './numbers.js'
import { type Paint, printable } from './paint.js'
import { textTable } from './text-table.js'

const maxRows = 40

/** Estimates with their standard errors and intervals, a line for each; nothing where none were asked for. */
export function errorLines(result: FitResult, layout: readonly ParamView[], width: number, paint: Paint): string[] {
  const { errors, standardErrors, intervals } = result
  if (errors === undefined || standardErrors === undefined || intervals === undefined) return []
  const values = new Map<string, unknown>([...Object.entries(result.params), ...Object.entries(result.derived)])
  const views = new Map(layout.map((view) => [view.name, view]))
  const rows = Object.entries(standardErrors).flatMap(([name, nested]) =>
    eachNested(nested).map(({ index, value }) => {
      const at = (from: unknown): string => {
        let item = from as NestedNumbers
        for (const i of index) item = takeNested(item, 0, i)
        return rounded(numberFromJson(item))
      }
      const label = index.map((i, d) => views.get(name)?.labels[d]?.[i] ?? String(i + 1)).join(', ')
      const title = index.length === 0 ? name : `${name}[${label}]`
      const limits = [intervals.low, intervals.high].map((by) => at(new Map(Object.entries(by)).get(name)))
      const interval = value === null ? '' : `${limits[0]} … ${limits[1]}`
      return [printable(title), at(values.get(name)), value === null ? '–' : rounded(numberFromJson(value)), interval]
    }),
  )
  const shown = rows.slice(0, maxRows)
  const more = rows.length > maxRows ? [`… ${rows.length - maxRows} more`] : []
  const header = ['', 'estimate', 'std. error', `${Math.round(100 * errors.level)} % interval`]
  const table = textTable(header, shown).map((line) => line.slice(0, Math.max(40, width)))
  return ['', `${paint.strong('Standard errors')} ${howFound(errors)}`, ...table, ...more]
}

/** Six digits; a number that only rounding keeps from 0 is 0. */
const rounded = (value: number | undefined): string => formatNumber(value)

function howFound({ kind, units, replicates, used }: ErrorsSummary): string {
  switch (kind) {
    case 'information':
      return '(from the observed information)'
    case 'sandwich':
      return `(sandwich over ${plural(units ?? 0, 'independent unit')})`
    case 'parametric':
      return `(parametric bootstrap: ${used ?? 0} of ${replicates ?? 0} fits to data drawn from the fit)`
    case 'bootstrap':
      return `(bootstrap: ${used ?? 0} of ${replicates ?? 0} fits to units drawn anew, ${plural(units ?? 0, 'unit')})`
  }
}

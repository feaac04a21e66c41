/** Params of a fit as tables, with their standard errors where the fit holds them. */
import type { ParamLayout } from '../../runtime/contract.js'
import { numberFromJson } from '../../runtime/json.js'
import type { FitResult } from '../../runtime/result.js'
import { short } from '../charts/format.js'
import { type Child, type Html, h } from './html.js'
import { table } from './table.js'

/** Rows and columns of a table; what is left out is in the fit. */
const MOST_ROWS = 60
const MOST_COLUMNS = 12
const DIGITS = 6

/** What tables are made of; a layout of a fit file has no more. */
type Layout = Pick<ParamLayout, 'name' | 'shape' | 'labels' | 'components'>

/** A number of a param, its place from 0, and its standard error. */
interface Cell {
  readonly index: readonly number[]
  readonly value: number
  /** null: not identified; undefined: not asked for. */
  readonly error: number | null | undefined
}

interface Param extends Layout {
  readonly cells: readonly Cell[]
}

export function parameterTables(result: FitResult, layouts: readonly Layout[]): readonly Html[] {
  const errors = errorsOf(result)
  const values = new Map<string, unknown>(Object.entries(result.params))
  const params = layouts.map((l): Param => ({ ...l, cells: cellsOf(values.get(l.name), errors?.get(l.name)) }))
  const has = errors !== null
  const note = !has
    ? ''
    : result.posteriors === undefined
      ? ' Each estimate with its standard error.'
      : ' Posterior means, with posterior standard deviations.'
  const scalars = params.filter((p) => p.shape.length === 0)
  const byLatent = groupBy(params, componentOf)
  const others = params.filter((p) => p.shape.length > 0 && componentOf(p) === null)
  return [
    ...(scalars.length === 0 ? [] : [scalarTable(scalars, has, note)]),
    ...[...byLatent].flatMap(([latent, own]) => (latent === null ? [] : [componentTable(latent, own, note)])),
    ...others.map((p) => (p.shape.length === 1 ? vectorTable(p, has, note) : matrixTable(p, note))),
  ]
}

/** Top-level `let`s. */
export function derivedTable(result: FitResult): Html | null {
  const errors = errorsOf(result)
  const rows = Object.entries(result.derived).flatMap(([name, value]) =>
    cellsOf(value, errors?.get(name)).map((c) => [
      h('code', {}, `${name}${c.index.length === 0 ? '' : `[${c.index.map((i) => i + 1).join(', ')}]`}`),
      estimate(c),
    ]),
  )
  if (rows.length === 0) return null
  return table({
    caption: 'What the model derives from its params.',
    name: 'Derived values',
    head: ['name', 'value'],
    rows: rows.slice(0, MOST_ROWS),
    more: Math.max(0, rows.length - MOST_ROWS),
  })
}

/** The latent whose values the rows of a table can be; null where a param has none, or too much for each. */
function componentOf({ components, shape, cells }: Param): string | null {
  const [first, second] = components
  if (first === undefined || second !== undefined) return null
  return cells.length / Math.max(1, shape[first.dimension] ?? 1) <= MOST_COLUMNS ? first.latent : null
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}

function scalarTable(params: readonly Param[], hasErrors: boolean, note: string): Html {
  return table({
    caption: `Parameters that are single numbers.${note}`,
    name: 'Single numbers',
    head: ['name', 'estimate', ...(hasErrors ? ['standard error', '95 % interval'] : [])],
    rows: params.map(({ name, cells: [cell] }) => [h('code', {}, name), ...cellsOfRow(cell, hasErrors)]),
  })
}

function vectorTable(p: Param, hasErrors: boolean, note: string): Html {
  return table({
    caption: [h('code', {}, p.name), `, ${p.cells.length} numbers.${note}`],
    name: p.name,
    head: ['element', 'estimate', ...(hasErrors ? ['standard error', '95 % interval'] : [])],
    rows: p.cells.slice(0, MOST_ROWS).map((c) => [labelOf(p, 0, c.index[0] ?? 0), ...cellsOfRow(c, hasErrors)]),
    more: Math.max(0, p.cells.length - MOST_ROWS),
  })
}

function cellsOfRow(cell: Cell | undefined, hasErrors: boolean): readonly Child[] {
  const value = cell?.value ?? Number.NaN
  if (!hasErrors) return [short(value, DIGITS)]
  const error = cell?.error ?? null
  // 1.96: the 97.5 % point of the Normal
  const interval = error === null ? '–' : `${short(value - 1.96 * error, 4)} to ${short(value + 1.96 * error, 4)}`
  return [short(value, DIGITS), error === null ? 'not identified' : short(error, 3), interval]
}

/** A row for each value of a latent. */
function componentTable(latent: string, params: readonly Param[], note: string): Html {
  const columns = params.flatMap((p) => {
    const dimension = p.components[0]?.dimension ?? 0
    const others = p.shape.map((_, d) => d).filter((d) => d !== dimension)
    const keyOf = (c: Cell): string => others.map((d) => c.index[d]).join(',')
    const places = p.cells.filter((c) => c.index[dimension] === 0)
    return places.map((place) => ({
      name:
        others.length === 0 ? p.name : `${p.name}[${others.map((d) => labelOf(p, d, place.index[d] ?? 0)).join(', ')}]`,
      cells: p.cells.filter((c) => keyOf(c) === keyOf(place)),
      label: (k: number): string => labelOf(p, dimension, k),
    }))
  })
  const count = Math.max(0, ...columns.map((c) => c.cells.length))
  const shown = Math.min(count, MOST_ROWS)
  return table({
    caption: ['A row for each value of ', h('code', {}, latent), `.${note}`],
    name: `Components of ${latent}`,
    head: [latent, ...columns.map((c) => h('code', {}, c.name))],
    rows: Array.from({ length: shown }, (_, k) => [
      columns[0]?.label(k) ?? String(k + 1),
      ...columns.map((c) => estimate(c.cells[k])),
    ]),
    more: count - shown,
  })
}

/** Rows are the leading dimensions, columns the last one. */
function matrixTable(p: Param, note: string): Html {
  const last = p.shape.length - 1
  const width = Math.min(MOST_COLUMNS, p.shape[last] ?? 0)
  const leading = new Map<string, Cell[]>()
  for (const c of p.cells) {
    const key = c.index
      .slice(0, last)
      .map((i, d) => labelOf(p, d, i))
      .join(', ')
    leading.set(key, [...(leading.get(key) ?? []), c])
  }
  const rows = [...leading].slice(0, MOST_ROWS)
  const cut = (p.shape[last] ?? 0) > width ? ` The first ${width} of ${p.shape[last]} columns.` : ''
  return table({
    caption: [h('code', {}, p.name), `, ${p.shape.join(' × ')}.${cut}${note}`],
    name: p.name,
    head: ['', ...Array.from({ length: width }, (_, i) => labelOf(p, last, i))].map((c) => (c === '' ? 'row' : c)),
    rows: rows.map(([key, cells]) => [key, ...Array.from({ length: width }, (_, i) => estimate(cells[i]))]),
    more: leading.size - rows.length,
  })
}

const labelOf = ({ labels }: Layout, dimension: number, i: number): string => labels[dimension]?.[i] ?? String(i + 1)

function estimate(cell: Cell | undefined): Child {
  if (cell === undefined) return ''
  const { value, error } = cell
  if (error === undefined) return short(value, DIGITS)
  return [short(value, DIGITS), ' ', h('small', {}, error === null ? '(not identified)' : `± ${short(error, 3)}`)]
}

/** Elements of nested arrays, row-major. */
function cellsOf(value: unknown, errors: unknown, index: readonly number[] = []): readonly Cell[] {
  if (Array.isArray(value))
    return value.flatMap((item, i) => cellsOf(item, Array.isArray(errors) ? errors[i] : errors, [...index, i]))
  const error = errors === undefined || Array.isArray(errors) ? undefined : (numberFromJson(errors) ?? undefined)
  return [
    {
      index,
      value: typeof value === 'boolean' ? Number(value) : (numberFromJson(value) ?? Number.NaN),
      error: error === undefined ? undefined : Number.isFinite(error) ? error : null,
    },
  ]
}

/** Standard errors by param, where the fit was asked for them; sds where params have posteriors. */
function errorsOf(result: FitResult): ReadonlyMap<string, unknown> | null {
  const own: unknown = new Map<string, unknown>(Object.entries(result)).get('standardErrors')
  if (result.posteriors !== undefined)
    return new Map(Object.entries(result.posteriors).map(([name, posterior]) => [name, posterior.sd]))
  return typeof own === 'object' && own !== null ? new Map<string, unknown>(Object.entries(own)) : null
}

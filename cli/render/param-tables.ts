import type { NestedNumbers } from '../../runtime/json.js'
import { eachNested, isList, takeNested } from '../../runtime/nested.js'
import type { ParamView } from '../ports.js'
import { formatAlike, formatNumber } from './numbers.js'
import { printable } from './paint.js'
import { tableWidth, textTable } from './text-table.js'

const maxCells = 8
const maxRows = 20

/**
 * Params for the eye: those that belong to components as one table with a row per component, the others below it. Wide
 * arrays are cut, with a count of what is left out; everything is in `--json`.
 */
export function paramTables(
  params: { readonly [name: string]: NestedNumbers },
  layout: readonly ParamView[],
  width: number,
): string[] {
  const views = new Map(layout.map((view) => [view.name, view]))
  const values = new Map(Object.entries(params))
  const byLatent = new Map<string, string[]>()
  const rest: string[] = []
  for (const [name, value] of values) {
    const view = views.get(name)
    const [component] = view?.components ?? []
    if (
      view === undefined ||
      component === undefined ||
      view.components.length !== 1 ||
      cellsEach(value, component.dimension) > maxCells
    )
      rest.push(name)
    else byLatent.set(component.latent, [...(byLatent.get(component.latent) ?? []), name])
  }
  const lines: string[] = []
  for (const [latent, names] of byLatent) {
    const tables = componentTables(latent, names, values, views, width)
    lines.push(...tables.flatMap((table) => [...table, '']))
  }
  for (const name of rest) lines.push(...otherParam(name, values.get(name) ?? null, views.get(name) ?? null, width))
  while (lines.at(-1) === '') lines.pop()
  return lines
}

function cellsEach(value: NestedNumbers, dimension: number): number {
  return eachNested(takeNested(value, dimension, 0)).length
}

/** One table, or several where the terminal is too narrow for one. */
function componentTables(
  latent: string,
  names: readonly string[],
  values: ReadonlyMap<string, NestedNumbers>,
  views: ReadonlyMap<string, ParamView>,
  width: number,
): string[][] {
  const columns: { readonly title: string; readonly cells: readonly string[] }[] = []
  let labels: readonly string[] = []
  for (const name of names) {
    const view = views.get(name)
    const value = values.get(name)
    if (view === undefined || value === undefined) continue
    const dimension = view.components[0]?.dimension ?? 0
    const count = view.shape[dimension] ?? 1
    if (count > labels.length)
      labels = Array.from({ length: count }, (_, k) => view.labels[dimension]?.[k] ?? String(k + 1))
    const others = view.labels.filter((_, i) => i !== dimension)
    const parts = Array.from({ length: count }, (_, k) => eachNested(takeNested(value, dimension, k)))
    for (const [j, cell] of (parts[0] ?? []).entries()) {
      const title =
        cell.index.length === 0 ? name : `${name}[${cell.index.map((i, d) => others[d]?.[i] ?? i + 1).join(', ')}]`
      columns.push({ title: printable(title), cells: formatAlike(parts.map((part) => part[j]?.value)) })
    }
  }
  const shown = labels.slice(0, maxRows).map(printable)
  const make = (part: typeof columns): [string[], string[][]] => [
    [latent, ...part.map((column) => column.title)],
    shown.map((label, k) => [label, ...part.map((column) => column.cells[k] ?? '')]),
  ]
  const tables: (typeof columns)[] = []
  for (const column of columns) {
    const last = tables.at(-1)
    if (last !== undefined && tableWidth(...make([...last, column])) <= width) last.push(column)
    else tables.push([column])
  }
  const more = labels.length - shown.length
  return tables.map((part) => [...textTable(...make(part)), ...(more > 0 ? [`… ${more} more`] : [])])
}

function otherParam(name: string, value: NestedNumbers, view: ParamView | null, width: number): string[] {
  if (!isList(value)) return [`${name} = ${formatNumber(value)}`]
  if (value.every((item) => !isList(item))) {
    const labels = view?.labels[0]
    const cells = value.map(
      (item, i) =>
        (labels === null || labels === undefined ? '' : `${printable(labels[i] ?? '')} `) +
        formatNumber(isList(item) ? null : item),
    )
    return [`${name} = ${cut(cells, width - name.length - 5)}`]
  }
  const lines: string[] = []
  for (const [i, row] of value.entries()) {
    if (i === maxRows) {
      lines.push(`… ${value.length - maxRows} more of ${name}`)
      break
    }
    lines.push(...otherParam(`${name}[${printable(view?.labels[0]?.[i] ?? String(i + 1))}]`, row, inner(view), width))
  }
  return lines
}

function inner(view: ParamView | null): ParamView | null {
  return view === null ? null : { ...view, shape: view.shape.slice(1), labels: view.labels.slice(1), components: [] }
}

function cut(cells: readonly string[], width: number): string {
  const all = `[${cells.join(', ')}]`
  if (all.length <= Math.max(20, width)) return all
  let text = '['
  let taken = 0
  for (const cell of cells) {
    if (taken > 0 && text.length + cell.length + 14 > Math.max(20, width)) break
    text += `${taken > 0 ? ', ' : ''}${cell}`
    taken++
  }
  return taken < cells.length ? `${text}, … ${cells.length - taken} more]` : all
}

/** Params as numbers, strips of numbers and matrices of numbers, whatever their shape. */
import type { ParamView } from '../../session/view.js'

export interface Strip {
  readonly kind: 'strip'
  readonly labels: readonly string[]
  readonly values: readonly number[]
  /** Each number is that of a component. */
  readonly components: boolean
}

export interface Grid {
  readonly kind: 'grid'
  /** Indices of the leading dimensions, as in `Sigma[2]`; empty where there are none. */
  readonly title: string
  /** Component that the whole grid belongs to, from 0, or null. */
  readonly component: number | null
  readonly rows: readonly string[]
  readonly columns: readonly string[]
  readonly rowComponents: boolean
  readonly columnComponents: boolean
  /** values[row][column]; rows may be ragged. */
  readonly values: readonly (readonly number[])[]
}

export type ParamShape = { readonly kind: 'number'; readonly value: number } | Strip | readonly Grid[]

/** Slices beyond these are left out. */
export const MOST_GRIDS = 12

export function shapeOfParam(p: ParamView): ParamShape {
  const { shape, values } = p
  const names = (d: number): readonly string[] =>
    Array.from({ length: shape[d] ?? 0 }, (_, i) => p.labels[d]?.[i] ?? String(i + 1))
  const isComponent = (d: number): boolean => p.components.some((c) => c.dimension === d)
  if (shape.length === 0) return { kind: 'number', value: values[0] ?? Number.NaN }
  if (shape.length === 1)
    return { kind: 'strip', labels: names(0), values: Array.from(values), components: isComponent(0) }
  const [rows = 0, columns = 0] = shape.slice(-2)
  const leading = shape.slice(0, -2)
  const count = leading.reduce((a, b) => a * b, 1)
  return Array.from({ length: Math.min(count, MOST_GRIDS) }, (_, g): Grid => {
    const index: number[] = []
    let rest = g
    for (let d = leading.length - 1; d >= 0; d--) {
      index.unshift(rest % (leading[d] ?? 1))
      rest = Math.floor(rest / (leading[d] ?? 1))
    }
    const own = leading.findIndex((_x, d) => isComponent(d))
    return {
      kind: 'grid',
      title: index.length === 0 ? '' : `${p.name}[${index.map((i, d) => names(d)[i] ?? '').join(', ')}]`,
      component: own < 0 ? null : (index[own] ?? null),
      rows: names(shape.length - 2),
      columns: names(shape.length - 1),
      rowComponents: isComponent(shape.length - 2),
      columnComponents: isComponent(shape.length - 1),
      values: Array.from({ length: rows }, (_x, r) => {
        const row = g * rows + r
        const used = p.used?.[row] ?? columns
        return Array.from(values.subarray(row * columns, row * columns + used))
      }),
    }
  })
}

/** Every element with its indices. */
export function elementsOf(p: ParamView, most: number): readonly (readonly [string, number])[] {
  const out: (readonly [string, number])[] = []
  for (let flat = 0; flat < p.values.length && out.length < most; flat++) {
    const index: string[] = []
    let rest = flat
    for (let d = p.shape.length - 1; d >= 0; d--) {
      const extent = p.shape[d] ?? 1
      index.unshift(p.labels[d]?.[rest % extent] ?? String((rest % extent) + 1))
      rest = Math.floor(rest / extent)
    }
    const last = p.shape.at(-1) ?? 1
    if (p.used !== null && flat % last >= (p.used[Math.floor(flat / last)] ?? last)) continue
    out.push([index.length === 0 ? p.name : `${p.name}[${index.join(', ')}]`, p.values[flat] ?? Number.NaN])
  }
  return out
}

/**
 * Which views a model offers: from its data, shapes, supports and latents, never from its name. A view says what is drawn;
 * the first of those that show the data is the one to open with.
 */
import { type ColumnView, columnsOf, type DataArray, distinct, isNumeric, latentOfRows } from './columns.js'

/** An array, and the image that its rows are the pixels of. */
export interface ShownArray extends DataArray {
  readonly image?: { readonly width: number; readonly height: number } | null
}

/** What of a latent's posterior says how it can be shown. */
export interface ShownLatent {
  readonly name: string
  readonly kind: 'discrete' | 'count' | 'continuous'
  readonly declared: boolean
  readonly rows: number
  readonly own: readonly number[]
  readonly labels: readonly string[]
  readonly means: Float64Array | null
  /** Rows at which sequences begin, where rows follow on one another. */
  readonly beginnings: Int32Array | null
  readonly follows?: boolean
  /** How often each row counts; null or left out where rows count once. */
  readonly weights?: Float64Array | null
}

export type View =
  /** Two columns over each other; `x` and `y` are the positions among `columns` to begin with. */
  | {
      readonly kind: 'scatter'
      readonly columns: readonly ColumnView[]
      readonly x: number
      readonly y: number
      readonly latent: string | null
    }
  /** One numeric column with the densities of the components. */
  | { readonly kind: 'histogram'; readonly columns: readonly ColumnView[] }
  /** How often each level occurs, beside what the components expect. */
  | { readonly kind: 'bars'; readonly columns: readonly ColumnView[] }
  /** Counts that are single numbers, observed and latent. */
  | { readonly kind: 'counts'; readonly data: readonly string[]; readonly latents: readonly string[] }
  /** A latent along a chain, over what it gives rise to. */
  | { readonly kind: 'path'; readonly latents: readonly string[]; readonly columns: readonly ColumnView[] }
  /** Posterior mean ± 2 sd of each row of a latent that is a number. */
  | { readonly kind: 'intervals'; readonly latents: readonly string[] }
  /** Posterior means of a latent vector: two coordinates over each other. */
  | { readonly kind: 'scores'; readonly latents: readonly string[] }
  /** Probability of each value for each row. */
  | { readonly kind: 'responsibilities'; readonly latents: readonly string[] }
  /** Rows that are pixels, and the component of each. */
  | {
      readonly kind: 'image'
      readonly data: string
      readonly width: number
      readonly height: number
      readonly latent: string | null
    }
  | { readonly kind: 'params' }

export type ViewKind = View['kind']

export const VIEW_NAMES: Readonly<Record<ViewKind, string>> = {
  image: 'Image',
  scatter: 'Scatter',
  histogram: 'Histogram',
  bars: 'Frequencies',
  counts: 'Counts',
  path: 'Path',
  intervals: 'Latent values',
  scores: 'Latent vectors',
  responsibilities: 'Responsibilities',
  params: 'Parameters',
}

export function offeredViews(
  data: readonly ShownArray[],
  latents: readonly ShownLatent[],
  hasParams: boolean,
): readonly View[] {
  const columns = columnsOf(data)
  return [
    ...imageViews(data, latents),
    ...pathViews(columns, latents),
    ...scatterViews(columns, latents),
    ...histogramViews(columns),
    ...barViews(columns),
    ...countViews(data, latents),
    ...latentViews(latents),
    ...(hasParams ? [{ kind: 'params' } as const] : []),
  ]
}

function imageViews(data: readonly ShownArray[], latents: readonly ShownLatent[]): readonly View[] {
  return data.flatMap((d) => {
    const { image = null } = d
    if (image === null || image.width * image.height !== d.shape[0]) return []
    const latent = latentOfRows(d.shape[0] ?? 0, latents)?.name ?? null
    return [{ kind: 'image', data: d.name, ...image, latent }]
  })
}

function pathViews(columns: readonly ColumnView[], latents: readonly ShownLatent[]): readonly View[] {
  const chains = latents.filter(
    (l) => l.rows > 1 && l.own.length === 0 && (l.follows === true || (l.beginnings !== null && l.kind === 'discrete')),
  )
  if (chains.length === 0) return []
  const rows = new Set(chains.map((l) => l.rows))
  const along = columns.filter((c) => c.observed && rows.has(c.rows))
  return [{ kind: 'path', latents: chains.map((l) => l.name), columns: along }]
}

/** Columns of the table with most of them; a response stands over a covariate, else the first two columns. */
function scatterViews(columns: readonly ColumnView[], latents: readonly ShownLatent[]): readonly View[] {
  const numeric = columns.filter((c) => isNumeric(c) && c.lengths === null && c.rows > 1)
  const byRows = new Map<number, ColumnView[]>()
  for (const c of numeric) byRows.set(c.rows, [...(byRows.get(c.rows) ?? []), c])
  const [table] = [...byRows.values()].filter((t) => t.some((c) => c.observed)).sort((a, b) => b.length - a.length)
  if (table === undefined || table.length < 2) return []
  const varied = (c: ColumnView): boolean => distinct(c.values, 2) > 1
  const response = table.findIndex((c) => c.observed && varied(c))
  const other = table.findIndex((c, i) => i !== response && c.data === table[response]?.data && varied(c))
  const covariates = table
    .map((c, i) => ({ i, values: c.observed ? 0 : distinct(c.values, 200) }))
    .sort((a, b) => b.values - a.values)
  const [best] = covariates
  const pair =
    other >= 0
      ? { x: response, y: other }
      : best !== undefined && best.values > 2
        ? { x: best.i, y: Math.max(0, response) }
        : { x: 0, y: 1 }
  return [
    { kind: 'scatter', columns: table, ...pair, latent: latentOfRows(table[0]?.rows ?? 0, latents)?.name ?? null },
  ]
}

function histogramViews(columns: readonly ColumnView[]): readonly View[] {
  const fitting = columns.filter((c) => isNumeric(c) && c.observed && c.rows > 1)
  return fitting.length === 0 ? [] : [{ kind: 'histogram', columns: fitting }]
}

function barViews(columns: readonly ColumnView[]): readonly View[] {
  const fitting = columns.filter((c) => c.observed && c.levels !== null && c.rows > 0)
  return fitting.length === 0 ? [] : [{ kind: 'bars', columns: fitting }]
}

function countViews(data: readonly ShownArray[], latents: readonly ShownLatent[]): readonly View[] {
  const single = data.filter((d) => d.shape.length === 0 && d.element === 'count' && d.observed)
  const hidden = latents.filter((l) => l.kind === 'count' && l.rows === 1)
  if (single.length + hidden.length < 2) return []
  return [{ kind: 'counts', data: single.map((d) => d.name), latents: hidden.map((l) => l.name) }]
}

function latentViews(latents: readonly ShownLatent[]): readonly View[] {
  const numbers = latents.filter((l) => l.means !== null && l.own.length === 0 && l.rows > 1 && l.follows !== true)
  const vectors = latents.filter((l) => l.means !== null && l.own.length === 1 && (l.own[0] ?? 0) > 1 && l.rows > 1)
  const discrete = latents.filter((l) => l.kind === 'discrete' && l.declared && l.labels.length > 1)
  return [
    ...(numbers.length === 0 ? [] : [{ kind: 'intervals', latents: numbers.map((l) => l.name) } as const]),
    ...(vectors.length === 0 ? [] : [{ kind: 'scores', latents: vectors.map((l) => l.name) } as const]),
    ...(discrete.length === 0 ? [] : [{ kind: 'responsibilities', latents: discrete.map((l) => l.name) } as const]),
  ]
}

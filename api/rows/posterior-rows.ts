/**
 * Posteriors as rows. The columns of one latent are made in `columnsOf`: a discrete latent has its most probable value
 * and a probability for each value, a number its mean and sd, a vector these for each element.
 */
import type { Cell } from '../../runtime/data/types.js'
import type { LatentPosterior } from '../posterior.js'
import type { TableRows } from '../table-rows.js'
import { csvText } from './csv-text.js'

/** What of a posterior stands in rows. */
export type PosteriorRows = Pick<
  LatentPosterior,
  | 'name'
  | 'shape'
  | 'rows'
  | 'rowLabels'
  | 'own'
  | 'labels'
  | 'probabilities'
  | 'modes'
  | 'means'
  | 'sd'
  | 'covariance'
  | 'parameters'
> & { readonly lengths?: readonly number[] | null }

/** A column of a latent: its header, and its text at each row. */
interface LatentColumn {
  readonly header: string
  at(row: number): string
}

/**
 * A CSV row per row of the data; where latents have different numbers of rows, or several for a row of the data, one for
 * each element of each.
 */
export function posteriorCsv(latents: readonly PosteriorRows[], hard: boolean): string {
  const rows = latents[0]?.rows ?? 0
  const several = (l: PosteriorRows): boolean => l.shape.length > 1 && (l.lengths ?? null) === null
  if (latents.some((latent) => latent.rows !== rows || several(latent))) return longCsv(latents, hard)
  const columns = latents.flatMap((latent) => columnsOf(latent, hard))
  const [names, others] = latents[0]?.rowLabels ?? []
  const levels = names === undefined || names === null || others !== undefined ? null : names
  const lines = [['row', ...(levels === null ? [] : ['level']), ...columns.map((c) => c.header)]]
  for (let i = 0; i < rows; i++)
    lines.push([String(i + 1), ...(levels === null ? [] : [levels[i] ?? '']), ...columns.map((c) => c.at(i))])
  return csvText(lines)
}

/**
 * The table as it was given, every column kept, and beside it the posteriors of latents whose rows are its rows, and of
 * groups that its rows belong to; null where those of some latent are neither, and where all are of groups. A column whose name the table has already is called `name:predicted`.
 */
export function rowsWithPosteriors(
  { latents, rows }: { readonly latents: readonly PosteriorRows[]; readonly rows: ReadonlyMap<string, TableRows> },
  hard: boolean,
): string | null {
  const table = latents.map((l) => rows.get(l.name)).find((own) => own?.kind === 'rows')?.table
  if (table === undefined) return null
  const taken = new Set(table.columns.map((c) => c.name))
  const beside: LatentColumn[] = []
  for (const latent of latents) {
    const own = rows.get(latent.name)
    if (own === undefined || own.table !== table) return null
    if (own.kind === 'rows' && own.rows.length !== latent.rows) return null
    const places = own.kind === 'rows' ? new Map([...own.rows].map((row, i) => [row, i])) : new Map(own.of.entries())
    for (const { header, at } of columnsOf(latent, hard)) {
      let name = header
      while (taken.has(name)) name += ':predicted'
      taken.add(name)
      beside.push({
        header: name,
        at: (row) => {
          const place = places.get(row)
          return place === undefined || place < 0 ? '' : at(place)
        },
      })
    }
  }
  const text = (cell: Cell | undefined): string => (cell === null || cell === undefined ? '' : String(cell))
  const lines = [[...table.columns, ...beside.map((c) => ({ name: c.header }))].map((c) => c.name)]
  for (let i = 0; i < table.rows; i++)
    lines.push([...table.columns.map((c) => text(c.cells[i])), ...beside.map((c) => c.at(i))])
  return csvText(lines)
}

/** A CSV row per element: the value, with the probability of a most probable value or the sd of a mean. */
function longCsv(latents: readonly PosteriorRows[], hard: boolean): string {
  const numbers = !hard && latents.some((latent) => latent.sd !== null)
  const labels = !hard && latents.some((latent) => latent.modes !== null)
  const lines = [['latent', 'index', 'value', ...(labels ? ['probability'] : []), ...(numbers ? ['sd'] : [])]]
  for (const latent of latents) {
    const size = sizeOf(latent)
    for (let i = 0; i < latent.rows; i++) {
      const mode = latent.modes?.[i]
      if (mode !== undefined) {
        const probability = String(latent.probabilities?.[i * latent.labels.length + mode] ?? '')
        lines.push([
          latent.name,
          indexText(latent, i),
          latent.labels[mode] ?? '',
          ...(labels ? [probability] : []),
          ...(numbers ? [''] : []),
        ])
        continue
      }
      for (let j = 0; j < size; j++) {
        const at = [indexText(latent, i), ...elementIndex(latent.own, j)].filter((x) => x !== '').join(' ')
        lines.push([
          latent.name,
          at,
          textAt(latent.means, i * size + j),
          ...(labels ? [''] : []),
          ...(numbers ? [textAt(latent.sd, i * size + j)] : []),
        ])
      }
    }
  }
  return csvText(lines)
}

/** The same as one JSON document: latent → shape, labels, values and probabilities, or means, sds and covariances. */
export function posteriorJson(latents: readonly PosteriorRows[], hard: boolean): unknown {
  const entries = latents.map((latent) => {
    const { probabilities, modes, means, sd, covariance, parameters } = latent
    const size = sizeOf(latent)
    const rows = Array.from({ length: latent.rows }, (_, i) => i)
    const perRow = (values: Float64Array, width: number, own = latent.own): unknown =>
      own.length === 0 ? [...values] : rows.map((i) => [...values.subarray(i * width, (i + 1) * width)])
    return [
      latent.name,
      {
        shape: [...latent.shape, ...latent.own],
        ...(latent.rowLabels.every((x) => x === null) ? {} : { levels: latent.rowLabels }),
        ...(latent.lengths === undefined || latent.lengths === null ? {} : { lengths: latent.lengths }),
        ...(modes === null
          ? {}
          : { labels: latent.labels, mostProbable: rows.map((i) => latent.labels[modes[i] ?? 0] ?? null) }),
        ...(probabilities === null || hard
          ? {}
          : {
              posterior: rows.map((i) => [
                ...probabilities.subarray(i * latent.labels.length, (i + 1) * latent.labels.length),
              ]),
            }),
        ...(means === null ? {} : { mean: perRow(means, size) }),
        ...(sd === null || hard ? {} : { sd: perRow(sd, size) }),
        ...(covariance === null || hard ? {} : { covariance: perRow(covariance, size * size) }),
        ...(parameters === null || hard || parameters.family.endsWith('Normal')
          ? {}
          : {
              family: parameters.family,
              parameters: Object.fromEntries(
                [...parameters.values].map(([name, values]) => {
                  const own = parameters.own.get(name) ?? latent.own
                  return [name, perRow(values, elements(own), own)]
                }),
              ),
            }),
      },
    ] as const
  })
  return { latents: Object.assign(Object.create(null), Object.fromEntries(entries)) }
}

function columnsOf(latent: PosteriorRows, hard: boolean): readonly LatentColumn[] {
  const { name, probabilities, modes, labels } = latent
  if (modes !== null) {
    const own: LatentColumn = { header: name, at: (i) => labels[modes[i] ?? 0] ?? '' }
    if (probabilities === null || hard) return [own]
    return [
      own,
      ...labels.map((label, v) => ({
        header: `${name}=${label}`,
        at: (i: number) => String(probabilities[i * labels.length + v]),
      })),
    ]
  }
  const size = sizeOf(latent)
  return Array.from({ length: size }, (_, j): readonly LatentColumn[] => {
    const index = elementIndex(latent.own, j)
    const header = index.length === 0 ? name : `${name}[${index.join(',')}]`
    const mean: LatentColumn = { header, at: (i) => textAt(latent.means, i * size + j) }
    if (latent.sd === null || hard) return [mean]
    return [mean, { header: `${header}:sd`, at: (i) => textAt(latent.sd, i * size + j) }]
  }).flat()
}

const elements = (own: readonly number[]): number => own.reduce((a, b) => a * b, 1)

const sizeOf = (latent: PosteriorRows): number => elements(latent.own)

const textAt = (values: Float64Array | null, i: number): string => String(values?.[i] ?? '')

/** 1-based indices of an element of an array. */
function elementIndex(extents: readonly number[], flat: number): readonly string[] {
  const parts: string[] = []
  let rest = flat
  for (const extent of extents.toReversed()) {
    parts.unshift(String((rest % Math.max(1, extent)) + 1))
    rest = Math.floor(rest / Math.max(1, extent))
  }
  return parts
}

function indexText(latent: PosteriorRows, row: number): string {
  const lengths = latent.lengths ?? null
  const named = (indices: readonly string[]): string =>
    indices.map((x, i) => latent.rowLabels[i]?.[Number(x) - 1] ?? x).join(' ')
  if (lengths === null) return named(elementIndex(latent.shape, row))
  const inner = latent.shape.slice(2)
  const width = inner.reduce((a, b) => a * b, 1)
  let place = Math.floor(row / Math.max(1, width))
  let sequence = 0
  for (; place >= (lengths[sequence] ?? Number.POSITIVE_INFINITY); sequence++) place -= lengths[sequence] ?? 0
  return named([String(sequence + 1), String(place + 1), ...elementIndex(inner, row % Math.max(1, width))])
}

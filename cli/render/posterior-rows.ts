import type { LatentPosterior } from '../ports.js'

/** A CSV row per row of the data: the most probable value of each latent, then the probabilities of its values. */
export function posteriorCsv(latents: readonly LatentPosterior[], hard: boolean): string {
  const rows = latents[0]?.rows ?? 0
  if (latents.some((latent) => latent.rows !== rows)) return longCsv(latents, hard)
  const header = ['row', ...latents.flatMap((latent) => latentHeader(latent, hard))]
  const lines = [header.map(quoted).join(',')]
  for (let i = 0; i < rows; i++)
    lines.push([String(i + 1), ...latents.flatMap((latent) => latentCells(latent, i, hard))].map(quoted).join(','))
  return `${lines.join('\n')}\n`
}

/** Latents of different lengths: a CSV row per element, with the probability of its most probable value. */
function longCsv(latents: readonly LatentPosterior[], hard: boolean): string {
  const lines = [['latent', 'index', 'value', ...(hard ? [] : ['probability'])].join(',')]
  for (const latent of latents) {
    for (let i = 0; i < latent.rows; i++) {
      const mode = latent.modes?.[i]
      const value = mode === undefined ? String(latent.means?.[i] ?? '') : (latent.labels[mode] ?? '')
      const probability =
        mode === undefined ? '' : String(latent.probabilities?.[i * latent.labels.length + mode] ?? '')
      lines.push([latent.name, indexText(latent, i), value, ...(hard ? [] : [probability])].map(quoted).join(','))
    }
  }
  return `${lines.join('\n')}\n`
}

/** The same as one JSON document: latent → shape, labels, values and probabilities. */
export function posteriorJson(latents: readonly LatentPosterior[], hard: boolean): unknown {
  const entries = latents.map((latent) => {
    const width = latent.labels.length
    const { probabilities, modes, means } = latent
    const rows = Array.from({ length: latent.rows }, (_, i) => i)
    return [
      latent.name,
      {
        shape: latent.shape,
        ...(latent.lengths === undefined || latent.lengths === null ? {} : { lengths: latent.lengths }),
        ...(modes === null
          ? {}
          : { labels: latent.labels, mostProbable: rows.map((i) => latent.labels[modes[i] ?? 0] ?? null) }),
        ...(probabilities === null || hard
          ? {}
          : { posterior: rows.map((i) => [...probabilities.subarray(i * width, (i + 1) * width)]) }),
        ...(means === null ? {} : { mean: [...means] }),
      },
    ] as const
  })
  return { latents: Object.assign(Object.create(null), Object.fromEntries(entries)) }
}

function latentHeader(latent: LatentPosterior, hard: boolean): string[] {
  const probabilities =
    latent.probabilities === null || hard ? [] : latent.labels.map((label) => `${latent.name}=${label}`)
  return [latent.name, ...probabilities]
}

function latentCells(latent: LatentPosterior, row: number, hard: boolean): string[] {
  const width = latent.labels.length
  const mode = latent.modes?.[row]
  const value = mode === undefined ? String(latent.means?.[row] ?? '') : (latent.labels[mode] ?? '')
  const { probabilities } = latent
  return [
    value,
    ...(probabilities === null || hard ? [] : [...probabilities.subarray(row * width, (row + 1) * width)].map(String)),
  ]
}

function indexText(latent: LatentPosterior, row: number): string {
  const parts: number[] = []
  const lengths = latent.lengths ?? null
  let rest = row
  for (const extent of (lengths === null ? latent.shape : latent.shape.slice(2)).toReversed()) {
    parts.unshift((rest % Math.max(1, extent)) + 1)
    rest = Math.floor(rest / Math.max(1, extent))
  }
  if (lengths !== null) {
    let sequence = 0
    for (; rest >= (lengths[sequence] ?? Number.POSITIVE_INFINITY); sequence++) rest -= lengths[sequence] ?? 0
    parts.unshift(sequence + 1, rest + 1)
  }
  return parts.join(' ')
}

function quoted(cell: string): string {
  return /[",\n\r]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell
}

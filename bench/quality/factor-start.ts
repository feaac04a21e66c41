/** Random starts of a factor analysis, from its data. */
import { randomSource } from '../../runtime/random.js'
import type { StartValues } from '../../runtime/start-values.js'
import { type CaseId, caseRun, dataText } from '../../test/conformance/cases.js'

/** Loadings of half a standard deviation, give or take 0.4 of it; what they leave has 0.4 to 1 of it. */
export function factorStart(id: CaseId, seed: number): StartValues {
  const rows = dataText(caseRun(id))
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',').map(Number))
  const random = randomSource(seed, 0)
  const normal = (): number => Math.sqrt(2 * random.exponential()) * Math.cos(2 * Math.PI * random.uniform())
  const columns = (rows[0] ?? []).map((_, j) => rows.map((row) => row[j] ?? Number.NaN))
  const means = columns.map((column) => column.reduce((sum, x) => sum + x, 0) / column.length)
  const spreads = columns.map((column, j) =>
    Math.sqrt(column.reduce((sum, x) => sum + (x - (means[j] ?? 0)) ** 2, 0) / column.length),
  )
  return new Map<string, unknown>([
    ['W', spreads.map((sd) => [sd * (0.5 + 0.4 * normal())])],
    ['mu', means],
    ['psi', spreads.map((sd) => sd * (0.4 + 0.6 * random.uniform()))],
  ])
}

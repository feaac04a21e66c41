/** Two runs side by side, as `estep compare` sets fits: the components of one matched to those of the other. */
import { compareFits, type MatchedParam } from '../../api/compare-fits.js'
import { type NestedNumbers, numberFromJson } from '../../runtime/json.js'
import { eachNested } from '../../runtime/nested.js'
import { fitAtEnd } from './fit-at-end.js'
import type { KeptRun } from './kept-run.js'
import type { BesideRow, BesideView } from './messages.js'

/** Rows of one param that are shown. */
const MOST_ROWS = 30

export async function besideView(first: KeptRun, second: KeptRun): Promise<BesideView> {
  const [a, b] = [await fitAtEnd(first), await fitAtEnd(second)]
  const { matching, params } = compareFits(a, b)
  const components = [...matching].map(([latent, order]) => {
    const pairs = order.map((k, i) => `${i + 1} ↔ ${k ?? 'none'}`)
    return `components of ${latent}, numbered as in fit.json: ${pairs.join(', ')}`
  })
  const objectives: BesideRow = {
    label: 'log-likelihood',
    first: a.logLikelihood,
    second: b.logLikelihood,
  }
  const rows = params.flatMap(({ name, first: left, second: right, largestDifference, matched }) => {
    if (matched !== null) return rowsOf(name, matched.first, matched.second, matched.components)
    return left === null || right === null || largestDifference === null ? [] : rowsOf(name, left, right, new Map())
  })
  const alone = params.filter(({ largestDifference, matched }) => largestDifference === null && matched === null)
  return { components, rows: [objectives, ...rows], alone: alone.map(({ name }) => name) }
}

function rowsOf(
  name: string,
  first: NestedNumbers,
  second: NestedNumbers,
  components: MatchedParam['components'],
): readonly BesideRow[] {
  const others = eachNested(second)
  return eachNested(first)
    .slice(0, MOST_ROWS)
    .map(({ index, value }, i) => {
      const own = index.map((k, d) => components.get(d)?.[k] ?? k + 1)
      return {
        label: index.length === 0 ? name : `${name}[${own.join(', ')}]`,
        first: numberFromJson(value) ?? Number.NaN,
        second: numberFromJson(others[i]?.value ?? null) ?? Number.NaN,
      }
    })
}

/** One start by splitting beside 50 random ones, on three data sets. */
import type { CaseId } from '../../test/conformance/cases.js'
import type { Records } from './records.js'
import { endFrom, type SeedEnd, seedAt, seedCase } from './seed-run.js'

interface Study {
  readonly about: string
  readonly id: CaseId
  readonly consts: Readonly<Record<string, unknown>>
}

const studies: readonly Study[] = [
  { about: 'iris, 3 components, full covariances', id: 'A08-iris-gmm-full', consts: {} },
  { about: 'Old Faithful, 4 components, diagonal covariances', id: 'A05-faithful-gmm-diag', consts: { K: 4 } },
  { about: 'galaxies, 4 components, a variance each', id: 'A09-galaxies-k4-unequal', consts: {} },
]

const RANDOM = 50

export interface SplitRow {
  readonly about: string
  readonly split: SeedEnd
  /** The random ends, the lowest first. */
  readonly random: readonly number[]
}

const split = (id: CaseId): string => `${id}-split`
const random = (id: CaseId): string => `${id}-random`

export async function runSplitting(kept: Records<SeedEnd>): Promise<void> {
  for (const { id, consts } of studies) {
    const of = seedCase(id, consts)
    if (kept.read(split(id)).length === 0)
      kept.add(split(id), await endFrom(of, seedAt(0), { init: 'split', restarts: 1 }))
    for (let i = kept.read(random(id)).length; i < RANDOM; i++)
      kept.add(random(id), await endFrom(of, seedAt(i), { init: 'random', restarts: 1 }))
  }
}

/** What is known of those that have all of their starts. */
export function splitRows(kept: Records<SeedEnd>): readonly SplitRow[] {
  return studies.flatMap(({ about, id }) => {
    const [first] = kept.read(split(id))
    const ends = kept.read(random(id))
    if (first === undefined || ends.length < RANDOM) return []
    return [{ about, split: first, random: ends.map(({ value }) => value).sort((a, b) => a - b) }]
  })
}

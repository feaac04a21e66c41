/**
 * How often default settings reach the published optimum: every reference case without start values of its own, from 100
 * seeds. Begins with ten seeds of every case, then goes on with the quick ones; ended at any time, it goes on from there.
 *
 *   npx tsx bench/quality/seeds.ts                     writes bench/quality/seeds.md
 *   npx tsx bench/quality/seeds.ts --only 'A5|gmm' --minutes 20
 *   npx tsx bench/quality/seeds.ts --table             writes down what there is
 *
 * After a change of the starts, delete .cache/quality.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type CaseId, caseIds } from '../../test/conformance/cases.js'
import { records } from './records.js'
import { endFrom, givesStart, type SeedCase, type SeedEnd, seedAt, seedCase } from './seed-run.js'
import { seedTable } from './seed-table.js'
import { runSplitting, splitRows } from './splitting.js'

const { values: asked } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    minutes: { type: 'string', default: '1000' },
    seeds: { type: 'string', default: '100' },
    table: { type: 'boolean', default: false },
  },
})
const MOST = Number(asked.seeds)
const FIRST = Math.min(10, MOST)
const until = performance.now() + 60_000 * Number(asked.minutes)

const ids = caseIds.filter((id) => !givesStart(id))
const kept = records<SeedEnd>('seeds')
const made = new Map<CaseId, SeedCase>()
const caseOf = (id: CaseId): SeedCase => {
  const known = made.get(id) ?? seedCase(id)
  made.set(id, known)
  return known
}

/** Milliseconds of a fit; 0 where there is none yet. */
function cost(id: CaseId): number {
  const ends = kept.read(id)
  return ends.reduce((sum, { milliseconds }) => sum + milliseconds, 0) / Math.max(1, ends.length)
}

const splits = records<SeedEnd>('splitting')

function write(): void {
  const rows = ids.map((id) => ({ of: caseOf(id), ends: kept.read(id) }))
  writeFileSync('bench/quality/seeds.md', seedTable(rows, splitRows(splits), MOST))
}

if (!asked.table) {
  for (const wanted of [FIRST, MOST]) {
    const going = ids.filter((id) => new RegExp(asked.only, 'u').test(id)).sort((a, b) => cost(a) - cost(b))
    for (const id of going) {
      if (kept.read(id).length >= wanted) continue
      const of = caseOf(id)
      for (let i = kept.read(id).length; i < wanted && performance.now() < until; i++)
        kept.add(id, await endFrom(of, seedAt(i)))
      const wrong = kept.read(id).filter((end) => end.value < of.optimum - of.tolerance).length
      console.log(`${id} ${kept.read(id).length} seeds, ${wrong} below, ${cost(id).toFixed(0)} ms each`)
    }
    write()
  }
  if (asked.only === '') await runSplitting(splits)
}
write()

/**
 * How often default settings reach the published optimum, beside scikit-learn, mclust, flexmix and hmmlearn at theirs, at
 * the same number of passes over the data. Needs what `npm run bench` prepares (bench/.peers, R), and fits of ours
 * from `seeds.ts`; ended at any time, it goes on from there.
 *
 *   npx tsx bench/quality/starts-beside-peers.ts            writes bench/quality/starts-beside-peers.md
 *   npx tsx bench/quality/starts-beside-peers.ts --table    writes down what there is
 */
import { writeFileSync } from 'node:fs'
import type { CaseId } from '../../test/conformance/cases.js'
import { type Contestant, contestants, type FailedFit, type PeerFit, peerFits } from './peer-fits.js'
import { type Beside, peerTable } from './peer-table.js'
import { records } from './records.js'
import { endFrom, type SeedEnd, seedAt, seedCase } from './seed-run.js'

/** Fits of a peer: they are drawn from these. flexmix is slow. */
const FITS = { python: 100, mclust: 1, flexmix: 25 } as const
const OWN = 100

const theirs = records<PeerFit | FailedFit>('peers')
const ours = records<SeedEnd>('seeds')
const single = records<SeedEnd>('single')
const all = contestants()
const ids = [...new Set(all.map(({ id }) => id))].sort()
const nameOf = ({ program, id }: Contestant): string => `${program}-${id}`

if (!process.argv.includes('--table')) {
  for (const who of all) {
    const { id, program } = who
    const of = seedCase(id)
    for (let i = single.read(id).length; i < OWN; i++) single.add(id, await endFrom(of, seedAt(i), { restarts: 1 }))
    if (theirs.read(nameOf(who)).length > 0) continue
    for (const fit of peerFits(who, FITS[program])) theirs.add(nameOf(who), fit)
    console.log(nameOf(who))
    write()
  }
}
write()

function write(): void {
  const beside = (id: CaseId): Beside => ({
    of: seedCase(id),
    ours: ours.read(id),
    single: single.read(id),
    peers: all.filter((who) => who.id === id).map((who) => theirs.read(nameOf(who))),
  })
  writeFileSync('bench/quality/starts-beside-peers.md', peerTable(ids.map(beside)))
}

import { readFileSync } from 'node:fs'
import { caseIds, caseRun, dataText, modelSource, readBesideModels } from './cases.js'
import { runCase } from './run-case.js'

/** How often a peer, or we, reach the reference of a case from one random start a seed. */
export interface SeedShare {
  readonly case: string
  readonly peer: string
  readonly reference: number
  readonly seeds: number
  readonly reached: number
  /** Ends with a variance below 1e-4 of the data's or an expected count below 2.5. */
  readonly degenerate: number
  /** Ends above the reference: spurious maxima. */
  readonly above: number
  /** The different ends, the highest first. */
  readonly ends: readonly number[]
}

/** What the peers reach; written by peers/seed_share.py. */
export const peerShares: readonly SeedShare[] = JSON.parse(readFileSync(new URL('peers/seed-share.json', import.meta.url), 'utf8'))

/** Our own share on a case: `restarts` starts a seed, from our own starting points and not from the case's. */
export async function ownShare(id: string, seeds: number, restarts: number): Promise<{ readonly reached: number; readonly ends: readonly number[] }> {
  const known = caseIds.find((c) => c === id)
  if (known === undefined) throw new Error(`no case ${id}`)
  const run = caseRun(known)
  const args = [...without(run.args, ['--init', '--start', '--restarts']), '--restarts', String(restarts)]
  const ends: number[] = []
  for (let seed = 0; seed < seeds; seed++) {
    const fit = await runCase(modelSource(run), [{ name: `${id}.csv`, text: dataText(run) }], args, seed, readBesideModels)
    ends.push(fit[run.field])
  }
  const reached = ends.filter((end) => Math.abs(end - run.expect) < 1e-3).length
  return { reached, ends: [...new Set(ends.map((end) => Number(end.toFixed(3))))].sort((a, b) => b - a) }
}

function without(args: readonly string[], options: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (let i = 0; i < args.length; i += 2) if (!options.includes(args[i] ?? '')) kept.push(...args.slice(i, i + 2))
  return kept
}

import { readFileSync } from 'node:fs'
import { type CaseId, caseIds, caseRun, dataText, modelSource, readBesideModels } from './cases.js'
import { isDegenerate, runCase } from './run-case.js'

/** How often a peer reaches the reference of a case from one random start a seed. */
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
export const peerShares: readonly SeedShare[] = JSON.parse(
  readFileSync(new URL('peers/seed-share.json', import.meta.url), 'utf8'),
)

/** The cases that the peers were tried on: those that give a start. */
export const sharedCases: readonly CaseId[] = caseIds.filter((id) => peerShares.some((p) => p.case === id))

export interface OwnShare {
  readonly seeds: number
  readonly reached: number
  readonly degenerate: number
  readonly above: number
}

/** Our own share on a case: `restarts` starts a seed, from our own starting points and not from the case's. */
export async function ownShare(id: CaseId, seeds: number, restarts: number): Promise<OwnShare> {
  const run = caseRun(id)
  const args = [...without(run.args, ['--init', '--start', '--restarts']), '--restarts', String(restarts)]
  let [reached, degenerate, above] = [0, 0, 0]
  for (let i = 0; i < seeds; i++) {
    const files = [{ name: `${id}.csv`, text: dataText(run) }]
    const fit = await runCase(modelSource(run), files, args, 1 + 1000 * i, readBesideModels)
    const difference = fit[run.field] - run.expect
    if (Math.abs(difference) < 1e-3) reached++
    if (isDegenerate(fit)) degenerate++
    if (difference >= 1e-3) above++
  }
  return { seeds, reached, degenerate, above }
}

function without(args: readonly string[], options: readonly string[]): readonly string[] {
  const kept: string[] = []
  for (let i = 0; i < args.length; i += 2) if (!options.includes(args[i] ?? '')) kept.push(...args.slice(i, i + 2))
  return kept
}

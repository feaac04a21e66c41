/**
 * Whole fits, from the same start to the same objective, without acceleration: that at which scikit-learn's own rule stops. Both
 * are timed from the call to its end, all that a call does included: checking data, generating code, starting threads.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { nodeOf } from '../prepare.mjs'
import { dataFolder } from './data-files.mjs'
import { environment } from './environment.mjs'
import { median } from './statistics.mjs'

const bench = fileURLToPath(new URL('../', import.meta.url))
const TOLERANCE = 1e-6

function json(command, args, threads) {
  const text = execFileSync(command, args, {
    encoding: 'utf8',
    env: environment(threads),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return JSON.parse(text.trim().split('\n').at(-1))
}

export function fitsToObjective(workloads, found, { quick, fitOptions, log }) {
  const lacking = found.find(({ name, ok }) => name === 'scikit-learn' && !ok)
  if (lacking !== undefined) {
    log(`fits to the same objective left out: scikit-learn is missing (${lacking.why})`)
    return []
  }
  return workloads
    .filter(({ objectiveGoal }) => objectiveGoal !== undefined)
    .map((workload) => {
      const sizes = { ...workload.sizes, ...(quick ? workload.quick : {}) }
      const folder = dataFolder(workload, sizes)
      const kind = workload.id === 'W1' ? 'diag' : 'full'
      const peer = (threads) =>
        json(
          `${bench}.peers/venv/bin/python`,
          [`${bench}peers/sklearn-fit.py`, folder, kind, String(TOLERANCE)],
          threads,
        )
      const own = (major, threads, target) =>
        json(nodeOf(major), [
          `${bench}ours-fit.mjs`,
          workload.folder,
          folder,
          JSON.stringify({ ...fitOptions, threads }),
          String(target),
        ])
      const rounds = quick ? 1 : 3
      const peers = { 1: [], 2: [] }
      const mine = { 24: [], 20: [] }
      for (let round = 0; round < rounds; round++) {
        for (const threads of [1, 2]) peers[threads].push(peer(threads))
        for (const major of [24, 20]) mine[major].push(own(major, 2, peers[1][0].objective))
      }
      const seconds = (list, what = 'seconds') => median(list.map((r) => r[what]))
      const best = Math.min(seconds(peers[1]), seconds(peers[2]))
      const row = {
        id: workload.id,
        title: workload.title,
        goal: workload.objectiveGoal,
        sizes,
        peer: { iterations: peers[1][0].iterations, objective: peers[1][0].objective, seconds: best },
        ours: [24, 20].map((node) => ({
          node,
          iterations: mine[node][0].iterations,
          objective: mine[node][0].objective,
          whole: best / seconds(mine[node]),
          afterBinding: best / seconds(mine[node], 'searchSeconds'),
        })),
      }
      log(`fit ${workload.id}: ${JSON.stringify(row)}`)
      return row
    })
}

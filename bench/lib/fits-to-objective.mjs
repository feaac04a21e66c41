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
const TOLERANCE = 1e-5
const PEER = 'scikit-learn'

function json(command, args, threads) {
  const text = execFileSync(command, args, {
    encoding: 'utf8',
    env: environment(threads),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 600_000,
  })
  return JSON.parse(text.trim().split('\n').at(-1))
}

export async function fitsToObjective(workloads, { quick, fitOptions, threads, found, ledger, log }) {
  const lacking = found.find(({ name, ok }) => name === PEER && !ok)
  if (lacking !== undefined) {
    log(`fits to the same objective left out: ${PEER} is missing (${lacking.why})`)
    return
  }
  for (const workload of workloads.filter(({ objectiveGoal }) => objectiveGoal !== undefined)) {
    await ledger.row('fits', workload.id, () => {
      try {
        return fitsOf(workload)
      } catch (error) {
        log(`fit ${workload.id} left out: ${`${error.stderr || error.message}`.trim().split('\n').at(-1)}`)
        return null
      }
    })
  }

  /** The number of threads at which the peer's iterations were fastest in the table; both are tried where there is none. */
  function threadsOfPeer(id) {
    const timed = (ledger.book.rows.table?.[id]?.programs ?? []).filter((p) => p.kind === 'peer' && p.name === PEER)
    if (timed.length < 2) return threads
    return [timed.reduce((best, p) => (p.median < best.median ? p : best)).threads]
  }

  function fitsOf(workload) {
    const sizes = { ...workload.sizes, ...(quick ? workload.quick : {}) }
    const folder = dataFolder(workload, sizes)
    const kind = workload.id === 'W1' ? 'diag' : 'full'
    const peer = (count) =>
      json(`${bench}.peers/venv/bin/python`, [`${bench}peers/sklearn-fit.py`, folder, kind, String(TOLERANCE)], count)
    const own = (major, count, target) =>
      json(nodeOf(major), [
        `${bench}ours-fit.mjs`,
        workload.folder,
        folder,
        JSON.stringify({ ...fitOptions, threads: count }),
        String(target),
      ])
    const most = Math.max(...threads)
    const tried = threadsOfPeer(workload.id)
    const peers = new Map(tried.map((count) => [count, []]))
    const mine = { 24: [], 20: [] }
    for (let round = 0; round < (quick ? 1 : 3); round++) {
      for (const [count, list] of peers) {
        list.push(peer(count))
        log(`fit ${workload.id}: ${PEER}, ${count} threads: ${line(list.at(-1))}`)
      }
      const target = peers.get(tried[0])[0].objective
      for (const major of [24, 20]) {
        mine[major].push(own(major, most, target))
        log(`fit ${workload.id}: Estep, Node ${major}, ${most} threads: ${line(mine[major].at(-1))}`)
      }
    }
    const seconds = (list, what = 'seconds') => median(list.map((r) => r[what]))
    const [bestThreads, best] = [...peers].reduce((a, b) => (seconds(b[1]) < seconds(a[1]) ? b : a))
    const { iterations, objective } = best[0]
    return {
      id: workload.id,
      title: workload.title,
      goal: workload.objectiveGoal,
      sizes,
      threads: most,
      peer: { threads: bestThreads, iterations, objective, seconds: seconds(best) },
      ours: [24, 20].map((node) => ({
        node,
        iterations: mine[node][0].iterations,
        objective: mine[node][0].objective,
        whole: seconds(best) / seconds(mine[node]),
        afterBinding: seconds(best) / seconds(mine[node], 'searchSeconds'),
      })),
    }
  }
}

const line = ({ seconds, iterations, objective }) =>
  `${seconds.toFixed(2)} s, ${iterations} iterations, objective ${objective}`

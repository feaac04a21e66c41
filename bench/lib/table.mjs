/** The table of the goals: each workload side by side with its peers. */

import { ours, peers } from './contestants.mjs'
import { dataFolder } from './data-files.mjs'
import { sideBySide } from './side-by-side.mjs'

export async function table(workloads, { quick, fitOptions, threads, found, ledger, log }) {
  for (const workload of workloads) {
    await ledger.row('table', workload.id, async () => {
      const sizes = { ...workload.sizes, ...(quick ? workload.quick : {}) }
      log(`${workload.id} ${workload.title}, ${JSON.stringify(sizes)}`)
      const folder = dataFolder(workload, sizes)
      const { list, missing } = peers(workload, sizes, folder, found)
      for (const line of missing) log(`  ${line}`)
      const contestants = [...ours(workload, folder, fitOptions), ...list].filter((c) => threads.includes(c.threads))
      const result = await sideBySide(contestants, { rounds: quick ? 3 : 5, perRound: 3, log })
      const { id, title, goals } = workload
      return { id, title, goals, sizes, ...result, missing }
    })
  }
}

/** The table of the goals: each workload side by side with its peers. */

import { ours, peers } from './contestants.mjs'
import { dataFolder } from './data-files.mjs'
import { sideBySide } from './side-by-side.mjs'

export async function table(workloads, found, { quick, fitOptions, log }) {
  const rows = []
  for (const workload of workloads) {
    const sizes = { ...workload.sizes, ...(quick ? workload.quick : {}) }
    log(`${workload.id} ${workload.title}, ${JSON.stringify(sizes)}`)
    const folder = dataFolder(workload, sizes)
    const { list, missing } = peers(workload, sizes, folder, found)
    for (const line of missing) log(`  ${line}`)
    const contestants = [...ours(workload, folder, fitOptions), ...list]
    const result = await sideBySide(contestants, { rounds: quick ? 3 : 5, perRound: 3, log })
    for (const { label, least, median, processor, first, objective } of result.programs) {
      const ms = (s) => `${(1000 * s).toFixed(1)} ms`
      log(
        `  ${label}: median ${ms(median)}, least ${ms(least)}${processor === null ? '' : `, processor ${ms(processor)}`}${first === null ? '' : `, first ${ms(first)}`}, objective ${objective}`,
      )
    }
    const { id, title, goals } = workload
    rows.push({ id, title, goals, sizes, ...result, missing })
  }
  return rows
}

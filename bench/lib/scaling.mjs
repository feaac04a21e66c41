/** How the time of an iteration grows with rows, components and columns: medians on one thread, and the exponents of the best power laws. */

import { workloads } from '../workloads/index.mjs'
import { ours } from './contestants.mjs'
import { dataFolder } from './data-files.mjs'
import { startProgram } from './program.mjs'
import { exponent, median } from './statistics.mjs'

const sweeps = [
  {
    id: 'W1',
    base: { N: 2e5, D: 8, K: 8 },
    over: { N: [5e4, 1e5, 2e5, 4e5, 8e5], K: [4, 8, 16, 32], D: [4, 8, 16, 32] },
    goal: { N: 1, K: 1, D: 1 },
  },
  {
    id: 'W2',
    base: { N: 4e4, D: 16, K: 8 },
    over: { N: [1e4, 2e4, 4e4, 8e4, 16e4], K: [4, 8, 16, 32], D: [8, 16, 32, 64] },
    goal: { N: 1, K: 1, D: 2 },
  },
]

export async function scaling({ quick, fitOptions, log }) {
  const rows = []
  for (const { id, base, over, goal } of sweeps) {
    const [workload] = await workloads([id])
    for (const [name, values] of Object.entries(over)) {
      const points = []
      for (const value of values) {
        const sizes = { ...base, [name]: value }
        if (quick) sizes.N /= 10
        const [contestant] = ours(workload, dataFolder(workload, sizes), fitOptions)
        const program = await startProgram(contestant)
        await program.step(3)
        const { seconds } = await program.step(quick ? 5 : 11)
        await program.end()
        points.push([value, median(seconds)])
      }
      const row = { id, title: workload.title, base, over: name, points, exponent: exponent(points), goal: goal[name] }
      log(
        `scaling ${id} over ${name}: ${row.exponent.toFixed(2)} (${points.map(([x, y]) => `${x}: ${(1000 * y).toFixed(1)} ms`).join(', ')})`,
      )
      rows.push(row)
    }
  }
  return rows
}

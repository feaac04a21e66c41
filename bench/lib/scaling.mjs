/** How the time of an iteration grows with rows, components and columns: medians on one thread, and the exponents of the best power laws. */

import { workloadIn } from '../workloads/index.mjs'
import { ours } from './contestants.mjs'
import { dataFolder } from './data-files.mjs'
import { startProgram } from './program.mjs'
import { exponent, median } from './statistics.mjs'

const sweeps = [
  {
    folder: 'W1-diagonal',
    base: { N: 2e5, D: 8, K: 8 },
    over: { N: [5e4, 1e5, 2e5, 4e5, 8e5], K: [4, 8, 16, 32], D: [4, 8, 16, 32] },
    goal: { N: 1, K: 1, D: 1 },
  },
  {
    folder: 'W2-full',
    base: { N: 4e4, D: 16, K: 8 },
    over: { N: [1e4, 2e4, 4e4, 8e4, 16e4], K: [4, 8, 16, 32], D: [8, 16, 32, 64] },
    goal: { N: 1, K: 1, D: 2 },
  },
  {
    folder: 'W6-chain',
    base: { T: 1e5, R: 1, S: 8, M: 16 },
    over: { T: [1e4, 1e5, 1e6], S: [2, 4, 8, 16] },
    goal: { T: 1, S: 2 },
  },
  { folder: 'level-chain', base: { T: 1e4 }, over: { T: [1e3, 1e4, 1e5] }, goal: { T: 1 } },
]

export async function scaling({ quick, fitOptions, ledger, log }) {
  for (const { folder, base, over, goal } of sweeps) {
    const workload = await workloadIn(folder)
    const { id, title } = workload
    for (const [name, values] of Object.entries(over)) {
      await ledger.row('scaling', `${id} over ${name}`, async () => {
        const points = []
        for (const value of values) {
          const sizes = { ...base, [name]: value }
          if (quick) for (const rows of ['N', 'T']) if (rows in sizes) sizes[rows] /= 10
          const [contestant] = ours(workload, dataFolder(workload, sizes), fitOptions)
          try {
            points.push([value, await medianOf(contestant, quick ? 5 : 11)])
          } catch (error) {
            log(`scaling ${id}, ${name} = ${value}: ${error.message}`)
          }
        }
        if (points.length < 2) return null
        const power = exponent(points)
        const times = points.map(([x, y]) => `${x}: ${(1000 * y).toFixed(2)} ms`).join(', ')
        log(`scaling ${id} over ${name}: ${power.toFixed(2)} (${times})`)
        return { id, title, base, over: name, points, exponent: power, goal: goal[name] }
      })
    }
  }
}

async function medianOf(contestant, count) {
  const program = await startProgram(contestant)
  try {
    await program.step(3)
    return median((await program.step(count)).seconds)
  } finally {
    await program.end()
  }
}

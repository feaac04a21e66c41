/** Passes over rows by workers of Node; prints what came of them, and ends by itself. */

import { nodeBuiltins, nodeSpawn } from '../../../../api/workers/node-workers.js'
import { WorkerPool } from '../../../../compiler/targets/wasm/pool/worker-pool.js'
import { rowsIn, sumKernel, summing, sumsOf } from '../../../support/row-kernels.js'

const [, , entry = '', threads = '2', share = 'true', how = ''] = process.argv
const builtins = nodeBuiltins()
if (builtins === null) throw new Error('this is not Node')
const spawn = nodeSpawn(builtins, new URL(entry))
const pool = new WorkerPool(Number(threads), spawn)
await pool.begin()
const ready = pool.isReady
const own = rowsIn(share === 'true', { rows: 50_000, chunk: 1000 })
const add = summing(own, pool)
const given = [...Array.from({ length: 5 }, (_, i) => Float64Array.of(i + 1 / 3, i)), Float64Array.of(1 / 3, 0)]
// the area that the first ones have is too small for the last one
const kernels = given.map((_, i) => sumKernel(own, i < 5 ? 96 : 1_000_000, how === 'trap'))
const jobs = kernels.map(async (kernel, i) => {
  const inputs = given[i] ?? new Float64Array(0)
  return ready ? add(kernel)(inputs) : sumsOf(own, kernel, inputs)
})
const sums = await Promise.allSettled(jobs)
console.log(
  JSON.stringify({
    ready,
    sums: sums.map((one) => (one.status === 'fulfilled' ? [...one.value] : String(one.reason))),
  }),
)
await pool.end()

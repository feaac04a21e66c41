/** Passes that the calling thread shares with workers of Node; prints what came of them, and ends by itself. */

import { nodeBuiltins, nodeSpawn } from '../../../../api/workers/node-workers.js'
import { WorkerPool } from '../../../../compiler/targets/wasm/pool/worker-pool.js'
import { rowsIn, sumKernel, summing, summingTogether } from '../../../support/row-kernels.js'

const [, , entry = '', threads = '2', how = ''] = process.argv
const builtins = nodeBuiltins()
if (builtins === null) throw new Error('this is not Node')
const pool = new WorkerPool(Number(threads), nodeSpawn(builtins, new URL(entry)))
await pool.begin()
const own = rowsIn(true, { rows: 50_000, chunk: 1000 })
const sum = summingTogether(own, pool)
const kernel = sumKernel(own, 96, how === 'trap')
const given = Array.from({ length: 6 }, (_, i) => Float64Array.of(i + 1 / 3, i))
// workers have something else to do when they are first asked
const later = how === 'busy' ? summing(own, pool)(kernel) : null
const others = later === null ? [] : given.map((inputs) => later(inputs))
const sums: unknown[] = []
for (const inputs of given)
  try {
    sums.push([...sum(kernel, inputs)])
  } catch (error) {
    sums.push(String(error))
  }
const awaited = (await Promise.allSettled(others)).map((one) => (one.status === 'fulfilled' ? [...one.value] : 'lost'))
// messages of workers are read now
await new Promise((resolve) => setTimeout(resolve, 100))
let after = 'ready'
try {
  if (!pool.isReady) after = 'not ready'
} catch (error) {
  after = String(error)
}
console.log(JSON.stringify({ sums, awaited, after }))
await pool.end()

/** Passes over rows by workers of Node; prints what came of them, and ends by itself. */

import { nodeBuiltins, nodeSpawn } from '../../../../api/workers/node-workers.js'
import { canShare, RowTable } from '../../../../compiler/targets/wasm/pool/row-table.js'
import { WorkerPool } from '../../../../compiler/targets/wasm/pool/worker-pool.js'
import { columns, sumKernel } from '../../../support/row-kernels.js'

const [, , entry = '', threads = '2', share = 'true', how = ''] = process.argv
const builtins = nodeBuiltins()
if (builtins === null) throw new Error('this is not Node')
const spawn = nodeSpawn(builtins, new URL(entry))
const pool = new WorkerPool(Number(threads), spawn)
const rows = 50_000
const table = new RowTable(columns(rows), { rows, chunk: 1000 }, pool, share === 'true' && canShare())
const kernel = table.addKernel(sumKernel(table, 96, how === 'trap'))
await pool.begin()
const ready = pool.isReady
const jobs = Array.from({ length: 5 }, (_, i) => kernel.later(Float64Array.of(i + 1 / 3, i)))
// the first memory is too small for this one
const larger = table.addKernel(sumKernel(table, 1_000_000))
jobs.push(larger.later(Float64Array.of(1 / 3, 0)))
const sums = await Promise.allSettled(jobs)
console.log(
  JSON.stringify({
    ready,
    sums: sums.map((one) => (one.status === 'fulfilled' ? [...one.value] : String(one.reason))),
  }),
)
await pool.end()

/** Workers of Node, in processes that end by themselves. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { RowTable } from '../../../compiler/targets/wasm/pool/row-table.js'
import { bundle } from '../../support/bundle.js'
import { columns, sumKernel } from '../../support/row-kernels.js'

const run = promisify(execFile)
let folder: URL

beforeAll(async () => {
  folder = await bundle({
    pass: 'compiler/pool/scripts/pass.ts',
    gone: 'compiler/pool/scripts/gone.ts',
    'node-worker': '../api/workers/node-worker.ts',
  })
}, 60_000)

interface Printed {
  readonly ready: boolean
  readonly sums: readonly unknown[]
}

async function pass(threads: number, share: boolean, how = '', worker = 'node-worker'): Promise<Printed> {
  const script = fileURLToPath(new URL('pass.mjs', folder))
  const entry = new URL(`${worker}.mjs`, folder).href
  // stops a process that hangs
  const { stdout, stderr } = await run(process.execPath, [script, entry, String(threads), String(share), how], {
    timeout: 60_000,
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

function expected(): readonly unknown[] {
  const rows = 50_000
  const table = new RowTable(columns(rows), { rows, chunk: 1000 }, null)
  const kernel = table.addKernel(sumKernel(table))
  const sums = Array.from({ length: 5 }, (_, i) => [...kernel.now(Float64Array.of(i + 1 / 3, i))])
  return [...sums, [...kernel.now(Float64Array.of(1 / 3, 0))]]
}

describe('workers of Node', () => {
  for (const share of [true, false])
    for (const threads of [1, 2, 5])
      it(`give the bits of one thread: ${threads}, ${share ? 'shared memory' : 'shards'}`, {
        timeout: 90_000,
      }, async () => {
        expect(await pass(threads, share)).toEqual({ ready: true, sums: expected() })
      })

  it('that come upon a trap end the work and the process', { timeout: 90_000 }, async () => {
    const { sums } = await pass(2, true, 'trap')
    for (const one of sums.slice(0, 5)) expect(one).toMatch(/WorkerError: a worker failed: .*out of bounds/)
  })

  it('that end by themselves end the work and the process', { timeout: 90_000 }, async () => {
    const { sums } = await pass(2, true, '', 'gone')
    expect(sums.length).toBe(6)
    for (const one of sums) expect(one).toBe('WorkerError: a worker failed: it ended with status 3')
  })

  it('whose script is not there are done without', { timeout: 90_000 }, async () => {
    const { ready, sums } = await pass(2, true, 'missing', 'no-such-script')
    expect(ready).toBe(false)
    expect(sums).toEqual(expected())
  })
})

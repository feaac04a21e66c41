import { describe, expect, it } from 'vitest'
import { chunkCount, chunkRows } from '../../../compiler/targets/wasm/pool/chunks.js'
import { RowTable } from '../../../compiler/targets/wasm/pool/row-table.js'
import { WorkerError } from '../../../compiler/targets/wasm/pool/worker-error.js'
import { WorkerPool } from '../../../compiler/targets/wasm/pool/worker-pool.js'
import { pause } from '../../runtime/fake-models.js'
import { type ChannelOptions, type ChannelWorker, channelWorker } from '../../support/channel-workers.js'
import { columns, sumKernel } from '../../support/row-kernels.js'

const inputs = Float64Array.of(1 / 3, 5)

interface Pooled {
  readonly pool: WorkerPool
  readonly workers: ChannelWorker[]
}

function pooled(threads: number, options: ChannelOptions = {}, now?: () => number): Pooled {
  const workers: ChannelWorker[] = []
  const spawn = (): ChannelWorker => {
    const worker = channelWorker(options)
    workers.push(worker)
    return worker
  }
  const pool = new WorkerPool(threads, spawn, now)
  return { pool, workers }
}

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 1000 && !holds(); turn++) await pause()
  expect(holds()).toBe(true)
}

async function ready(threads: number): Promise<Pooled> {
  const made = pooled(threads)
  await made.pool.begin()
  expect(made.pool.isReady).toBe(true)
  return made
}

const table = (rows: number, chunk: number, pool: WorkerPool | null, share: boolean): RowTable =>
  new RowTable(columns(rows), { rows, chunk }, pool, share)

/** By one thread, without a pool. */
function alone(rows: number, chunk: number, given = inputs): Float64Array {
  const own = table(rows, chunk, null, false)
  return own.addKernel(sumKernel(own)).now(given)
}

describe('sums over rows', () => {
  it('are those of the rows', () => {
    const rows = 5
    const [x, g, entries] = columns(rows).map(({ values }) => values)
    let first = 0
    for (let r = 0; r < rows; r++) first += (1 / 3) * (x?.[2 * r] ?? 0) * (entries?.[g?.[r] ?? 0] ?? 0)
    const [sum = 0, gammas = 0] = alone(rows, 2)
    expect(sum).toBeCloseTo(first, 8)
    expect(gammas).toBeGreaterThan(5 * rows)
    // they would show it if chunks were added up in another order
    const other = alone(5000, 33)
    expect(alone(5000, 34)).not.toEqual(other)
  })

  for (const share of [true, false])
    it(`have the same bits for any number of workers, ${share ? 'in shared memory' : 'with shards of their own'}`, async () => {
      for (const [rows, chunk] of [
        [5000, 128],
        [1000, 333],
        [64, 64],
        [7, 2],
      ] as const) {
        const expected = alone(rows, chunk)
        for (const threads of [1, 2, 4, 8]) {
          const { pool, workers } = await ready(threads)
          const own = table(rows, chunk, pool, share)
          expect(own.isShared).toBe(share)
          const kernel = own.addKernel(sumKernel(own))
          expect(kernel.now(inputs)).toEqual(expected)
          expect(await kernel.later(inputs)).toEqual(expected)
          const ran = workers.filter(({ received }) => received.some(({ kind }) => kind === 'run')).length
          expect(ran).toBe(own.chunks < 2 ? 0 : Math.min(threads, own.chunks))
          await pool.end()
          expect(workers.some((worker) => worker.isOpen())).toBe(false)
        }
      }
    })

  it('come of rows that are sent once', async () => {
    for (const share of [true, false]) {
      const { pool, workers } = await ready(3)
      const own = table(3000, 100, pool, share)
      const kernel = own.addKernel(sumKernel(own))
      for (let i = 0; i < 4; i++) await kernel.later(Float64Array.of(i, i))
      for (const { received } of workers) {
        expect(received.map(({ kind }) => kind)).toEqual(['table', 'kernel', 'run', 'run', 'run', 'run'])
        const [first] = received
        if (first?.kind !== 'table' || 'shared' in first.rows) continue
        // a third of the rows each, and what belongs to no row
        const bytes = first.rows.shards.map((shard) => shard.bytes.length)
        expect(bytes).toEqual([16_000, 4000, 24])
      }
      own.drop()
      await until(() => workers.every(({ received }) => received.at(-1)?.kind === 'drop'))
      await pool.end()
    }
  })

  it('of several runs at once do not mix', async () => {
    for (const share of [true, false]) {
      const { pool } = await ready(3)
      const own = table(4000, 100, pool, share)
      const kernel = own.addKernel(sumKernel(own))
      const given = Array.from({ length: 9 }, (_, i) => Float64Array.of(i + 0.1, i))
      const together = given.map((one) => kernel.later(one))
      // a kernel with a larger area, while the others are under way
      const larger = own.addKernel(sumKernel(own, 5_000_000))
      together.push(larger.later(inputs))
      const here = kernel.now(given[3] ?? inputs)
      const sums = await Promise.all(together)
      given.forEach((one, i) => {
        expect(sums[i]).toEqual(alone(4000, 100, one))
      })
      expect(sums[9]).toEqual(alone(4000, 100))
      expect(here).toEqual(sums[3])
      await pool.end()
    }
  })
})

describe('workers', () => {
  it('are not started for little work', async () => {
    let clock = 0
    const { pool, workers } = pooled(2, {}, () => clock)
    const own = table(200, 10, pool, true)
    const kernel = own.addKernel(sumKernel(own))
    // much work in all, none of it in one piece
    for (let i = 0; i < 400; i++) {
      pool.meanwhile(() => {
        clock += 0.3
      })
      if (i % 100 === 0) expect(await kernel.later(inputs)).toEqual(alone(200, 10))
    }
    expect(clock).toBeGreaterThan(100)
    expect(workers).toEqual([])
    await pool.end()
  })

  it('are started when there is some, and take over when they are there', async () => {
    // each look at the clock is a millisecond
    let clock = 0
    const { pool, workers } = pooled(2, {}, () => clock++)
    const own = table(2000, 100, pool, true)
    const kernel = own.addKernel(sumKernel(own))
    for (let i = 0; i < 29; i++) kernel.later(inputs)
    expect(workers).toEqual([])
    expect(await kernel.later(inputs)).toEqual(alone(2000, 100))
    expect(workers.length).toBe(2)
    expect(pool.isReady).toBe(false)
    expect(await kernel.later(inputs)).toEqual(alone(2000, 100))
    expect(workers.flatMap(({ received }) => received)).toEqual([])
    await until(() => pool.isReady)
    expect(await kernel.later(inputs)).toEqual(alone(2000, 100))
    expect(workers.every(({ received }) => received.length === 3)).toBe(true)
    await pool.end()
    // afterwards everything is done here
    expect(await kernel.later(inputs)).toEqual(alone(2000, 100))
    expect(workers.length).toBe(2)
  })

  it('that cannot be had are done without', async () => {
    const none = new WorkerPool(2, () => {
      throw new Error('no workers here')
    })
    const dying = pooled(3, { neverReady: true })
    for (const pool of [none, dying.pool]) {
      const own = table(2000, 100, pool, true)
      const kernel = own.addKernel(sumKernel(own))
      const begun = pool.begin()
      dying.workers[1]?.die('its script cannot be loaded')
      await begun
      expect(pool.isReady).toBe(false)
      expect(await kernel.later(inputs)).toEqual(alone(2000, 100))
    }
    expect(dying.workers.some((worker) => worker.isOpen())).toBe(false)
  })

  it('that are lost with work under way end it, and whatever is asked for later', async () => {
    const { pool, workers } = pooled(3, { swallow: ({ kind }) => kind === 'run' })
    await pool.begin()
    const own = table(2000, 100, pool, true)
    const kernel = own.addKernel(sumKernel(own))
    const waiting = [kernel.later(inputs), kernel.later(inputs)]
    await until(() => workers.every(({ received }) => received.length === 4))
    workers[2]?.die('it ended with status 1')
    for (const one of waiting) {
      const error = await one.catch((e: unknown) => e)
      expect(error).toBeInstanceOf(WorkerError)
      expect(error).toHaveProperty('message', 'a worker failed: it ended with status 1')
    }
    await expect(kernel.later(inputs)).rejects.toThrow(WorkerError)
    expect(workers.some((worker) => worker.isOpen())).toBe(false)
    // the rows are still here
    expect(kernel.now(inputs)).toEqual(alone(2000, 100))
    await pool.end()
  })

  it('that come upon a trap say so', async () => {
    for (const share of [true, false]) {
      const { pool } = await ready(2)
      const own = table(2000, 100, pool, share)
      const kernel = own.addKernel(sumKernel(own, 96, true))
      await expect(kernel.later(inputs)).rejects.toThrow(/a worker failed: .*out of bounds/)
      await pool.end()
    }
  })
})

describe('chunks', () => {
  it('depend on sizes alone, are many where there are many rows, and few where their sums are long', () => {
    const count = (rows: number, sums: number, rowWork: number, step = 64): number =>
      chunkCount(rows, chunkRows({ rows, sums, rowWork, step }))
    expect(count(1_000_000, 137, 400)).toBe(64)
    expect(count(10_000_000, 137, 400)).toBeGreaterThanOrEqual(610)
    expect(count(20_000, 21_450, 80_000)).toBe(23)
    // so little work that it is not shared
    expect(count(500, 10, 50)).toBe(1)
    // long sequences, one by one
    expect(count(1000, 100, 200_000, 1)).toBe(63)
    expect(count(0, 10, 50)).toBe(0)
    for (const rows of [1, 63, 64, 65, 99_999])
      expect(chunkRows({ rows, sums: 3, rowWork: 1e5, step: 64 }) % 64).toBe(0)
  })
})

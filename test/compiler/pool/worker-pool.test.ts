import { describe, expect, it } from 'vitest'
import { chunkCount, chunkRows } from '../../../compiler/targets/wasm/pool/chunks.js'
import { WorkerError } from '../../../compiler/targets/wasm/pool/worker-error.js'
import { WorkerPool } from '../../../compiler/targets/wasm/pool/worker-pool.js'
import { pause } from '../../runtime/fake-models.js'
import { type ChannelOptions, type ChannelWorker, channelWorker } from '../../support/channel-workers.js'
import { arrays, rowsIn, sumKernel, summing, sumsOf } from '../../support/row-kernels.js'

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
  const pool = new WorkerPool(threads, spawn, now === undefined ? {} : { now })
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

/** By one thread, without a pool. */
function alone(rows: number, chunk: number, given = inputs): Float64Array {
  const own = rowsIn(false, { rows, chunk })
  return sumsOf(own, sumKernel(own), given)
}

describe('sums over rows', () => {
  it('are those of the rows', () => {
    const rows = 5
    const { x, g, table } = arrays(rows)
    let first = 0
    for (let r = 0; r < rows; r++) first += (1 / 3) * (x[2 * r] ?? 0) * (table[g[r] ?? 0] ?? 0)
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
          const own = rowsIn(share, { rows, chunk })
          expect(own.arena.shared).toBe(share)
          const kernel = sumKernel(own)
          expect(sumsOf(own, kernel, inputs)).toEqual(expected)
          expect(await summing(own, pool)(kernel)(inputs)).toEqual(expected)
          const ran = workers.filter(({ received }) => received.some(({ kind }) => kind === 'run')).length
          expect(ran).toBe(Math.min(threads, chunkCount(rows, chunk)))
          await pool.end()
          expect(workers.some((worker) => worker.isOpen())).toBe(false)
        }
      }
    })

  it('come of rows that are sent once', async () => {
    for (const share of [true, false]) {
      const { pool, workers } = await ready(3)
      const own = rowsIn(share, { rows: 3000, chunk: 100 })
      const sum = summing(own, pool)(sumKernel(own))
      for (let i = 0; i < 4; i++) await sum(Float64Array.of(i, i))
      for (const { received } of workers) {
        const once = share ? ['memory', 'kernel'] : ['memory', 'shards', 'shards', 'shards', 'kernel']
        expect(received.map(({ kind }) => kind)).toEqual([...once, 'run', 'run', 'run', 'run'])
        // a third of the rows each, and what belongs to no row
        const bytes = received.flatMap((m) => (m.kind === 'shards' ? m.shards.map((s) => s.bytes.length) : []))
        expect(bytes).toEqual(share ? [] : [16_000, 4000, 24])
      }
      await pool.end()
    }
  })

  it('of several runs at once do not mix', async () => {
    for (const share of [true, false]) {
      const { pool } = await ready(3)
      const own = rowsIn(share, { rows: 4000, chunk: 100 })
      const add = summing(own, pool)
      const sum = add(sumKernel(own))
      const given = Array.from({ length: 9 }, (_, i) => Float64Array.of(i + 0.1, i))
      const together = given.map((one) => sum(one))
      // a kernel with a larger area, while the others are under way
      together.push(add(sumKernel(own, 5_000_000))(inputs))
      const here = share ? sumsOf(own, sumKernel(own), given[3] ?? inputs) : null
      const sums = await Promise.all(together)
      given.forEach((one, i) => {
        expect(sums[i]).toEqual(alone(4000, 100, one))
      })
      expect(sums[9]).toEqual(alone(4000, 100))
      if (here !== null) expect(here).toEqual(sums[3])
      await pool.end()
    }
  })
})

describe('workers', () => {
  it('are not started for little work', async () => {
    let clock = 0
    const { pool, workers } = pooled(2, {}, () => clock)
    // much in all, none of it in one piece
    for (let i = 0; i < 400; i++) {
      const done = pool.meanwhile(() => {
        clock += 0.3
        return i
      })
      expect(done).toBe(i)
    }
    expect(clock).toBeGreaterThan(100)
    expect(workers).toEqual([])
    await pool.end()
  })

  it('are started when there is some, and take over when they are there', async () => {
    // each look at the clock is a millisecond
    let clock = 0
    const { pool, workers } = pooled(2, {}, () => clock++)
    for (let i = 0; i < 29; i++) pool.meanwhile(() => 0)
    expect(workers).toEqual([])
    pool.meanwhile(() => 0)
    expect(workers.length).toBe(2)
    expect(pool.isReady).toBe(false)
    pool.meanwhile(() => 0)
    await until(() => pool.isReady)
    expect(workers.length).toBe(2)
    await pool.end()
    // afterwards everything is done here
    expect(pool.isReady).toBe(false)
    for (let i = 0; i < 100; i++) pool.meanwhile(() => 0)
    expect(workers.length).toBe(2)
  })

  it('that cannot be had are done without', async () => {
    const none = new WorkerPool(2, () => {
      throw new Error('no workers here')
    })
    const dying = pooled(3, { neverReady: true })
    for (const pool of [none, dying.pool]) {
      const begun = pool.begin()
      dying.workers[1]?.die('its script cannot be loaded')
      await begun
      expect(pool.isReady).toBe(false)
    }
    expect(dying.workers.some((worker) => worker.isOpen())).toBe(false)
  })

  it('that are lost with work under way end it, and whatever is asked for later', async () => {
    const { pool, workers } = pooled(3, { swallow: ({ kind }) => kind === 'run' })
    await pool.begin()
    const own = rowsIn(true, { rows: 2000, chunk: 100 })
    const sum = summing(own, pool)(sumKernel(own))
    const waiting = [sum(inputs), sum(inputs)]
    await until(() => workers.every(({ received }) => received.length === 4))
    workers[2]?.die('it ended with status 1')
    for (const one of waiting) {
      const error = await one.catch((e: unknown) => e)
      expect(error).toBeInstanceOf(WorkerError)
      expect(error).toHaveProperty('message', 'a worker failed: it ended with status 1')
    }
    expect(() => pool.isReady).toThrow(WorkerError)
    expect(workers.some((worker) => worker.isOpen())).toBe(false)
    await pool.end()
  })

  it('that come upon a trap say so', async () => {
    for (const share of [true, false]) {
      const { pool } = await ready(2)
      const own = rowsIn(share, { rows: 2000, chunk: 100 })
      const sum = summing(own, pool)(sumKernel(own, 96, true))
      await expect(sum(inputs)).rejects.toThrow(/a worker failed: .*out of bounds/)
      await pool.end()
    }
  })
})

describe('chunks', () => {
  it('depend on sizes alone, are many where there are many rows, and few where their sums are long', () => {
    const count = (rows: number, sums: number, rowWork: number, step = 64): number =>
      chunkCount(rows, chunkRows({ rows, sums, rowWork, step }))
    expect(count(1_000_000, 137, 400)).toBe(123)
    expect(count(10_000_000, 137, 400)).toBeGreaterThanOrEqual(610)
    expect(count(20_000, 21_450, 80_000)).toBe(40)
    // so little work that it is not shared
    expect(count(500, 10, 50)).toBe(1)
    // long sequences, one by one
    expect(count(1000, 100, 200_000, 8)).toBe(125)
    expect(count(0, 10, 50)).toBe(0)
    for (const rows of [1, 63, 64, 65, 99_999])
      expect(Math.log2(chunkRows({ rows, sums: 3, rowWork: 1e5, step: 64 })) % 1).toBe(0)
  })
})

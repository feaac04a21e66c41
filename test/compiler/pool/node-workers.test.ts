/** Workers of Node, in processes that end by themselves. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../../support/bundle.js'
import { rowsIn, sumKernel, sumsOf } from '../../support/row-kernels.js'

const run = promisify(execFile)
let folder: URL

beforeAll(async () => {
  folder = await bundle({
    pass: 'compiler/pool/scripts/pass.ts',
    together: 'compiler/pool/scripts/together.ts',
    gone: 'compiler/pool/scripts/gone.ts',
    greedy: 'compiler/pool/scripts/greedy.ts',
    fit: 'compiler/pool/scripts/fit.ts',
    'node-worker': '../api/workers/node-worker.ts',
  })
}, 60_000)

interface Printed {
  readonly ready: boolean
  readonly sums: readonly unknown[]
}

async function pass(threads: number, share: boolean, how = '', worker = 'node-worker'): Promise<Printed> {
  const script = fileURLToPath(new URL('pass.js', folder))
  const entry = new URL(`${worker}.js`, folder).href
  // stops a process that hangs
  const { stdout, stderr } = await run(process.execPath, [script, entry, String(threads), String(share), how], {
    timeout: 60_000,
  })
  expect(stderr).toBe('')
  return JSON.parse(stdout)
}

function expected(): readonly unknown[] {
  const own = rowsIn(false, { rows: 50_000, chunk: 1000 })
  const kernel = sumKernel(own)
  const sums = Array.from({ length: 5 }, (_, i) => [...sumsOf(own, kernel, Float64Array.of(i + 1 / 3, i))])
  return [...sums, [...sumsOf(own, kernel, Float64Array.of(1 / 3, 0))]]
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
    for (const one of sums) expect(one).toMatch(/WorkerError: a worker failed: .*out of bounds/)
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

  describe('that share a pass with the calling thread', () => {
    const together = async (threads: number, how = '', worker = 'node-worker') => {
      const script = fileURLToPath(new URL('together.js', folder))
      const entry = new URL(`${worker}.js`, folder).href
      const { stdout } = await run(process.execPath, [script, entry, String(threads), how], { timeout: 60_000 })
      return JSON.parse(stdout)
    }
    const alone = (): readonly unknown[] => {
      const own = rowsIn(false, { rows: 50_000, chunk: 1000 })
      const kernel = sumKernel(own)
      return Array.from({ length: 6 }, (_, i) => [...sumsOf(own, kernel, Float64Array.of(i + 1 / 3, i))])
    }

    for (const threads of [1, 2, 4, 8])
      it(`give the bits of one thread: ${threads}`, { timeout: 90_000 }, async () => {
        expect(await together(threads)).toEqual({ sums: alone(), awaited: [], after: 'ready' })
      })

    it('give them too where workers are at other work', { timeout: 90_000 }, async () => {
      expect(await together(3, 'busy')).toEqual({ sums: alone(), awaited: alone(), after: 'ready' })
    })

    it('and are lost leave their work to it', { timeout: 90_000 }, async () => {
      const { sums, after } = await together(2, '', 'greedy')
      expect(sums).toEqual(alone())
      expect(after).toBe('WorkerError: a worker failed: it ended with status 3')
    })

    it('and come upon a trap leave that to it', { timeout: 90_000 }, async () => {
      const { sums, after } = await together(2, 'trap')
      for (const one of sums) expect(one).toMatch(/RuntimeError: .*out of bounds/)
      expect(after).toMatch(/WorkerError: a worker failed: .*out of bounds/)
    })
  })

  for (const kind of ['restarts', 'newton', 'chains', 'single', 'lone'])
    it(`share a fit as the library finds them: ${kind}`, { timeout: 120_000 }, async () => {
      const script = fileURLToPath(new URL('fit.js', folder))
      const printed = await Promise.all(
        ['1', '2', '4', '8'].map(async (threads) => {
          const { stdout } = await run(process.execPath, [script, kind, threads], { timeout: 100_000 })
          return JSON.parse(stdout)
        }),
      )
      const [alone, ...others] = printed
      expect(alone.started).toBe(0)
      // a single run is shared by the calling thread
      expect(others.map(({ started }) => started)).toEqual(kind === 'lone' ? [1, 3, 7] : [2, 4, 8])
      for (const { result, jobs } of others) {
        expect(jobs).toBeGreaterThan(20)
        expect(result).toEqual(alone.result)
      }
    })
})

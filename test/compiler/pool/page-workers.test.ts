/** A worker of a page, with the parts of a page that it uses. */
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { pageSpawn } from '../../../api/workers/page-workers.js'
import { WorkerPool } from '../../../compiler/targets/wasm/pool/worker-pool.js'
import { rowsIn, sumKernel, summing, sumsOf } from '../../support/row-kernels.js'

interface Made {
  readonly script: string
  readonly type: string
  open: boolean
}

const made: Made[] = []
let isBroken = false

/** `new Worker(…)`: the script runs here, its global scope on the other end of a channel. */
class PageWorker {
  onmessage: ((event: { readonly data: unknown }) => void) | null = null
  onerror: ((event: { readonly message?: string }) => void) | null = null
  private readonly near: MessagePort
  private readonly record: Made

  constructor(script: URL, { type }: { readonly type: string }) {
    const { port1, port2 } = new MessageChannel()
    this.near = port1
    this.record = { script: script.pathname.split('/').at(-1) ?? '', type, open: true }
    made.push(this.record)
    port1.on('message', (data) => this.onmessage?.({ data }))
    load(port2).catch((error: Error) => this.onerror?.({ message: error.message }))
  }

  postMessage(message: unknown, transfer: ArrayBuffer[]): void {
    this.near.postMessage(message, transfer)
  }

  terminate(): void {
    this.record.open = false
    this.near.close()
  }
}

async function load(far: MessagePort): Promise<void> {
  if (isBroken) throw new Error('the script cannot be loaded')
  vi.stubGlobal('postMessage', (message: unknown, transfer: ArrayBuffer[]) => far.postMessage(message, transfer))
  vi.resetModules()
  await import('../../../api/workers/page-worker.js')
  const scope = globalThis as unknown as { readonly onmessage?: (event: { readonly data: unknown }) => void }
  far.on('message', (data) => scope.onmessage?.({ data }))
}

beforeEach(() => {
  vi.stubGlobal('Worker', PageWorker)
  vi.stubGlobal('onmessage', null)
})
afterEach(() => {
  vi.unstubAllGlobals()
  made.length = 0
})

it('sums rows of its own and rows that it shares', async () => {
  for (const share of [true, false]) {
    const pool = new WorkerPool(1, pageSpawn)
    await pool.begin()
    expect(pool.isReady).toBe(true)
    const own = rowsIn(share, { rows: 1000, chunk: 64 })
    const kernel = sumKernel(own)
    const inputs = Float64Array.of(0.3, 2)
    expect(await summing(own, pool)(kernel)(inputs)).toEqual(sumsOf(own, kernel, inputs))
    await pool.end()
  }
  expect(made).toEqual(Array(2).fill({ script: 'page-worker.js', type: 'module', open: false }))
})

it('is done without where its script cannot be loaded', async () => {
  isBroken = true
  const pool = new WorkerPool(1, pageSpawn)
  await pool.begin()
  expect(pool.isReady).toBe(false)
  expect(made.map(({ open }) => open)).toEqual([false])
})

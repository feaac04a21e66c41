/** Kernels over rows, made by hand, and what they are to give. */

import { Arena } from '../../compiler/targets/wasm/arena.js'
import { Code, call, f64, get, i32, load, op } from '../../compiler/targets/wasm/code.js'
import { encodeModule } from '../../compiler/targets/wasm/encode.js'
import { chunkCount } from '../../compiler/targets/wasm/pool/chunks.js'
import { addInOrder } from '../../compiler/targets/wasm/pool/in-order.js'
import { KernelInstance } from '../../compiler/targets/wasm/pool/kernel-instance.js'
import { type Column, type Cut, RowWorkers } from '../../compiler/targets/wasm/pool/row-workers.js'
import type { RowKernel } from '../../compiler/targets/wasm/pool/types.js'
import type { WorkerPool } from '../../compiler/targets/wasm/pool/worker-pool.js'
import type { WExpr } from '../../compiler/targets/wasm/wasm-ast.js'

/** Numbers of very different size: their sum depends on the order in which they are added up. */
export function numbers(count: number, seed = 1): Float64Array {
  let state = seed
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state + 0.5) / 2 ** 32
  }
  return Float64Array.from({ length: count }, () => (uniform() - 0.5) * 10 ** (8 * uniform()))
}

/** x: two numbers a row; g: one whole number a row; table: for all rows. */
export const arrays = (rows: number) => ({
  x: numbers(2 * rows),
  g: Int32Array.from({ length: rows }, (_, r) => (r * 7) % 3),
  table: Float64Array.of(0.1, -0.7, 1e-3),
})

export interface Rows {
  readonly arena: Arena
  readonly columns: readonly Column[]
  readonly cut: Cut
}

export function rowsIn(share: boolean, cut: Cut): Rows {
  const { x, g, table } = arrays(cut.rows)
  const arena = new Arena(20 * x.length + 4096, share)
  const at = (array: Float64Array | Int32Array): number => arena.addressOf(arena.copy(array)) ?? Number.NaN
  const columns = [
    { address: at(x), bytesPerRow: 16, bytes: x.byteLength },
    { address: at(g), bytesPerRow: 4, bytes: g.byteLength },
    { address: at(table), bytesPerRow: null, bytes: table.byteLength },
  ]
  return { arena, columns, cut }
}

/** Sums by the calling thread. */
export function sumsOf({ arena, cut }: Rows, kernel: RowKernel, inputs: Float64Array): Float64Array {
  const instance = new KernelInstance(kernel, arena.memory)
  const base = arena.reserve(kernel.bytes) ?? Number.NaN
  instance.copyIn(base, inputs)
  const count = chunkCount(cut.rows, cut.chunk)
  const sums = new Float64Array(instance.length * count)
  for (let c = 0; c < count; c++)
    instance.run(base, c * cut.chunk, Math.min(cut.rows, (c + 1) * cut.chunk), sums, c * instance.length)
  const chunks = Array.from({ length: count }, (_, c) => c)
  return addInOrder(new Float64Array(instance.length), [{ kind: 'done', job: 0, chunks, sums }], count)
}

/** The same by workers. */
export function summing(
  rows: Rows,
  pool: WorkerPool,
): (kernel: RowKernel) => (inputs: Float64Array) => Promise<Float64Array> {
  const workers = new RowWorkers(rows.arena, pool)
  return (kernel) => {
    const own = workers.add(kernel, rows.columns)
    if (own === null) throw new Error('no place')
    const count = chunkCount(rows.cut.rows, rows.cut.chunk)
    return async (inputs) => addInOrder(new Float64Array(2), await workers.run(own, inputs, rows.cut), count)
  }
}

/** The same by workers and the calling thread, which waits for them. */
export function summingTogether(
  rows: Rows,
  pool: WorkerPool,
): (kernel: RowKernel, inputs: Float64Array) => Float64Array {
  const { arena, cut } = rows
  const workers = new RowWorkers(arena, pool)
  return (kernel, inputs) => {
    if (!workers.isAtHand) throw new Error('no workers')
    const own = workers.add(kernel, rows.columns)
    const base = arena.reserve(kernel.bytes)
    if (own === null || base === null) throw new Error('no place')
    const instance = new KernelInstance(kernel, arena.memory)
    instance.copyIn(base, inputs)
    const take = (chunk: number, sums: Float64Array): void =>
      instance.run(base, chunk * cut.chunk, Math.min(cut.rows, (chunk + 1) * cut.chunk), sums, chunk * instance.length)
    const total = new Float64Array(instance.length)
    workers.together(own, inputs, cut, take, (sums) => {
      sums.forEach((x, i) => {
        total[i % total.length] = (total[i % total.length] ?? 0) + x
      })
    })
    return total
  }
}

const INPUT = 16
const SUMS = 64

/**
 * Adds up w·x[r, 0]·table[g[r]] and lgamma(1 + |x[r, 1]|) + k, w and the whole number k being inputs. `trap`: the first
 * row ends in a trap. `bytes`: length of the private area.
 */
export function sumKernel({ arena, columns }: Rows, bytes = 96, trap = false): RowKernel {
  const code = new Code('run', ['i32', 'i32', 'i32', 'i32'])
  const [base, from, to, first] = code.params
  if (base === undefined || from === undefined || to === undefined || first === undefined)
    throw new Error('no parameters')
  const [x, g, table] = columns.map(({ address }) => i32(address))
  if (x === undefined || g === undefined || table === undefined) throw new Error('no columns')
  const at = (address: WExpr, width: number): WExpr =>
    op('i32.add', address, op('i32.mul', op('i32.add', get(first), get(row)), i32(width)))
  const row = code.local('i32')
  const add = (place: number, value: WExpr): void =>
    code.store('f64.store', get(base), op('f64.add', load('f64.load', get(base), place), value), place)
  code.set(row, get(from))
  const body = code.block(() => {
    const group = load('i32.load', at(g, 4))
    const entry = load('f64.load', op('i32.add', table, op('i32.mul', group, i32(8))))
    const weight = load('f64.load', get(base), INPUT)
    add(SUMS, op('f64.mul', op('f64.mul', weight, load('f64.load', at(x, 16))), entry))
    const second = load('f64.load', at(x, 16), 8)
    const gamma = call({ kind: 'import', name: 'lgamma' }, 'f64', op('f64.add', f64(1), op('f64.abs', second)))
    add(SUMS + 8, op('f64.add', gamma, op('f64.convert_i32_s', load('i32.load', get(base), INPUT + 8))))
    // beyond the end of memory
    if (trap) code.store('f64.store', i32(-8), f64(1))
    code.set(row, op('i32.add', get(row), i32(1)))
  })
  code.emit({ w: 'loop', body, again: op('i32.lt_s', get(row), get(to)) })
  const bytesOf = encodeModule(
    {
      imports: [{ name: 'lgamma', params: ['f64'], result: 'f64' }],
      functions: [code.finish(true)],
      memory: { pages: 0, shared: arena.shared, maximum: 65536 },
    },
    { relaxed: false },
  )
  return {
    module: new WebAssembly.Module(bytesOf),
    functions: ['lgamma'],
    small: [],
    inputs: [
      { offset: INPUT, length: 1, type: 'f64' },
      { offset: INPUT + 8, length: 1, type: 'i32' },
    ],
    sums: [
      { offset: SUMS, length: 1 },
      { offset: SUMS + 8, length: 1 },
    ],
    bytes,
  }
}

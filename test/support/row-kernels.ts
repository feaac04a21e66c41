/** Kernels over rows, made by hand, and what they are to give. */
import { Code, call, f64, get, i32, load, op } from '../../compiler/targets/wasm/code.js'
import { encodeModule } from '../../compiler/targets/wasm/encode.js'
import type { RowTable } from '../../compiler/targets/wasm/pool/row-table.js'
import type { Column } from '../../compiler/targets/wasm/pool/table-layout.js'
import type { RowKernel } from '../../compiler/targets/wasm/pool/types.js'
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
export const columns = (rows: number): readonly Column[] => [
  { buffer: 'x', values: numbers(2 * rows), perRow: 2 },
  { buffer: 'g', values: Int32Array.from({ length: rows }, (_, r) => (r * 7) % 3), perRow: 1 },
  { buffer: 'table', values: Float64Array.of(0.1, -0.7, 1e-3), perRow: null },
]

const INPUT = 16
const SUMS = 64

/**
 * Adds up w·x[r, 0]·table[g[r]] and lgamma(1 + |x[r, 1]|) + k, w and the whole number k being inputs. `trap`: the first
 * row ends in a trap. `bytes`: length of the private area.
 */
export function sumKernel(table: RowTable, bytes = 96, trap = false): RowKernel {
  const code = new Code('run', ['i32', 'i32', 'i32', 'i32'])
  const [base, from, to] = code.params
  if (base === undefined || from === undefined || to === undefined) throw new Error('no parameters')
  const at = (name: string, width: number): WExpr =>
    op('i32.add', i32(table.addresses.get(name) ?? 0), op('i32.mul', get(row), i32(width)))
  const row = code.local('i32')
  const add = (place: number, value: WExpr): void =>
    code.store('f64.store', get(base), op('f64.add', load('f64.load', get(base), place), value), place)
  code.set(row, get(from))
  const body = code.block(() => {
    const group = load('i32.load', at('g', 4))
    const entry = load('f64.load', op('i32.add', i32(table.addresses.get('table') ?? 0), op('i32.mul', group, i32(8))))
    const weight = load('f64.load', get(base), INPUT)
    add(SUMS, op('f64.mul', op('f64.mul', weight, load('f64.load', at('x', 16))), entry))
    const x = load('f64.load', at('x', 16), 8)
    const gamma = call({ kind: 'import', name: 'lgamma' }, 'f64', op('f64.add', f64(1), op('f64.abs', x)))
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
      memory: { pages: 0, shared: table.isShared, maximum: 65536 },
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

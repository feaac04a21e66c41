import { KernelError } from '../../kernel/kernel-error.js'
import type { Buffer, KernelOp } from '../../kernel/types.js'
import { expressionsOf, walk } from '../../kernel/visit.js'
import type { CompiledKernel, CompileKernel, Memory, RowBlock } from '../memory.js'
import { viewBuffer } from '../memory.js'
import { type Declined, declinedOp } from '../supports.js'
import { emitKernel, type PlacedBuffer, type WasmKernel } from './emit-kernel.js'
import { engineFeatures } from './engine-features.js'
import { instantiateKernel, type KernelFunction } from './instantiate.js'

const PAGE = 65536
const MOST_PAGES = 65536

/** null when the WebAssembly target runs these operations, else why not. */
export function wasmSupports(ops: readonly KernelOp[]): Declined | null {
  const declined = declinedOp(ops)
  if (declined !== null) return declined
  for (const op of ops) {
    if (op.op === 'sparseGaussian') return { declined: 'sparseGaussian works on whole tables of the driver' }
    let sparse = false
    for (const expr of expressionsOf(op))
      walk(expr, (part) => {
        if (part.k === 'covariance') sparse = true
      })
    if (sparse) return { declined: 'covariances of a sparse inverse lie with the driver' }
    if (op.op === 'scan' || op.op === 'repeat') {
      const inner = wasmSupports(op.step)
      if (inner !== null) return inner
    }
  }
  return null
}

interface Instantiated {
  readonly kernel: WasmKernel
  readonly run: KernelFunction
}

/** Kernels in a memory of their own. */
export const compileWasm: CompileKernel = (ops, buffers) => wasmCompiler()(ops, buffers)

/**
 * Operations as WebAssembly over buffers that lie elsewhere: what they read is copied in, what they write is copied back.
 * Compiled anew for each set of sizes. Data that stay in place are the business of the row engine.
 *
 * All kernels run in one memory, one after another, and leave nothing there: an engine reserves gigabytes of addresses for
 * each memory, and has room for some dozens.
 */
export function wasmCompiler(): CompileKernel {
  let own: WebAssembly.Memory | null = null
  return (ops, buffers): CompiledKernel => {
    const declined = wasmSupports(ops)
    if (declined !== null) throw new KernelError(declined.declined)
    const declared = new Map(buffers.map((buffer) => [buffer.id, buffer]))
    const compiled = new Map<string, Instantiated>()
    return {
      run(memory, block) {
        const blockRows = block === null ? 8 : Math.max(8, Math.ceil((block.to - block.from) / 8) * 8)
        const key = `${block === null ? '' : `${block.axis} ${block.table} ${blockRows}`} ${[...memory.sizes.values()].join()}`
        own ??= new WebAssembly.Memory({ initial: 1, maximum: MOST_PAGES })
        let instance = compiled.get(key)
        if (instance === undefined) {
          instance = instantiated(ops, buffers, memory, block, blockRows, own)
          compiled.set(key, instance)
        }
        runOver(instance, own, declared, memory, block)
      },
    }
  }
}

function instantiated(
  ops: readonly KernelOp[],
  buffers: readonly Buffer[],
  memory: Memory,
  block: RowBlock | null,
  blockRows: number,
  own: WebAssembly.Memory,
): Instantiated {
  const kernel = emitKernel({
    ops,
    buffers,
    sizes: memory.sizes,
    rows: block,
    blockRows,
    windowRows: blockRows,
    resident: new Map(),
    shared: false,
    encode: { relaxed: engineFeatures().relaxed },
  })
  const missing = Math.ceil(kernel.privateBytes / PAGE) - own.buffer.byteLength / PAGE
  if (missing > 0) own.grow(missing)
  return { kernel, run: instantiateKernel(kernel, new WebAssembly.Module(kernel.bytes), own) }
}

function runOver(
  { kernel, run }: Instantiated,
  own: WebAssembly.Memory,
  declared: ReadonlyMap<string, Buffer>,
  memory: Memory,
  block: RowBlock | null,
): void {
  const viewOf = (placed: PlacedBuffer) => {
    const buffer = declared.get(placed.buffer)
    if (buffer === undefined) throw new KernelError(`buffer ${placed.buffer} is not declared`)
    return viewBuffer(buffer, memory, block)
  }
  const inside = (placed: PlacedBuffer, length: number): Float64Array | Int32Array =>
    placed.type === 'f64'
      ? new Float64Array(own.buffer, placed.offset, length)
      : new Int32Array(own.buffer, placed.offset, length)
  const rows = block === null ? 0 : block.to - block.from
  const first = block?.from ?? 0
  for (const placed of kernel.whole) {
    inside(placed, placed.length).set(viewOf(placed).array.subarray(0, placed.length))
  }
  for (const placed of kernel.rows) {
    const { array } = viewOf(placed)
    inside(placed, rows * placed.length).set(array.subarray(first * placed.length, (first + rows) * placed.length))
  }
  for (const placed of kernel.scratch)
    turn(viewOf(placed).array, inside(placed, kernel.rowsApart * placed.length), placed, rows, kernel.rowsApart, true)
  run(0, 0, rows, first)
  for (const placed of kernel.whole) {
    if (placed.written) viewOf(placed).array.set(inside(placed, placed.length))
  }
  for (const placed of kernel.rows) {
    if (placed.written) viewOf(placed).array.set(inside(placed, rows * placed.length), first * placed.length)
  }
  for (const placed of kernel.scratch)
    if (placed.written)
      turn(
        viewOf(placed).array,
        inside(placed, kernel.rowsApart * placed.length),
        placed,
        rows,
        kernel.rowsApart,
        false,
      )
}

/** Between a row-major array of a block and its place in the kernel. */
function turn(
  array: Float64Array | Int32Array,
  place: Float64Array | Int32Array,
  { length, rowsLast }: { readonly length: number; readonly rowsLast: boolean },
  rows: number,
  rowsApart: number,
  inwards: boolean,
): void {
  for (let row = 0; row < rows; row++)
    for (let j = 0; j < length; j++) {
      const at = rowsLast ? j * rowsApart + row : row * length + j
      if (inwards) place[at] = array[row * length + j] ?? 0
      else array[row * length + j] = place[at] ?? 0
    }
}

/**
 * The numerical M-step of one block of params: damped Newton on Q in unconstrained coordinates, with value, gradient and
 * Hessian from the program's kernels. What Q says of the driver's tables and what it says of rows are added.
 */
import type { ParamLayout } from '../../runtime/contract.js'
import type { KernelOp } from '../kernel/types.js'
import type { NumericBlock } from '../lower/program.js'
import type { Memory } from '../targets/memory.js'
import { chartOf, simplexChart } from '../targets/solve/charts.js'
import { type FreeBlock, maximise, type Objective } from '../targets/solve/newton.js'
import { f64 } from '../targets/solve/types.js'

/** Iterations where only sums are touched, and where each one is a pass over the rows. */
const ITERATIONS = { sums: 50, rows: 8 } as const

/** What the solve needs of the model that it belongs to. */
export interface NewtonHost {
  layout(name: string): ParamLayout
  buffers(): Memory
  run(ops: readonly KernelOp[]): void
  /** Takes anew what is derived from the trial params. */
  deriveTrial(): void
  /** Runs operations over all rows of a pass, behind its posterior. */
  runRows(pass: string, ops: readonly KernelOp[]): void
}

interface Place {
  readonly layout: ParamLayout
  readonly offset: number
}

/** Maximises Q over the params of the block, from the trial params and into them. */
export function solveNewton(block: NumericBlock, host: NewtonHost): void {
  const shape = freeBlock(block.params.map((p) => host.layout(p)))
  if (shape === null) return
  const { places, free } = shape
  const memory = host.buffers()
  const set = (theta: Float64Array): void => {
    for (const { layout, offset } of places)
      f64(memory, `trial:${layout.name}`).set(theta.subarray(offset, offset + layout.length))
    host.deriveTrial()
  }
  const start = new Float64Array(free.size)
  for (const { layout, offset } of places)
    start.set(f64(memory, `trial:${layout.name}`).subarray(0, layout.length), offset)
  const limit = block.rows.length === 0 ? ITERATIONS.sums : ITERATIONS.rows
  set(maximise(free, objectiveOf(block, host, places, free.size, set), start, limit))
}

/** The charts of the params laid end to end; null where a param has none. */
function freeBlock(
  layouts: readonly ParamLayout[],
): { readonly places: readonly Place[]; readonly free: FreeBlock } | null {
  const pieces: FreeBlock['pieces'][number][] = []
  const places: Place[] = []
  let size = 0
  for (const layout of layouts) {
    const charted = chartOf(layout)
    if (charted === null) return null
    for (let b = 0; b < charted.blocks; b++) {
      const used = layout.used?.[b]
      pieces.push({
        chart: used !== undefined && used < charted.chart.size ? simplexChart(used) : charted.chart,
        from: size + (b * layout.length) / charted.blocks,
      })
    }
    places.push({ layout, offset: size })
    size += layout.length
  }
  return { places, free: { pieces, size } }
}

function objectiveOf(
  block: NumericBlock,
  host: NewtonHost,
  places: readonly Place[],
  size: number,
  set: (theta: Float64Array) => void,
): Objective {
  const memory = host.buffers()
  const clear = (prefix: string): void => {
    for (const [id, b] of memory.buffers) if (id.startsWith(prefix)) b.fill(0)
  }
  return {
    value(theta) {
      set(theta)
      const total = f64(memory, `q ${block.step}`).fill(0)
      host.run(block.value)
      if (block.rows.length === 0) return total[0] ?? 0
      const overRows = f64(memory, `q rows ${block.step}`).fill(0)
      for (const r of block.rows) host.runRows(r.pass, r.value)
      return (total[0] ?? 0) + (overRows[0] ?? 0)
    },
    gradient(theta) {
      set(theta)
      clear('grad')
      host.run(block.gradient)
      for (const r of block.rows) host.runRows(r.pass, r.gradient)
      const out = new Float64Array(size)
      for (const { layout, offset } of places)
        for (const part of ['grad', 'grad rows'])
          memory.buffers.get(`${part} ${layout.name}`)?.forEach((v, j) => {
            out[offset + j] = (out[offset + j] ?? 0) + v
          })
      return out
    },
    hessian(theta) {
      set(theta)
      clear('hess')
      host.run(block.hessian)
      for (const r of block.rows) host.runRows(r.pass, r.hessian)
      const out = new Float64Array(size * size)
      for (const row of places)
        for (const column of places)
          for (const part of ['hess', 'hess rows'])
            memory.buffers.get(`${part} ${row.layout.name}|${column.layout.name}`)?.forEach((v, at) => {
              const [a, b] = [Math.floor(at / column.layout.length), at % column.layout.length]
              const flat = (row.offset + a) * size + column.offset + b
              out[flat] = (out[flat] ?? 0) + v
            })
      return out
    },
  }
}

/**
 * The numerical M-step of one block of params: damped Newton on Q in unconstrained coordinates, with value, gradient and
 * Hessian from the program's kernels. What Q says of the driver's tables and what it says of rows are added.
 */
import type { ParamLayout } from '../../runtime/contract.js'
import type { KernelOp } from '../kernel/types.js'
import type { NumericBlock } from '../lower/program.js'
import type { NumericRole } from '../mstep/types.js'
import type { Memory } from '../targets/memory.js'
import { type Chart, chartOf, intervalChart, simplexChart } from '../targets/solve/charts.js'
import { type FreeBlock, maximise, type Objective } from '../targets/solve/newton.js'
import { f64, indexOf } from '../targets/solve/types.js'

/** Iterations where only sums are touched, where each one is a pass over the rows, and where these may lead far. */
const ITERATIONS = { sums: 50, rows: 8, far: 20 } as const

/** Relative gain that is not worth an iteration where the weights are made up. */
const ROUGH = 1e-5

/** What the solve needs of the model that it belongs to. */
export interface NewtonHost {
  layout(name: string): ParamLayout
  /** Floors of a spread, as variances, element by element; null where it has none. */
  floorOf(name: string): Float64Array | null
  onFloor(param: string, index: readonly number[], floor: number): void
  /**
   * A second point to begin from, the middle of the supports, where the weights are made up: the params may lie where Q
   * is flat. Else null.
   */
  middle(): Float64Array | null
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
export function solveNewton(block: NumericBlock, roles: readonly NumericRole[], host: NewtonHost): void {
  const limits = new Map(block.params.map((p) => [p, limitsOf(p, roles, host)]))
  const shape = freeBlock(
    block.params.map((p) => host.layout(p)),
    limits,
  )
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
  const objective = objectiveOf(block, host, places, free.size, set)
  const middle = host.middle()
  const limit = block.rows.length === 0 ? ITERATIONS.sums : middle === null ? ITERATIONS.rows : ITERATIONS.far
  const enough = middle === null ? 1e-13 : ROUGH
  let found = maximise(free, objective, start, limit, enough)
  // where little is gained from the start under weights of which it knows nothing, Q may be flat around it
  if (middle !== null && isLittle(objective.value(start), objective.value(found))) {
    const second = new Float64Array(free.size)
    for (const { layout, offset } of places)
      second.set(middle.subarray(layout.offset, layout.offset + layout.length), offset)
    const other = maximise(free, objective, second, limit, enough)
    if (!(objective.value(found) >= objective.value(other))) found = other
  }
  set(found)
  for (const { layout, offset } of places)
    limits.get(layout.name)?.forEach(({ kind, bound }, i) => {
      const x = found[offset + i] ?? Number.NaN
      const held = kind === 'least' ? x <= bound * (1 + HELD) : x >= bound * (1 - HELD)
      if (held) host.onFloor(layout.name, indexOf(i, layout.shape), kind === 'least' ? bound : 1 / bound)
    })
}

const isLittle = (before: number, after: number): boolean => !(after - before > 0.01 * (1 + Math.abs(after)))

/** How near its floor a spread counts as held there, relatively. */
const HELD = 1e-6

/** What the floor of a spread makes of the range of one element. */
interface Limit {
  readonly kind: 'least' | 'largest'
  readonly bound: number
}

function limitsOf(param: string, roles: readonly NumericRole[], host: NewtonHost): readonly Limit[] | null {
  const role = roles.find((r) => r.param === param)?.role
  const floors = host.floorOf(param)
  if (role === undefined || role === 'location' || role === 'covariance' || floors === null) return null
  return [...floors].map((floor): Limit => {
    if (role === 'precision') return { kind: 'largest', bound: 1 / floor }
    return { kind: 'least', bound: role === 'sd' ? Math.sqrt(floor) : floor }
  })
}

/** The charts of the params laid end to end; null where a param has none. */
function freeBlock(
  layouts: readonly ParamLayout[],
  limits: ReadonlyMap<string, readonly Limit[] | null>,
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
        chart:
          limited(limits.get(layout.name)?.[b]) ??
          (used !== undefined && used < charted.chart.size ? simplexChart(used) : charted.chart),
        from: size + (b * layout.length) / charted.blocks,
      })
    }
    places.push({ layout, offset: size })
    size += layout.length
  }
  return { places, free: { pieces, size } }
}

const limited = (limit: Limit | undefined): Chart | null =>
  limit === undefined
    ? null
    : intervalChart(
        limit.kind === 'least' ? limit.bound : 0,
        limit.kind === 'least' ? Number.POSITIVE_INFINITY : limit.bound,
      )

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

/**
 * The numerical M-step of one block of params: damped Newton on Q in unconstrained coordinates, with value, gradient and
 * Hessian from the program's kernels. What Q says of the driver's tables and what it says of rows are added.
 */
import type { ParamLayout } from '../../runtime/contract.js'
import type { KernelOp } from '../kernel/types.js'
import type { NumericBlock } from '../lower/program.js'
import type { NumericRole } from '../mstep/types.js'
import { symmetricEigen } from '../numerics/index.js'
import type { Memory } from '../targets/memory.js'
import { type Chart, chartOf, intervalChart, simplexChart } from '../targets/solve/charts.js'
import {
  type FreeBlock,
  largestGroup,
  maximise,
  NEWTON_LIMIT,
  type Objective,
  type Piece,
  recursiveStep,
} from '../targets/solve/newton.js'
import { f64, indexOf } from '../targets/solve/types.js'

/**
 * Steps where only sums are touched; over the rows one a turn (Lange 1995, "A gradient algorithm locally equivalent to the
 * EM algorithm"), since the next E-step moves what they are over, with a few for L-BFGS, which learns curvature from them;
 * and where they may lead far.
 */
const ITERATIONS = {
  sums: { newton: 50, quasi: 200 },
  rows: { newton: 1, quasi: 10 },
  far: { newton: 20, quasi: 80 },
} as const

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
  /** Runs lists of operations over all rows of a pass together, behind its posterior. */
  runRows(pass: string, lists: readonly (readonly KernelOp[])[]): void
  /** Where the rows are those of a batch: what they add up to lies there, and counts `share` times. */
  readonly batch?: { readonly buffers: Memory; readonly share: number }
}

/** Where a param lies among all of the block, and within its group. */
interface Place {
  readonly layout: ParamLayout
  readonly offset: number
  readonly start: number
  /** How many of its elements each group has. */
  readonly rest: number
  /** Of a flat position in it: the group, and the place within that. */
  group(flat: number): number
  within(flat: number): number
}

/** A block over its host: its params as one vector, and Q of them. */
interface Open {
  readonly places: readonly Place[]
  readonly free: FreeBlock
  readonly limits: ReadonlyMap<string, readonly Limit[] | null>
  readonly objective: Objective
  /** The trial params. */
  readonly start: Float64Array
  set(theta: Float64Array): void
}

/** null where a param has no chart. */
function opened(block: NumericBlock, roles: readonly NumericRole[], host: NewtonHost): Open | null {
  const limits = new Map(block.params.map((p) => [p, limitsOf(p, roles, host)]))
  const shape = freeBlock(
    block.params.map((p) => host.layout(p)),
    limits,
    block.batch,
  )
  if (shape === null) return null
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
  return { places, free, limits, set, start, objective: objectiveOf(block, host, places, free, set) }
}

/** Maximises Q over the params of the block, from the trial params and into them. */
export function solveNewton(block: NumericBlock, roles: readonly NumericRole[], host: NewtonHost): void {
  const open = opened(block, roles, host)
  if (open === null) return
  const { places, free, limits, set, start, objective } = open
  const middle = host.middle()
  const limit = block.rows.length === 0 ? ITERATIONS.sums : middle === null ? ITERATIONS.rows : ITERATIONS.far
  const enough = middle === null ? 1e-13 : ROUGH
  let found = maximise(free, objective, start, limit, enough)
  // where little is gained from the start under weights of which it knows nothing, Q may be flat around it
  if (middle !== null) {
    const reached = objective.value(found)
    if (isLittle(objective.value(start), reached)) {
      const second = new Float64Array(free.size)
      for (const { layout, offset } of places)
        second.set(middle.subarray(layout.offset, layout.offset + layout.length), offset)
      const other = maximise(free, objective, second, limit, enough)
      if (!(reached >= objective.value(other))) found = other
    }
  }
  set(found)
  for (const { layout, offset } of places)
    limits.get(layout.name)?.forEach(({ kind, bound }, i) => {
      const x = found[offset + i] ?? Number.NaN
      const held = kind === 'least' ? x <= bound * (1 + HELD) : x >= bound * (1 - HELD)
      if (held) host.onFloor(layout.name, indexOf(i, layout.shape), kind === 'least' ? bound : 1 / bound)
    })
}

/**
 * One step from the trial params, and into them, by the rows of a batch.
 *
 * @param curvature averaged second derivatives of the batches before; null: this is the first one
 * @returns those with this batch
 */
export function stepNewton(
  block: NumericBlock,
  roles: readonly NumericRole[],
  host: NewtonHost,
  gamma: number,
  curvature: Float64Array | null,
): Float64Array {
  const open = opened(block, roles, host)
  if (open === null) return new Float64Array(0)
  const found = recursiveStep(open.free, open.objective, open.start, gamma, curvature)
  open.set(found.theta)
  return found.curvature
}

/** Unknowns of a block that depend on each other, at most. */
export function unknownsOf(block: NumericBlock, roles: readonly NumericRole[], host: NewtonHost): number {
  const open = opened(block, roles, host)
  return open === null ? 0 : largestGroup(open.free)
}

/**
 * true where a regression is separated at the trial params: along some direction of its coefficients all rows that it
 * moves are told to be certain, so that less than a hundredth of a row still speaks against going on. Curvature there is
 * compared to that at 0, where every row counts.
 */
export function isSeparated(
  block: NumericBlock,
  roles: readonly NumericRole[],
  host: NewtonHost,
  rows: number,
): boolean {
  const open = opened(block, roles, host)
  if (open === null || open.places.some((p) => p.layout.support.kind !== 'real')) return false
  if (largestGroup(open.free) > NEWTON_LIMIT) return false
  const here = open.objective.derivatives(open.start, true).hessian ?? []
  const atZero = open.objective.derivatives(new Float64Array(open.free.size), true).hessian ?? []
  open.set(open.start)
  return here.some((h, g) => leastShare(h, atZero[g] ?? h, open.free.groups[g] ?? 0) * rows < 0.01)
}

/** The least vᵀAv / vᵀBv of two negative definite matrices, over directions along which B bends. */
function leastShare(a: Float64Array, b: Float64Array, n: number): number {
  const { values, vectors } = symmetricEigen(
    b.map((x) => -x),
    0,
    n,
  )
  const largest = values.reduce((m, x) => Math.max(m, x), 0)
  const kept = [...values.keys()].filter((i) => (values[i] ?? 0) > 1e-9 * largest)
  const m = kept.length
  const reduced = new Float64Array(m * m)
  kept.forEach((p, i) => {
    kept.forEach((q, j) => {
      let sum = 0
      for (let r = 0; r < n; r++)
        for (let c = 0; c < n; c++) sum -= (vectors[r * n + p] ?? 0) * (a[r * n + c] ?? 0) * (vectors[c * n + q] ?? 0)
      reduced[i * m + j] = sum / Math.sqrt((values[p] ?? 1) * (values[q] ?? 1))
    })
  })
  return m === 0 ? 1 : symmetricEigen(reduced, 0, m).values.reduce((least, x) => Math.min(least, x), 1)
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
  batch: ReadonlyMap<string, number> | null,
): { readonly places: readonly Place[]; readonly free: FreeBlock } | null {
  const pieces: Piece[] = []
  const places: Place[] = []
  let size = 0
  let within = 0
  for (const layout of layouts) {
    const charted = chartOf(layout)
    if (charted === null) return null
    const place = placeOf(layout, size, within, batch?.get(layout.name))
    places.push(place)
    const core = layout.length / charted.blocks
    for (let b = 0; b < charted.blocks; b++) {
      const used = layout.used?.[b]
      pieces.push({
        chart:
          limited(limits.get(layout.name)?.[b]) ??
          (used !== undefined && used < charted.chart.size ? simplexChart(used) : charted.chart),
        from: size + b * core,
        group: place.group(b * core),
        at: place.within(b * core),
      })
    }
    size += layout.length
    within += place.rest
  }
  const groups = Math.max(1, ...pieces.map((p) => p.group + 1))
  return { places, free: { pieces, size, groups: Array.from({ length: groups }, () => within) } }
}

/** `position` is the place in its index of the batch that it is parted by. */
function placeOf(layout: ParamLayout, offset: number, start: number, position: number | undefined): Place {
  if (position === undefined)
    return { layout, offset, start, rest: layout.length, group: () => 0, within: (i) => start + i }
  const extent = layout.shape[position] ?? 1
  const stride = layout.shape.slice(position + 1).reduce((a, n) => a * n, 1)
  return {
    layout,
    offset,
    start,
    rest: layout.length / extent,
    group: (i) => Math.floor(i / stride) % extent,
    within: (i) => start + Math.floor(i / (stride * extent)) * stride + (i % stride),
  }
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
  free: FreeBlock,
  set: (theta: Float64Array) => void,
): Objective {
  const memory = host.buffers()
  const { buffers: rows, share } = host.batch ?? { buffers: memory, share: 1 }
  /** What the driver adds, and what rows add, with what it counts. */
  const parts = (kind: string): readonly (readonly [string, Memory, number])[] => [
    [kind, memory, 1],
    [`${kind} rows`, rows, share],
  ]
  const clear = (kind: string): void => {
    for (const [part, { buffers }] of parts(kind))
      for (const p of block.params) {
        buffers.get(`${part} ${p}`)?.fill(0)
        for (const q of block.params) buffers.get(`${part} ${p}|${q}`)?.fill(0)
      }
  }
  const run = (theta: Float64Array, orders: readonly ('value' | 'gradient' | 'hessian')[]): number => {
    set(theta)
    const total = f64(memory, `q ${block.step}`).fill(0)
    for (const order of orders) host.run(block[order])
    if (block.rows.length === 0) return total[0] ?? 0
    const overRows = f64(rows, `q rows ${block.step}`).fill(0)
    for (const r of block.rows)
      host.runRows(
        r.pass,
        orders.map((order) => r[order]),
      )
    return (total[0] ?? 0) + share * (overRows[0] ?? 0)
  }
  const gradient = (): Float64Array => {
    const out = new Float64Array(free.size)
    for (const { layout, offset } of places)
      for (const [part, { buffers }, counts] of parts('grad'))
        buffers.get(`${part} ${layout.name}`)?.forEach((v, j) => {
          out[offset + j] = (out[offset + j] ?? 0) + counts * v
        })
    return out
  }
  const hessian = (): readonly Float64Array[] => {
    const out = free.groups.map((n) => new Float64Array(n * n))
    for (const [i, row] of places.entries())
      for (const column of places.slice(i))
        for (const [part, { buffers }, counts] of parts('hess')) {
          const values = buffers.get(`${part} ${row.layout.name}|${column.layout.name}`)
          if (values !== undefined) addBlocks(out, free.groups, row, column, values, counts)
        }
    return out
  }
  return {
    value: (theta) => run(theta, ['value']),
    derivatives(theta, second) {
      clear('grad')
      if (second) clear('hess')
      const value = run(theta, second ? ['value', 'gradient', 'hessian'] : ['value', 'gradient'])
      return { value, gradient: gradient(), hessian: second ? hessian() : null }
    },
  }
}

/** Adds second derivatives of two params, [group, rest of one, rest of the other], and what is the same by symmetry. */
function addBlocks(
  out: readonly Float64Array[],
  lengths: readonly number[],
  row: Place,
  column: Place,
  values: Float64Array | Int32Array,
  counts: number,
): void {
  out.forEach((h, g) => {
    const n = lengths[g] ?? 0
    const base = g * row.rest * column.rest
    for (let a = 0; a < row.rest; a++)
      for (let b = 0; b < column.rest; b++) {
        const v = counts * (values[base + a * column.rest + b] ?? 0)
        const [i, j] = [row.start + a, column.start + b]
        h[i * n + j] = (h[i * n + j] ?? 0) + v
        if (row !== column) h[j * n + i] = (h[j * n + i] ?? 0) + v
      }
  })
}

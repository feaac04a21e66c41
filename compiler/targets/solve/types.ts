import type { ParamLayout } from '../../../runtime/contract.js'
import type { Solve } from '../../lower/program.js'
import type { Memory } from '../memory.js'

/** What a block's solution is computed in. `trial` params are written, `param` ones are those of the E-step. */
export interface SolveContext {
  readonly memory: Memory
  readonly layouts: ReadonlyMap<string, ParamLayout>
  /** Floor of a spread per element of a param, or null: variances for a covariance, per coordinate. */
  readonly floorOf: (param: string) => Float64Array | null
  readonly onFloor: (param: string, index: readonly number[], floor: number) => void
  /** The condition number of a linear system that was solved. */
  readonly onSystem: (condition: number) => void
  /** A param was put where Q is as high as it gets towards an infinite end. */
  readonly onLevel?: (param: string) => void
}

export function f64(memory: Memory, id: string): Float64Array {
  const b = memory.buffers.get(id)
  if (!(b instanceof Float64Array)) throw new Error(`buffer ${id} is not there`)
  return b
}

export function tableOf(solve: Solve, role: string, memory: Memory): Float64Array {
  const id = solve.tables.get(role)
  if (id === undefined) throw new Error(`no table ${role}`)
  return f64(memory, id)
}

export function layoutOf(context: SolveContext, param: string): ParamLayout {
  const l = context.layouts.get(param)
  if (l === undefined) throw new Error(`no layout of ${param}`)
  return l
}

export const at = (a: Float64Array, i: number): number => a[i] ?? Number.NaN

/** Bounds of a scalar support. */
export function bounds(l: ParamLayout): { readonly low: number; readonly high: number } {
  switch (l.support.kind) {
    case 'positive':
    case 'nonnegative':
      return { low: 0, high: Number.POSITIVE_INFINITY }
    case 'unit':
      return { low: 0, high: 1 }
    case 'interval':
      return { low: l.support.low, high: l.support.high }
    default:
      return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY }
  }
}

export const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x))

/** 1-based indices of a flat position. */
export function indexOf(flat: number, shape: readonly number[]): readonly number[] {
  const out: number[] = []
  let rest = flat
  for (let i = shape.length - 1; i >= 0; i--) {
    const n = shape[i] ?? 1
    out.unshift((rest % n) + 1)
    rest = Math.floor(rest / n)
  }
  return out
}

import type { BoundModel, ParamLayout } from './contract.js'
import type { JsonNumber } from './json.js'
import { jsonNumber } from './json.js'
import { eachElement } from './nest.js'
import type { Pacer } from './pacer.js'

/** An estimate at the edge of its support. */
export interface BoundaryEntry {
  readonly param: string
  /** 1-based indices of the element; empty for a scalar. */
  readonly index: readonly number[]
  readonly value: JsonNumber
}

/** Closer to the edge than this (relative to the width of the support) counts as at it: EM nears a 0 without reaching it. */
const EDGE = 1e-8
/** `nonnegative` elements up to which each is tried at 0. */
const TRIED = 16

/** Estimates at the edge: zero probabilities, ends of intervals, scales of 0. */
export function boundaryOf(model: BoundModel, params: Float64Array): BoundaryEntry[] {
  const entries: BoundaryEntry[] = []
  for (const param of model.params) {
    eachElement(param, (offset, index) => {
      const value = params[offset] ?? Number.NaN
      if (boundaryAt(param, value))
        entries.push({ param: param.name, index: index.map((i) => i + 1), value: jsonNumber(value) })
    })
  }
  return entries
}

/** true where a value of an element of the param is at the edge of its support. */
export function boundaryAt(param: ParamLayout, value: number): boolean {
  const { support } = param
  switch (support.kind) {
    case 'simplex':
      return value <= EDGE
    case 'unit':
      return value <= EDGE || value >= 1 - EDGE
    case 'interval': {
      const width = support.high - support.low
      const near = Number.isFinite(width) ? EDGE * width : 0
      return value <= support.low + near || value >= support.high - near
    }
    case 'nonnegative':
      return value === 0
    default:
      return false
  }
}

/**
 * Tries each positive element of a `nonnegative` param at 0 and keeps it where the objective does not fall. EM nears a
 * scale of 0 ever more slowly and never gets there.
 *
 * @param objectiveAt log-likelihood + log prior
 * @returns params with the elements moved, and their names; the same array where none was
 */
export async function tryEdge(
  model: BoundModel,
  params: Float64Array,
  objective: number,
  objectiveAt: (params: Float64Array) => Promise<number>,
  pacer: Pacer,
): Promise<{ readonly params: Float64Array; readonly moved: readonly string[] }> {
  let current = params
  let best = objective
  const moved: string[] = []
  for (const param of model.params) {
    if (param.support.kind !== 'nonnegative' || param.length > TRIED) continue
    const elements: { readonly offset: number; readonly index: readonly number[] }[] = []
    eachElement(param, (offset, index) => elements.push({ offset, index }))
    for (const { offset, index } of elements) {
      if (!((current[offset] ?? 0) > 0)) continue
      const trial = new Float64Array(current)
      trial[offset] = 0
      const reached = await objectiveAt(trial)
      await pacer.breathe()
      if (!(reached >= best) || reached === Number.POSITIVE_INFINITY) continue
      current = trial
      best = reached
      moved.push(index.length === 0 ? param.name : `${param.name}[${index.map((i) => i + 1).join(', ')}]`)
    }
  }
  return { params: current, moved }
}

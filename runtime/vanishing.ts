import type { BoundModel } from './contract.js'
import { type EmPoint, pointAt, slack, usable } from './em-step.js'
import type { Pacer } from './pacer.js'

/** A point at which scales of latents are 0, and the names of these. */
export interface VanishedPoint {
  readonly point: EmPoint
  readonly names: readonly string[]
}

/** Where EM on the smaller model ends. */
interface Settled {
  readonly point: EmPoint
  readonly stop: string | null
}

/** A scale that shrinks by less than this while the iterations double is not on its way to 0. */
const CREEPING = 0.85
/** The part of its value at which a scale must be no better than at 0. */
const NEAR = 0.01

/**
 * Scales of latents that EM is taking to 0. It gets there like 1/√t, so that from one power of 2 of the iterations to
 * the next they shrink by 0.71, while those on their way to a positive value come to a halt.
 */
export function creeping(model: BoundModel, before: Float64Array, now: Float64Array): readonly string[] {
  return positive(model, now).filter((name) => {
    const { offset, length } = layoutOf(model, name)
    for (let i = offset; i < offset + length; i++) if (!((now[i] ?? 0) < CREEPING * (before[i] ?? 0))) return false
    return true
  })
}

/** Scales of latents of which every element is positive. */
export function positive(model: BoundModel, params: Float64Array): readonly string[] {
  return (model.vanishing ?? []).filter((name) => {
    const { offset, length } = layoutOf(model, name)
    return params.subarray(offset, offset + length).every((x) => x > 0)
  })
}

/**
 * The maximum with scales of latents at 0, where it is a local one and no lower than where EM stands. The other params
 * come from the model in which these latents are their means, by EM on it.
 *
 * @param settle EM on that model from its params
 * @returns null where the scales stay as they are
 */
export async function vanish(
  model: BoundModel,
  from: EmPoint,
  names: readonly string[],
  settle: (model: BoundModel, start: Float64Array) => Promise<Settled>,
  pacer: Pacer,
): Promise<VanishedPoint | null> {
  if (names.length === 0) return null
  const dropped = filled(model, from.params, names, 0)
  const screened = await pointAt(model, dropped, from.iteration + 1)
  await pacer.breathe()
  if (!(screened.objective >= from.objective) || !usable(screened)) return null
  const smaller = model.withoutScales?.(names) ?? null
  if (smaller === null) return null
  const run = await settle(smaller, moved(model, dropped, smaller, new Float64Array(smaller.length)))
  if (run.stop === 'numerical') return null
  const point = await pointAt(model, moved(smaller, run.point.params, model, dropped), from.iteration + 1)
  await pacer.breathe()
  if (!(point.objective >= from.objective) || !usable(point)) return null
  const beside = new Float64Array(point.params)
  for (const name of names) {
    const { offset, length } = layoutOf(model, name)
    for (let i = offset; i < offset + length; i++) beside[i] = NEAR * (from.params[i] ?? 0)
  }
  const rises = (await pointAt(model, beside)).objective - point.objective
  await pacer.breathe()
  return rises <= slack(point.scale, model.observations) ? { point, names } : null
}

function filled(model: BoundModel, params: Float64Array, names: readonly string[], value: number): Float64Array {
  const out = new Float64Array(params)
  for (const name of names) {
    const { offset, length } = layoutOf(model, name)
    out.fill(value, offset, offset + length)
  }
  return out
}

/** `target` with the params that the two models share taken from the one. */
function moved(one: BoundModel, params: Float64Array, other: BoundModel, target: Float64Array): Float64Array {
  const out = new Float64Array(target)
  for (const { name, offset, length } of other.params) {
    const own = one.params.find((p) => p.name === name)
    if (own?.length === length) out.set(params.subarray(own.offset, own.offset + length), offset)
  }
  return out
}

function layoutOf(model: BoundModel, name: string): { readonly offset: number; readonly length: number } {
  const layout = model.params.find((p) => p.name === name)
  if (layout === undefined) throw new Error(`no param ${name}`)
  return layout
}

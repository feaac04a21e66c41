/**
 * Extrapolation of EM. Near a maximum EM is a linear iteration u ↦ F(u), u(t+1) − u* ≈ J (u(t) − u*), so that few of its
 * steps tell where it is going. A proposal is only tried: where the objective there is not higher, EM goes on from where it
 * was, and the objective never falls.
 */
import type { Acceleration, Accelerator, AcceleratorMemory } from './accelerator.js'
import { anderson } from './anderson.js'
import type { BoundModel } from './contract.js'
import { type EmPoint, emStep, type Moved, pointAt, slack, usable } from './em-step.js'
import { InternalError } from './errors.js'
import type { Pacer } from './pacer.js'
import { squarem } from './squarem.js'

export type Jump =
  /** On a higher point, from which EM has made its next step. */
  | { readonly kind: 'landed'; readonly on: EmPoint; readonly next: Moved; readonly passes: number }
  /** On a higher point, which is within the tolerance of the limit. */
  | { readonly kind: 'there'; readonly on: EmPoint; readonly passes: number }
  | { readonly kind: 'astray'; readonly passes: number }

/** What a jump at the end of a run wins at most, and what the M-step after it does. */
export interface End {
  readonly step: number
  readonly gain: number
}

/**
 * A jump counts where the objective is higher there, and where EM goes on from there: a spread below its floor may have a
 * higher objective, and the next M-step then lowers it. `others`: other runs are under way. At the end of a run the next M-step
 * is asked alone, without its E-step.
 */
export async function tryJump(
  model: BoundModel,
  from: EmPoint,
  params: Float64Array,
  pacer: Pacer,
  end: End | null,
  others = false,
): Promise<Jump> {
  const on = await pointAt(model, params, from.iteration + 1, [], 1, from.expectation, others)
  await pacer.breathe()
  if (!usable(on) || !(on.objective > from.objective)) return { kind: 'astray', passes: 1 }
  try {
    if (end !== null && on.objective - from.objective <= end.step) {
      const gain = nextGain(model, on)
      await pacer.breathe()
      if (gain >= -slack(on.scale, model.observations) && gain <= end.gain) return { kind: 'there', on, passes: 1 }
    }
    const next = await emStep(model, on, pacer, false, others)
    if (next.kind === 'moved') return { kind: 'landed', on, next, passes: 2 }
  } catch (error) {
    if (!(error instanceof InternalError)) throw error
  }
  return { kind: 'astray', passes: 2 }
}

/**
 * A mixed step takes one pass over the data, as a step of EM. It counts on the same terms as a jump; that EM goes on from there
 * is asked of its next M-step, which must not lower Q.
 */
export async function tryMixed(
  model: BoundModel,
  from: EmPoint,
  params: Float64Array,
  pacer: Pacer,
  others = false,
): Promise<EmPoint | null> {
  const on = await pointAt(model, params, from.iteration + 1, [], 1, from.expectation, others)
  await pacer.breathe()
  if (!usable(on) || !(on.objective > from.objective)) return null
  try {
    const gain = nextGain(model, on)
    await pacer.breathe()
    return gain >= -slack(on.scale, model.observations) ? on : null
  } catch (error) {
    if (error instanceof InternalError) return null
    throw error
  }
}

/** Change of Q in the M-step that leaves a point; NaN where that gives no number. */
function nextGain(model: BoundModel, { params, expectation }: EmPoint): number {
  const next = model.mStep(params, expectation).params
  return next.every(Number.isFinite) ? model.gain(params, expectation, next) : Number.NaN
}

/** `memory`: of the one whose work it goes on with. */
export function accelerator(kind: Acceleration, memory: AcceleratorMemory | null = null): Accelerator {
  return kind === 'squarem'
    ? squarem(memory?.kind === 'squarem' ? memory : null)
    : anderson(memory?.kind === 'anderson' ? memory : null)
}

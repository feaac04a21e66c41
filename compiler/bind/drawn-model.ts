/** A model whose E-step draws the latents from their posterior: see `compiler/modes/drawn-program.ts`. */
import type { Expectation } from '../../runtime/contract.js'
import { DRAW_NUMBER, DRAW_SEED } from '../lower/draws.js'
import { f64 } from '../targets/solve/types.js'
import { ProgramModel } from './bound-model.js'

export class DrawnModel extends ProgramModel {
  /** Which draw the E-steps take until the next call: the same one again and again. */
  setDraw(seed: number, number: number): void {
    f64(this.memory.blocks, DRAW_SEED)[0] = seed
    f64(this.memory.blocks, DRAW_NUMBER)[0] = number
  }

  /**
   * Draws of a factorised posterior before the first sweep: discrete latents at responsibilities, continuous ones drawn given
   * these. null where a draw needs none before it.
   */
  drawnGiven(responsibilities: ReadonlyMap<string, Float64Array>, params: Float64Array): Expectation | null {
    if (!this.expectations.isFactorised) return null
    const made = this.eStepFrom(responsibilities, params)
    const q = this.factorised(params)
    return q === null ? null : { ...made, q }
  }
}

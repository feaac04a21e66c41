/** A model whose E-step draws the latents from their posterior: see `compiler/modes/drawn-program.ts`. */
import { DRAW_NUMBER, DRAW_SEED } from '../lower/draws.js'
import { f64 } from '../targets/solve/types.js'
import { ProgramModel } from './bound-model.js'

export class DrawnModel extends ProgramModel {
  /** Which draw the E-steps take until the next call: the same one again and again. */
  setDraw(seed: number, number: number): void {
    f64(this.memory.blocks, DRAW_SEED)[0] = seed
    f64(this.memory.blocks, DRAW_NUMBER)[0] = number
  }
}

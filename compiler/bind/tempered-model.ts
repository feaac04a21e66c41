/** A model whose discrete latents have their posterior raised to the power β: see `compiler/modes/tempered-program.ts`. */
import type { BoundData } from '../../runtime/contract.js'
import type { Derivation } from '../derive.js'
import type { Program } from '../lower/program.js'
import { BETA_BUFFER } from '../modes/tempered-program.js'
import { f64 } from '../targets/solve/types.js'
import { type BindProgramOptions, ProgramModel } from './bound-model.js'

export class TemperedModel extends ProgramModel {
  /** Scales at 0 are looked for at β = 1. */
  override readonly vanishing: readonly string[] = []

  constructor(derivation: Derivation, program: Program, data: BoundData, options: BindProgramOptions) {
    super(derivation, program, data, options)
    // q goes on from here into the run of EM
    if (program.factorised?.state.join('\n') !== derivation.program.factorised?.state.join('\n'))
      throw new Error('a factorised posterior has other numbers at a temperature than without')
    this.setBeta(1)
  }

  setBeta(beta: number): void {
    f64(this.memory.blocks, BETA_BUFFER)[0] = beta
  }
}

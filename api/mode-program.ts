import type { Program } from '../compiler/lower/program.js'
import type { ModeProgram } from '../compiler/modes/mode-refusal.js'
import { CompileError } from './errors.js'

/** @throws CompileError (E428) where the model has no such mode */
export function programOf(made: ModeProgram): Program {
  if (made.kind === 'refused') throw new CompileError([made.refusal])
  return made.program
}

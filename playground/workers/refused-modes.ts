/** Modes that a model over its data does not have, and why. */
import { CompileError, OptionError } from '../../api/errors.js'
import { modes } from '../session/modes.js'
import type { ModeRefusals } from './messages.js'
import type { ModelOverData } from './model-over-data.js'

export function refusedModes({ model }: ModelOverData): ModeRefusals {
  return new Map(
    modes.flatMap(({ mode }) => {
      try {
        model.derivationIn(mode)
        return []
      } catch (error) {
        if (error instanceof CompileError) return [[mode, error.diagnostics[0]?.message ?? ''] as const]
        if (error instanceof OptionError) return [[mode, error.message] as const]
        throw error
      }
    }),
  )
}

/** Why a fit was not to be had, in words; what else is thrown is a bug of ours. */
import { InternalError } from '../../runtime/errors.js'
import { CompileError, DataError, OptionError } from '../errors.js'

/** null where the error is none that a model or its data can bring about. */
export function failureOf(e: unknown): string | null {
  const known = [CompileError, DataError, OptionError, InternalError].some((kind) => e instanceof kind)
  return known && e instanceof Error ? (e.message.split('\n')[0] ?? e.message) : null
}

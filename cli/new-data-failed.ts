import { type Context, printProblems } from './context.js'
import { exitCodes } from './exit-codes.js'
import type { NewDataFailure } from './ports.js'
import { printable } from './render/paint.js'

/** Says why a fit could not be used on new data; the exit status. */
export function newDataFailed(context: Context, failure: NewDataFailure, json: boolean): number {
  if (failure.kind === 'data') {
    printProblems(context, failure.problems, json)
    return exitCodes.data
  }
  const { host, err } = context
  host.stderr(`${err.diagnostic('error', `error[${failure.code}]`)}: ${printable(failure.message)}\n`)
  return exitCodes.fit
}

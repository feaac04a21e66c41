import { CommanderError } from 'commander'
import type { DataProblem } from '../runtime/data/types.js'
import { type Context, printProblems } from './context.js'
import { DataError, exitCodes, UsageError } from './exit-codes.js'
import { printable } from './render/paint.js'

/** Says what a user got wrong, and gives the exit status; anything else is thrown on. */
export function failure(context: Context, error: unknown, json: boolean): number {
  const { host, err } = context
  if (error instanceof CommanderError) {
    const asked = error.exitCode === 0
    return asked ? exitCodes.done : exitCodes.usage
  }
  if (error instanceof UsageError) {
    for (const line of error.message.split('\n')) host.stderr(`${err.error('error')}: ${printable(line)}\n`)
    if (error.help !== null) host.stderr(`  = help: ${printable(error.help)}\n`)
    return exitCodes.usage
  }
  if (error instanceof DataError) {
    printProblems(context, error.problems as readonly DataProblem[], json)
    return exitCodes.data
  }
  throw error
}

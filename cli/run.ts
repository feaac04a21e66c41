import { CommanderError } from 'commander'
import type { DataProblem } from '../runtime/data/types.js'
import { type Context, createContext, printProblems } from './context.js'
import { DataError, exitCodes, UsageError } from './exit-codes.js'
import type { Host } from './host.js'
import type { Ports } from './ports.js'
import { createProgram } from './program.js'
import { printable } from './render/paint.js'

/** Runs one command line and gives its exit status. Nothing is thrown for what a user can get wrong. */
export async function run(argv: readonly string[], host: Host, ports: Ports): Promise<number> {
  const context = createContext(host, ports)
  let status: number = exitCodes.usage
  const program = createProgram(context, (code) => {
    status = code
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return status
  } catch (error) {
    return failure(context, error, argv.includes('--json'))
  }
}

function failure(context: Context, error: unknown, json: boolean): number {
  const { host, err } = context
  if (error instanceof CommanderError) {
    const asked = error.exitCode === 0
    return asked ? exitCodes.done : exitCodes.usage
  }
  if (error instanceof UsageError) {
    host.stderr(`${err.error('error')}: ${printable(error.message)}\n`)
    if (error.help !== null) host.stderr(`  = help: ${printable(error.help)}\n`)
    return exitCodes.usage
  }
  if (error instanceof DataError) {
    printProblems(context, error.problems as readonly DataProblem[], json)
    return exitCodes.data
  }
  throw error
}

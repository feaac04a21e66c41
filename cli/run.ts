import { createContext } from './context.js'
import { exitCodes } from './exit-codes.js'
import { failure } from './failure.js'
import type { Host } from './host.js'
import type { Ports } from './ports.js'
import { createProgram } from './program.js'

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

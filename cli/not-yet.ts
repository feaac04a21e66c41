import { type Command, Option } from 'commander'
import { UsageError } from './exit-codes.js'

/** Options of the design that do not exist yet: refused with a sentence, never ignored. */
export function refuseOptions(command: Command, flags: readonly string[]): void {
  for (const flag of flags) {
    const option = new Option(flag).hideHelp()
    const name = flag.split(' ')[0] ?? flag
    if (flag.includes('<')) command.addOption(option.argParser(() => refuse(name)))
    else {
      command.addOption(option)
      command.on(`option:${option.name()}`, () => refuse(name))
    }
  }
}

function refuse(name: string): never {
  throw new UsageError(`${name} is not available in this version`)
}

/** Commands of the design that do not exist yet. */
export const commandsToCome: readonly { readonly name: string; readonly what: string }[] = [
  { name: 'report', what: 'HTML reports' },
]

export function refuseCommands(program: Command): void {
  for (const { name, what } of commandsToCome) {
    program
      .command(name, { hidden: true })
      .allowUnknownOption()
      .allowExcessArguments()
      .helpOption(false)
      .action(() => {
        throw new UsageError(`\`estep ${name}\` (${what}) is not available in this version`)
      })
  }
}

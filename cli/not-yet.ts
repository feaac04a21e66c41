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

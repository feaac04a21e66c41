import { OptionError } from '../../api/errors.js'
import { type Literal, readLiteral } from '../../runtime/data/literal.js'

/** Values as they were typed. @throws OptionError where one is no number and no array of numbers */
export function literalsOf(texts: ReadonlyMap<string, string>): ReadonlyMap<string, Literal> {
  return new Map(
    [...texts].map(([name, text]) => {
      const read = readLiteral(text)
      if ('problem' in read) throw new OptionError(`${name}: ${read.problem}`)
      return [name, read.value] as const
    }),
  )
}

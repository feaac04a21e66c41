/** The candidates of a selection: models, and values of their consts. */
import { didYouMean } from '../../runtime/data/nearest-name.js'
import { OptionError } from '../errors.js'
import type { Model } from '../model.js'

/** A model with values of consts. */
export interface Choice {
  readonly model: Model
  /** Position of the model among those given. */
  readonly index: number
  readonly set: ReadonlyMap<string, unknown>
}

/** Values to go over, by the name of a const. */
export type Over = ReadonlyMap<string, readonly unknown[]>

/** Every model with every combination of values of those consts that it has; the last name changes fastest. */
export function choices(models: readonly Model[], over: Over): readonly Choice[] {
  for (const [name, values] of over) {
    if (values.length === 0) throw new OptionError(`there are no values of \`${name}\` to go over`)
    const all = models.map(constsOf)
    if (all.some((consts) => consts.includes(name))) continue
    const known = [...new Set(all.flat())]
    const list = known.length === 0 ? 'there is none' : `there is ${known.map((n) => `\`${n}\``).join(', ')}`
    throw new OptionError(`there is no const \`${name}\` to go over: ${didYouMean(name, known) ?? list}`)
  }
  return models.flatMap((model, index) => {
    const own = [...over].filter(([name]) => constsOf(model).includes(name))
    return combinations(own).map((set) => ({ model, index, set }))
  })
}

const constsOf = (model: Model): readonly string[] =>
  model.typed.symbols.flatMap((s) => (s.kind === 'const' ? [s.name] : []))

function combinations(
  over: readonly (readonly [string, readonly unknown[]])[],
): readonly ReadonlyMap<string, unknown>[] {
  const [first, ...rest] = over
  if (first === undefined) return [new Map()]
  const [name, values] = first
  return values.flatMap((value) => combinations(rest).map((set) => new Map([[name, value], ...set])))
}

/** What standard errors are of: every element of a param, and every number of a top-level `let`. */
import type { BoundModel, ParamLayout } from '../../runtime/contract.js'
import type { JsonNumber, NestedNumbers } from '../../runtime/json.js'
import { record } from '../../runtime/json.js'
import { eachElement } from '../../runtime/nest.js'

export interface Quantity {
  /** Name of the param or of the `let`. */
  readonly name: string
  /** 0-based indices; empty for a number. */
  readonly index: readonly number[]
  /** Place in the params; null for a number of a `let`. */
  readonly offset: number | null
  readonly layout: ParamLayout | null
  readonly value: number
}

export function quantitiesOf(model: BoundModel, params: Float64Array): readonly Quantity[] {
  const out: Quantity[] = []
  for (const layout of model.params)
    eachElement(layout, (offset, index) =>
      out.push({ name: layout.name, index, offset, layout, value: params[offset] ?? Number.NaN }),
    )
  for (const [name, value] of model.derived(params)) addNumbers(name, [], value, out)
  return out
}

function addNumbers(name: string, index: readonly number[], value: unknown, out: Quantity[]): void {
  if (Array.isArray(value)) for (const [i, item] of value.entries()) addNumbers(name, [...index, i], item, out)
  else out.push({ name, index, offset: null, layout: null, value: typeof value === 'number' ? value : Number.NaN })
}

/** The numbers of all top-level `let`s, in the order of `quantitiesOf`. */
export function derivedNumbers(model: BoundModel, params: Float64Array): Float64Array {
  const out: Quantity[] = []
  for (const [name, value] of model.derived(params)) addNumbers(name, [], value, out)
  return Float64Array.from(out, (q) => q.value)
}

/** A number for each quantity, nested by name as params are in a result. */
export function nestedByName(
  quantities: readonly Pick<Quantity, 'name' | 'index'>[],
  numberAt: (i: number) => JsonNumber,
): { readonly [name: string]: NestedNumbers } {
  const byName = new Map<string, Building>()
  quantities.forEach(({ name, index }, i) => {
    byName.set(name, placed(byName.get(name), index, numberAt(i)))
  })
  return record(byName)
}

type Building = JsonNumber | Building[]

function placed(into: Building | undefined, index: readonly number[], value: JsonNumber): Building {
  const [first, ...rest] = index
  if (first === undefined) return value
  const list = Array.isArray(into) ? into : []
  list[first] = placed(list[first], rest, value)
  return list
}

/** `mu[2, 1]`, from 1; levels by their names. */
export const quantityName = ({ name, index, layout }: Pick<Quantity, 'name' | 'index' | 'layout'>): string =>
  index.length === 0 ? name : `${name}[${index.map((i, d) => layout?.labels[d]?.[i] ?? String(i + 1)).join(', ')}]`

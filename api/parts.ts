/** New data a part at a time, where rows do not lie in memory and have nothing to do with each other. */
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { isSize } from '../compiler/bind/few-rows.js'
import { samplingUnits } from '../compiler/bind/sampling-units.js'
import type { DataProblem, Table } from '../runtime/data/types.js'
import type { FitResult } from '../runtime/result.js'
import { DataError, OptionError } from './errors.js'
import type { Frozen } from './frozen.js'
import { type FitCallOptions, type FitData, tablesOf } from './options.js'
import { type Binder, bindFitted, type NewDataOptions, newDataOptions } from './predict.js'

/** Rows of a part where it is not said. */
const PART = 100_000

export interface PartsOptions extends NewDataOptions {
  /** Rows of a part. */
  readonly rows?: number
}

export interface PartsBinder extends Binder {
  /** The size that counts the rows of the table that does not lie in memory, or why its rows cannot be bound. */
  sizeOfRows(
    data: FitData,
    options: FitCallOptions,
    restored: Frozen | null,
  ): { readonly size: string | null; readonly problems: readonly DataProblem[] }
}

/**
 * The tables with so many rows at a time of the one that does not lie in memory; as they are where all do.
 *
 * @throws OptionError where what the model says of a row depends on others; DataError where the data does not fit the model
 */
export async function* partsOf(
  model: PartsBinder,
  result: FitResult,
  data: FitData,
  { rows = PART, ...options }: PartsOptions,
): AsyncGenerator<readonly Table[]> {
  if (!(Number.isInteger(rows) && rows >= 1)) throw new OptionError('rows of a part are a whole number, at least 1')
  const tables = tablesOf(data)
  const large = tables.find((t) => t.all !== undefined)
  if (large?.all === undefined) {
    yield tables
    return
  }
  const { size, problems } = model.sizeOfRows(tables, ...newDataOptions(result, options))
  if (problems.length > 0) throw new DataError(problems)
  let isFirst = true
  for await (const { value, problems } of large.all.parts(rows)) {
    if (value === undefined) throw new DataError(problems)
    const name = large.name === undefined ? {} : { name: large.name }
    const part = tables.map((t) => (t === large ? { ...value, ...name } : t))
    if (isFirst && value.rows > 1) {
      const why = whyTogether(bindFitted(model, result, part, options).model, size)
      if (why !== null)
        throw new OptionError(`${large.source} is larger than memory and is read a part at a time, but ${why}`)
    }
    isFirst = false
    yield part
  }
}

/** One sentence on why the rows of the size do not stand each for itself; null: they do. */
function whyTogether(model: ProgramModel, size: string | null): string | null {
  const units = samplingUnits(model)
  if (typeof units === 'string') return units
  const [unit, ...others] = units.ranges.values()
  if (unit === undefined || size === null || !isSize(unit.loop.to, size))
    return 'its rows are not the rows of the model that are independent of each other'
  if (others.length > 0 || units.keyed.size > 0) return 'the model has other units than its rows, to which rows belong'
  return null
}

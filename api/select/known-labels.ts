/** A column of known labels, and how the rows that are held out agree with it. */

import type { SymbolId, TypedModel } from '../../lang/typed/types.js'
import { adjustedRand } from '../../runtime/adjusted-rand.js'
import { bestMatching } from '../../runtime/best-matching.js'
import { bindData } from '../../runtime/data/bind.js'
import type { BoundArray, BoundData, DataDeclaration, Table } from '../../runtime/data/types.js'
import { DataError, OptionError } from '../errors.js'
import { dataRoles } from '../simulate/roles.js'
import { rowSize } from '../take-rows.js'

export interface KnownLabels {
  /** Levels by number from 0, −1 where none is known; ragged as the data is. */
  readonly array: BoundArray
  readonly levels: readonly string[]
  /** The size that counts its rows. */
  readonly size: SymbolId
  /** The data of the model that has the same column and may miss cells: its labels are then predicted as such. */
  readonly data: string | null
}

/** A name that no declaration can have. */
const NAME = ' labels'

/** The column, in the order in which the rows are bound. */
export function knownLabels(
  model: TypedModel,
  declarations: readonly DataDeclaration[],
  tables: readonly Table[],
  bound: BoundData,
  column: string,
  groupBy: string | null,
): KnownLabels {
  const drawn = dataRoles(model).drawn
  const main = model.symbols.find((s) => s.kind === 'data' && drawn.has(s.id) && s.type.batch.length > 0)
  const declaration = declarations.find((d) => d.name === main?.name)
  const size = main?.kind === 'data' ? rowSize(main) : null
  if (declaration === undefined || size === null)
    throw new OptionError(`the rows of the model cannot be scored against \`${column}\`: it explains no rows`)
  const own = model.symbols.find(
    (s) => s.kind === 'data' && drawn.has(s.id) && bound.columns.get(s.name)?.join() === column,
  )
  if (own?.kind === 'data' && !own.type.optional)
    throw new OptionError(
      `the model explains \`${column}\` itself: declare it with \`?\` (\`category?\`), so that it can be predicted where it is held out`,
    )
  const ragged = bound.arrays.get(declaration.name)?.offsets != null
  const labels: DataDeclaration = {
    ...declaration,
    name: NAME,
    element: 'category',
    type: 'category',
    optional: true,
    low: Number.NEGATIVE_INFINITY,
    high: Number.POSITIVE_INFINITY,
    dims: declaration.dims.slice(0, ragged ? 2 : 1),
    levels: { name: NAME, perColumn: false },
    allowInfinite: false,
    indexesLatentsOnly: false,
  }
  const frozen = own?.kind === 'data' ? levelsOf(model, bound, own.name) : null
  const read = bindData([labels], tables, {
    columns: new Map([[NAME, [column]]]),
    groupBy,
    ...(frozen === null ? {} : { frozenLevels: new Map([[NAME, [frozen]]]) }),
  })
  const array = read.value?.arrays.get(NAME)
  if (array === undefined)
    throw new DataError(
      read.problems.map((p) => ({
        ...p,
        message:
          p.code === 'E323'
            ? `there is no column \`${column}\` to score against`
            : p.message.replaceAll(`\`${NAME}\``, `\`${column}\``),
      })),
    )
  const levels = read.value?.levels.get(NAME)?.[0] ?? []
  return { array, levels, size, data: own?.kind === 'data' ? own.name : null }
}

function levelsOf(model: TypedModel, bound: BoundData, name: string): readonly string[] | null {
  const s = model.symbols.find((x) => x.kind === 'data' && x.name === name)
  const id = s?.kind === 'data' && s.type.support.kind === 'category' ? s.type.support.levels : null
  const set = model.symbols.find((x) => x.id === id)
  return set === undefined ? null : (bound.levels.get(set.name)?.[0] ?? null)
}

interface Labelled {
  readonly labels: Int32Array
  /** Most probable values from 0; null where the model has none for these rows. */
  readonly values: Int32Array | null
}

/**
 * Errors and adjusted Rand indices over folds. Components bear no names: which label each stands for is learnt from the
 * rows that were fitted (the best one-to-one matching), never from those held out.
 */
export class Agreement {
  errors = 0
  total = 0
  private rand = 0
  /** true where a fold has no classification to compare. */
  lacking = false

  add(fold: { readonly train: Labelled | null; readonly held: Labelled; readonly named: boolean }): void {
    const { held, train } = fold
    const names = fold.named ? null : train?.values == null ? [] : matched(train.labels, train.values)
    if (held.values === null || (!fold.named && train?.values == null)) {
      this.lacking = true
      return
    }
    let own = 0
    for (const [i, label] of held.labels.entries()) {
      const value = held.values[i] ?? -1
      if (label < 0 || value < 0) continue
      own++
      if ((names === null ? value : names[value]) !== label) this.errors++
    }
    this.total += own
    this.rand += own * adjustedRand(tableOf(held.labels, held.values))
  }

  /** Mean of the folds' indices, by their rows. */
  get adjustedRand(): number {
    return this.rand / Math.max(1, this.total)
  }

  get error(): number {
    return this.errors / Math.max(1, this.total)
  }
}

const countOf = (numbers: Int32Array): number => 1 + numbers.reduce((a, b) => Math.max(a, b), 0)

/** table[label][value] of the rows whose label is known. */
function tableOf(labels: Int32Array, values: Int32Array): readonly (readonly number[])[] {
  const width = countOf(values)
  const table = Array.from({ length: countOf(labels) }, () => new Array<number>(width).fill(0))
  for (const [i, label] of labels.entries()) {
    const row = label < 0 ? undefined : table[label]
    const value = values[i] ?? -1
    if (row !== undefined && value >= 0) row[value] = (row[value] ?? 0) + 1
  }
  return table
}

/** The label of each value, −1 for a value left over. */
function matched(labels: Int32Array, values: Int32Array): readonly number[] {
  const table = tableOf(labels, values)
  const columns = bestMatching(table.map((row) => row.map((n) => -n)))
  return (table[0] ?? []).map((_, value) => columns.indexOf(value))
}

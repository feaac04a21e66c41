/** Files that are larger than memory, a part of their rows at a time. */
import type { DataProblem, Table } from '../runtime/data/types.js'
import type { Context } from './context.js'
import type { DataRequest, FitPort, NewDataFailure } from './ports.js'
import { createProgress } from './progress.js'

/** What is wrong with a part, or with its rows being taken apart. */
export class PartFailed extends Error {
  override readonly name = 'PartFailed'

  constructor(readonly failure: NewDataFailure) {
    super('a part of the data does not fit')
  }
}

/** Complaints of one kind that are told. */
const TOLD = 5

/** Complaints of all parts, each once, and few of a kind. */
export class PartWarnings {
  private readonly found = new Map<string, Map<string, DataProblem>>()

  add(warnings: readonly DataProblem[]): void {
    for (const w of warnings) {
      const own = this.found.get(w.code) ?? new Map<string, DataProblem>()
      if (own.size < TOLD) this.found.set(w.code, own.set(w.message, w))
    }
  }

  get all(): readonly DataProblem[] {
    return [...this.found.values()].flatMap((own) => [...own.values()])
  }
}

export const isInParts = (table: Table): boolean => table.all !== undefined

/** Bytes that a cell takes: as text, as what is read of it, with what is predicted beside it, and as text again. */
const PER_CELL = 250
/** The part of the memory that goes to the rows. */
const SHARE = 0.25
const [FEWEST, MOST] = [1_000, 100_000]

function rowsOfPart(tables: readonly Table[], memory: number): number {
  const columns = tables.find(isInParts)?.columns.length ?? 1
  return Math.max(FEWEST, Math.min(MOST, Math.floor((SHARE * memory) / (PER_CELL * Math.max(1, columns)))))
}

/** @throws PartFailed */
export async function* eachPart(
  { host }: Context,
  fit: FitPort,
  data: DataRequest,
  memory: number | null,
  done: string,
): AsyncGenerator<DataRequest> {
  const all = data.tables.find(isInParts)?.all?.rows ?? null
  const progress = createProgress<number>(host, (rows) => ({
    text: `${done} ${rows.toLocaleString('en')} rows`,
    share: all === null ? null : rows / Math.max(1, all),
  }))
  let rows = 0
  try {
    for await (const part of fit.parts(data, rowsOfPart(data.tables, memory ?? 1e9))) {
      if (part.kind !== 'part') throw new PartFailed(part)
      yield part.data
      rows += part.rows
      progress.update(rows)
    }
  } finally {
    progress.clear()
  }
}

/**
 * Rows are cut into chunks, and the sums of the chunks are added up in their order: who took which does not show in the
 * bits. So the cut depends on sizes alone, never on the number of workers.
 */

/** Chunks that so many workers as there are cores can share without waiting long for the last one. */
const ENOUGH = 64
/** Sums that all chunks may hold together before there are fewer of them, and the least number of chunks then. */
const MOST_SUMS = 1 << 19
const FEW = 16
/** Rows that are added up one by one: longer sums would lose digits. */
const MOST_ROWS = 16_384
/** Sums of all chunks in memory, whatever the number of rows. */
const MEMORY = 1 << 22
/** Operations below which handing out a chunk costs more than it. */
const LEAST_WORK = 100_000

/** Operations that clearing a sum and adding it up must be small beside. */
const WORK_FOR_SUM = 1000

export interface ChunkSizes {
  readonly rows: number
  /** Numbers in the sums. */
  readonly sums: number
  /** Operations for a row, about. */
  readonly rowWork: number
  /** Rows that are computed at once, a power of 2. */
  readonly step: number
}

/** Rows of a chunk, a power of 2: chunks end where those of longer ones do. The last one may have fewer. */
export function chunkRows({ rows, sums, rowWork, step }: ChunkSizes): number {
  const wanted = Math.min(ENOUGH, Math.max(FEW, Math.floor(MOST_SUMS / Math.max(1, sums))))
  const shared = Math.min(MOST_ROWS, rows / wanted)
  const few = Math.min(MOST_ROWS, rows / FEW, (WORK_FOR_SUM * sums) / Math.max(1, rowWork))
  const least = Math.max(LEAST_WORK / Math.max(1, rowWork), (rows * sums) / MEMORY, few, step)
  return 2 ** Math.floor(Math.log2(Math.max(shared, least)))
}

export const chunkCount = (rows: number, chunk: number): number => Math.ceil(rows / chunk)

import type { AbortFlag } from './pacer.js'

/** What a task is told while it is under way. */
export interface Among extends AbortFlag {
  /** Others are under way too. */
  readonly others: boolean
}

/**
 * Tasks 0, 1, … begun in this order, at most `lanes` of them under way at once: with one lane, one after the other.
 *
 * Where one fails, none is begun any more, those after it are told to stop by what they were given, and those
 * before it go on: what is thrown is the failure that one lane would have come to first.
 *
 * @param begin gives null where this task and all after it are left out
 * @returns the results, in order
 */
export async function sideBySide<T>(
  count: number,
  lanes: number,
  begin: (index: number, among: Among) => Promise<T | null>,
): Promise<T[]> {
  const results: T[] = []
  const failures: { readonly index: number; readonly error: unknown }[] = []
  let end = count
  let next = 0
  let running = 0
  const lane = async (): Promise<void> => {
    while (next < end) {
      const index = next++
      const among: Among = {
        get aborted() {
          return failures.some((failure) => failure.index < index)
        },
        get others() {
          return running > 1
        },
      }
      running++
      try {
        const result = await begin(index, among)
        if (result === null) end = Math.min(end, index)
        else results[index] = result
      } catch (error) {
        failures.push({ index, error })
        end = Math.min(end, index)
      } finally {
        running--
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(lanes, count)) }, lane))
  const [first] = failures.sort((a, b) => a.index - b.index)
  if (first !== undefined) throw first.error
  return results.slice(0, end)
}

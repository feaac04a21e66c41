import type { AbortFlag } from './pacer.js'

/**
 * Tasks 0, 1, … begun in this order, at most `lanes` of them under way at once: with one lane, one after the other.
 *
 * Where one fails, none is begun any more, those after it are told to stop by the flag that they were given, and those
 * before it go on: what is thrown is the failure that one lane would have come to first.
 *
 * @param begin gives null where this task and all after it are left out
 * @returns the results, in order
 */
export async function sideBySide<T>(
  count: number,
  lanes: number,
  begin: (index: number, stop: AbortFlag) => Promise<T | null>,
): Promise<T[]> {
  const results: T[] = []
  const failures: { readonly index: number; readonly error: unknown }[] = []
  let end = count
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < end) {
      const index = next++
      const stop: AbortFlag = {
        get aborted() {
          return failures.some((failure) => failure.index < index)
        },
      }
      try {
        const result = await begin(index, stop)
        if (result === null) end = Math.min(end, index)
        else results[index] = result
      } catch (error) {
        failures.push({ index, error })
        end = Math.min(end, index)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(lanes, count)) }, lane))
  const [first] = failures.sort((a, b) => a.index - b.index)
  if (first !== undefined) throw first.error
  return results.slice(0, end)
}

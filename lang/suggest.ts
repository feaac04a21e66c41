/**
 * Distance of Damerau and Levenshtein (insert, delete, replace, swap of neighbours) between two short strings, in its
 * restricted form: no part is edited twice (Damerau 1964, Communications of the ACM 7(3), 171–176).
 */
export function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1)
      }
      row.push(best)
    }
    beforeLast = last
    last = row
  }
  return last[b.length] ?? 0
}

/**
 * The candidate nearest to a misspelt name, or undefined where none is near: at most 2 edits or a third of the name's
 * length, whichever is more, and fewer edits than the longer name has letters. A difference of case alone counts half.
 */
export function suggest(name: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined
  let bestDistance = Number.POSITIVE_INFINITY
  const limit = Math.max(2, Math.floor(name.length / 3))
  if (name.length > 100) return undefined
  for (const candidate of candidates) {
    if (candidate === name || Math.abs(candidate.length - name.length) > limit) continue
    const sameButCase = candidate.toLowerCase() === name.toLowerCase()
    const distance = sameButCase ? 0.5 : editDistance(name, candidate)
    const legal = sameButCase || (distance <= limit && distance < Math.max(name.length, candidate.length))
    // A name of two letters shares at least one of them with what it was meant to be.
    if (
      legal &&
      (sameButCase || Math.min(name.length, candidate.length) > 2 || distance < 2) &&
      distance < bestDistance
    ) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Numbers that are kept and sorted; more are counted instead. */
const SORTED = 1_000_000

/**
 * The numbers at positions ⌊q·(n − 1)⌋ of n numbers in ascending order, 0 where there are none. Few are sorted. Of many
 * the order of their 64 bits is found 16 bits at a time: each pass counts, among those that begin as the one that is
 * looked for does, how the next 16 bits are distributed. Four passes, and 512 KB a position.
 *
 * @param passes gives the numbers part by part, the same at every call; no NaN
 */
export function orderStatistics(passes: () => Iterable<Float64Array>, quantiles: readonly number[]): readonly number[] {
  let count = 0
  for (const part of passes()) count += part.length
  if (count === 0) return quantiles.map(() => 0)
  const ranks = quantiles.map((q) => Math.floor(q * (count - 1)))
  if (count <= SORTED) {
    const sorted = new Float64Array(count)
    let at = 0
    for (const part of passes()) {
      sorted.set(part, at)
      at += part.length
    }
    sorted.sort()
    return ranks.map((rank) => sorted[rank] ?? 0)
  }
  return byDigits(passes, ranks)
}

const DIGITS = 4

interface Wanted {
  /** Position among the numbers that begin with `digits`. */
  rank: number
  readonly digits: number[]
  readonly counts: Float64Array
}

function byDigits(passes: () => Iterable<Float64Array>, ranks: readonly number[]): readonly number[] {
  const wanted = ranks.map((rank): Wanted => ({ rank, digits: [], counts: new Float64Array(65_536) }))
  const number = new Float64Array(1)
  const words = new Uint32Array(number.buffer)
  const key = new Uint16Array(DIGITS)
  for (let pass = 0; pass < DIGITS; pass++) {
    for (const w of wanted) w.counts.fill(0)
    for (const part of passes())
      for (let i = 0; i < part.length; i++) {
        number[0] = part[i] ?? 0
        sortable(words, key)
        for (const { digits, counts } of wanted) {
          let d = 0
          while (d < pass && digits[d] === key[d]) d++
          if (d === pass) counts[key[pass] ?? 0] = (counts[key[pass] ?? 0] ?? 0) + 1
        }
      }
    for (const w of wanted) {
      let digit = 0
      while (digit < 65_535 && w.rank >= (w.counts[digit] ?? 0)) w.rank -= w.counts[digit++] ?? 0
      w.digits.push(digit)
    }
  }
  return wanted.map(({ digits }) => fromSortable(digits, words, number))
}

/** Bits of a double whose order as unsigned integers is that of the numbers: the sign flipped, all of a negative one's. */
function sortable(words: Uint32Array, key: Uint16Array): void {
  const high = words[1] ?? 0
  const low = words[0] ?? 0
  const isNegative = high >>> 31 === 1
  const h = isNegative ? ~high : high ^ 0x8000_0000
  const l = isNegative ? ~low : low
  key[0] = h >>> 16
  key[1] = h
  key[2] = l >>> 16
  key[3] = l
}

function fromSortable(digits: readonly number[], words: Uint32Array, number: Float64Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = digits
  const h = (a << 16) | b
  const l = (c << 16) | d
  const isNegative = h >>> 31 === 0
  words[1] = isNegative ? ~h : h ^ 0x8000_0000
  words[0] = isNegative ? ~l : l
  return number[0] ?? 0
}

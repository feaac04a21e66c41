/** Which rows of a table are equal, and how often each occurs. */

export interface RowColumn {
  readonly values: Float64Array | Int32Array
  /** Elements of one row: row n holds values[n · stride] to values[(n + 1) · stride − 1]. */
  readonly stride: number
}

export interface DistinctRows {
  /** The first row of each kind. */
  readonly first: Int32Array
  /** How many rows each kind has. */
  readonly times: Float64Array
  /** The kind of each row, a position in `first`. */
  readonly kind: Int32Array
}

/**
 * The distinct rows; null where there are more than `most`, or where a sample
 * shows that there must be about as many as rows. Values are equal where their bits are.
 *
 * Rows of small integers are numbers in a mixed radix, count themselves, and come in the order of these numbers; others are
 * hashed, compared in full, and come in the order in which they first occur.
 */
export function distinctRows(columns: readonly RowColumn[], rows: number, most: number): DistinctRows | null {
  const numbers = rowNumbers(columns, rows)
  if (numbers !== null) return countNumbers(numbers.keys, numbers.below, most)
  const words = columns.map(wordsOf)
  if (rows >= SAMPLED_FROM && !repeatsInSample(columns, words, rows)) return null
  const kinds = new KindTable(words, most)
  const kind = hashesOf(words, rows)
  for (let row = 0; row < rows; row++) {
    const own = kinds.add(row, kind[row] ?? 0)
    if (own < 0) return null
    kind[row] = own
  }
  return { ...kinds.finish(), kind }
}

/** Rows as numbers below a product of ranges, where all elements are integers and the product is not far beyond `rows`. */
function rowNumbers(
  columns: readonly RowColumn[],
  rows: number,
): { readonly keys: Int32Array; readonly below: number } | null {
  const most = Math.max(2 ** 16, 4 * rows)
  let below = 1
  const ranges: { readonly column: RowColumn; readonly low: Int32Array; readonly range: Int32Array }[] = []
  for (const column of columns) {
    const bounds = integerBounds(column, rows)
    if (bounds === null) return null
    const { low, high } = bounds
    const range = high.map((h, i) => h - (low[i] ?? 0) + 1)
    for (const extent of range) below *= extent > 0 ? extent : Number.POSITIVE_INFINITY
    if (below > most) return null
    ranges.push({ column, low, range })
  }
  const keys = new Int32Array(rows)
  for (const { column, low, range } of ranges) {
    const { values, stride } = column
    let at = 0
    for (let row = 0; row < rows; row++) {
      let key = keys[row] ?? 0
      for (let i = 0; i < stride; i++) key = Math.imul(key, range[i] ?? 1) + (values[at++] ?? 0) - (low[i] ?? 0)
      keys[row] = key
    }
  }
  return { keys, below }
}

interface Bounds {
  readonly low: Int32Array
  readonly high: Int32Array
}

/** Smallest and largest value of each element of a row; null where one is no 32-bit integer, −0 included. */
function integerBounds({ values, stride }: RowColumn, rows: number): Bounds | null {
  const low = new Int32Array(stride).fill(2 ** 31 - 1)
  const high = new Int32Array(stride).fill(-(2 ** 31))
  if (values instanceof Float64Array && !areIntegers(values.subarray(0, rows * stride))) return null
  // blocks of rows stay in cache while their elements are visited one after another
  for (let from = 0; from < rows; from += BLOCK_ROWS) {
    const end = Math.min(rows, from + BLOCK_ROWS) * stride
    for (let i = 0; i < stride; i++) {
      let [least, most] = [low[i] ?? 0, high[i] ?? 0]
      for (let at = from * stride + i; at < end; at += stride) {
        const value = values[at] ?? 0
        if (value < least) least = value
        if (value > most) most = value
      }
      low[i] = least
      high[i] = most
    }
  }
  return { low, high }
}

const BLOCK_ROWS = 2048

function areIntegers(values: Float64Array): boolean {
  for (let at = 0; at < values.length; at++) {
    const value = values[at] ?? 0
    if (value !== (value | 0) || Object.is(value, -0)) return false
  }
  return true
}

/** Kinds in the order of their keys: look-ups by parts of a key stay near one another. `keys` become the kinds. */
function countNumbers(keys: Int32Array, below: number, most: number): DistinctRows | null {
  // how many rows each key has, then its kind
  const kindOf = new Int32Array(below)
  let size = 0
  for (let row = 0; row < keys.length; row++) {
    const key = keys[row] ?? 0
    const before = kindOf[key] ?? 0
    if (before === 0 && ++size > most) return null
    kindOf[key] = before + 1
  }
  const times = new Float64Array(size)
  let kind = 0
  for (let key = 0; key < below; key++) {
    const count = kindOf[key] ?? 0
    if (count === 0) continue
    times[kind] = count
    kindOf[key] = kind++
  }
  const first = new Int32Array(size)
  for (let row = keys.length - 1; row >= 0; row--) {
    const own = kindOf[keys[row] ?? 0] ?? 0
    first[own] = row
    keys[row] = own
  }
  return { first, times, kind: keys }
}

/** Below this many rows all of them are looked at. */
const SAMPLED_FROM = 20_000

/**
 * Whether two rows of a sample of m = 4√N are equal. Were 0.7 N of N rows distinct with equal chances, there would be
 * about D = 1.25 N kinds, and m²/(2 D) = 6.4 equal pairs in the sample: none with probability 0.2 %, and rarer still where
 * chances are unequal. Drawn at random, so that the order of rows does not matter, always the same.
 */
function repeatsInSample(columns: readonly RowColumn[], words: readonly Words[], rows: number): boolean {
  const wanted = Math.ceil(4 * Math.sqrt(rows))
  const taken = new Set<number>()
  let state = 0x2545f491
  while (taken.size < wanted) {
    state = (Math.imul(state, 1664525) + 1013904223) | 0
    taken.add(Math.floor(((state >>> 0) / 2 ** 32) * rows))
  }
  const sample = Int32Array.from(taken)
  if (columns.some((column) => allDiffer(column, sample))) return false
  const kinds = new KindTable(words, wanted)
  for (const row of sample) kinds.add(row, hashOf(words, row))
  return kinds.size < wanted
}

/** true where the first elements of these rows are numbers of which no two are equal: no two rows are then. */
function allDiffer({ values, stride }: RowColumn, rows: Int32Array): boolean {
  if (values instanceof Int32Array) return false
  const own = new Float64Array(rows.length)
  for (let i = 0; i < rows.length; i++) own[i] = values[(rows[i] ?? 0) * stride] ?? 0
  own.sort()
  for (let i = 1; i < own.length; i++) if (!((own[i - 1] ?? 0) < (own[i] ?? 0))) return false
  return true
}

/** 32-bit words of a column, and how many a row has. */
interface Words {
  readonly words: Int32Array
  readonly stride: number
}

function wordsOf({ values, stride }: RowColumn): Words {
  if (values instanceof Int32Array) return { words: values, stride }
  return { words: new Int32Array(values.buffer, values.byteOffset, 2 * values.length), stride: 2 * stride }
}

/** Multiply and fold: the high bits of doubles that are small integers reach the low ones. */
function mix(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1)
  return product ^ (product >>> 15)
}

function hashesOf(columns: readonly Words[], rows: number): Int32Array {
  const hashes = new Int32Array(rows)
  for (const { words, stride } of columns) {
    let at = 0
    for (let row = 0; row < rows; row++) {
      let hash = hashes[row] ?? 0
      for (const end = at + stride; at < end; at++) hash = mix(hash, words[at] ?? 0)
      hashes[row] = hash
    }
  }
  return hashes
}

function hashOf(columns: readonly Words[], row: number): number {
  let hash = 0
  for (const { words, stride } of columns)
    for (let at = row * stride; at < (row + 1) * stride; at++) hash = mix(hash, words[at] ?? 0)
  return hash
}

/** A slot holds the first row of a kind + 1 (0: free), its hash, how many rows it has, and its number. */
const SLOT = 4

/** Kinds of rows by hash: open addressing with linear probing, at most half full. */
class KindTable {
  private slots = new Int32Array(SLOT * 2 ** 10)
  private mask = 2 ** 10 - 1
  size = 0

  constructor(
    private readonly columns: readonly Words[],
    private readonly most: number,
  ) {}

  /** Counts a row and gives its kind; −1 where it would be one kind too many. */
  add(row: number, hash: number): number {
    const { slots, mask } = this
    let slot = hash & mask
    for (;;) {
      const at = SLOT * slot
      const first = (slots[at] ?? 0) - 1
      if (first < 0) break
      if (slots[at + 1] === hash && this.equal(first, row)) {
        slots[at + 2] = (slots[at + 2] ?? 0) + 1
        return slots[at + 3] ?? 0
      }
      slot = (slot + 1) & mask
    }
    if (this.size >= this.most) return -1
    slots[SLOT * slot] = row + 1
    slots[SLOT * slot + 1] = hash
    slots[SLOT * slot + 2] = 1
    slots[SLOT * slot + 3] = this.size
    this.size += 1
    if (2 * this.size > mask) this.grow()
    return this.size - 1
  }

  finish(): Omit<DistinctRows, 'kind'> {
    const first = new Int32Array(this.size)
    const times = new Float64Array(this.size)
    for (let at = 0; at < this.slots.length; at += SLOT) {
      const row = (this.slots[at] ?? 0) - 1
      if (row < 0) continue
      const kind = this.slots[at + 3] ?? 0
      first[kind] = row
      times[kind] = this.slots[at + 2] ?? 0
    }
    return { first, times }
  }

  private grow(): void {
    const old = this.slots
    const mask = 2 * this.mask + 1
    const slots = new Int32Array(2 * old.length)
    for (let at = 0; at < old.length; at += SLOT) {
      if (old[at] === 0) continue
      let slot = (old[at + 1] ?? 0) & mask
      while (slots[SLOT * slot] !== 0) slot = (slot + 1) & mask
      for (let i = 0; i < SLOT; i++) slots[SLOT * slot + i] = old[at + i] ?? 0
    }
    this.slots = slots
    this.mask = mask
  }

  private equal(a: number, b: number): boolean {
    for (const { words, stride } of this.columns)
      for (let i = 0; i < stride; i++) if (words[a * stride + i] !== words[b * stride + i]) return false
    return true
  }
}

/** Rows of a column, in the order of `at`. */
export function takeRows({ values, stride }: RowColumn, at: Int32Array): Float64Array | Int32Array {
  const length = at.length * stride
  const out = values instanceof Int32Array ? new Int32Array(length) : new Float64Array(length)
  at.forEach((row, i) => {
    for (let j = 0; j < stride; j++) out[i * stride + j] = values[row * stride + j] ?? 0
  })
  return out
}

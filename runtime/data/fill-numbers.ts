import type { Grid } from './grid.js'

/** Whole numbers below this are looked up in an array instead of a map. */
const SMALL = 1024
const BLOCK = 1024

/**
 * The values of an array whose cells were given as numbers of one type, where all of them fit their declaration; null
 * where one does not, or is missing: `fillArray` then looks at each cell and says what is wrong. Doubles are not copied.
 */
export function fillNumbers({ declaration, numbers }: Grid): Float64Array | null {
  if (numbers === undefined) return null
  const { element, low, lowStrict, high, highStrict } = declaration
  if (element !== 'real' && element !== 'int' && element !== 'count') return null
  const whole = element !== 'real'
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i] ?? Number.NaN
    // not a number, infinite, or outside: judged with care
    if (!(value >= low && value <= high && value - value === 0)) return null
    if ((lowStrict && value === low) || (highStrict && value === high)) return null
    if (whole && !Number.isSafeInteger(value)) return null
  }
  return numbers instanceof Float64Array ? numbers : new Float64Array(numbers)
}

/** The same for categories; `lists`: numbers of the levels by label, one map, or one a column. */
export function fillLevels({ numbers }: Grid, lists: readonly ReadonlyMap<string, number>[]): Int32Array | null {
  if (numbers === undefined) return null
  const known = lists.map((list) => ({ list, small: new Int32Array(SMALL).fill(-1), large: new Map<number, number>() }))
  const values = new Int32Array(numbers.length)
  const width = lists.length
  // blocks of rows stay in cache while their columns are visited one after another
  for (let from = 0; from < numbers.length; from += BLOCK * width) {
    const to = Math.min(numbers.length, from + BLOCK * width)
    for (let column = 0; column < width; column++) {
      const own = known[column]
      if (own === undefined) return null
      const { small } = own
      for (let i = from + column; i < to; i += width) {
        const value = numbers[i] ?? Number.NaN
        if (Number.isNaN(value)) return null
        const isSmall = value >= 0 && value < SMALL && Number.isInteger(value)
        let level = (isSmall ? small[value] : own.large.get(value)) ?? -1
        if (level < 0) {
          level = own.list.get(String(value)) ?? -1
          if (level < 0) return null
          if (isSmall) small[value] = level
          else own.large.set(value, level)
        }
        values[i] = level
      }
    }
  }
  return values
}

/** Positions at which a number is met for the first time, among every `step`th from `from`; null where cells are no numbers of one type. */
export function firstPositions({ numbers }: Grid, from: number, step: number): readonly number[] | null {
  if (numbers === undefined) return null
  const small = new Uint8Array(SMALL)
  const large = new Set<number>()
  const positions: number[] = []
  for (let i = from; i < numbers.length; i += step) {
    const value = numbers[i] ?? Number.NaN
    if (value >= 0 && value < SMALL && Number.isInteger(value)) {
      if (small[value] === 1) continue
      small[value] = 1
    } else {
      if (large.has(value)) continue
      large.add(value)
    }
    positions.push(i)
  }
  return positions
}

/** Domains and ticks. */
import { type ScaleLinear, scaleLinear } from 'd3-scale'
import { short } from './format.js'

export type Domain = readonly [number, number]

/** Smallest and largest finite number; [0, 1] where there is none. */
export function extentOf(...arrays: readonly Iterable<number>[]): Domain {
  let low = Number.POSITIVE_INFINITY
  let high = Number.NEGATIVE_INFINITY
  for (const values of arrays)
    for (const x of values)
      if (Number.isFinite(x)) {
        if (x < low) low = x
        if (x > high) high = x
      }
  return low <= high ? [low, high] : [0, 1]
}

/** Room of a part of the width on both sides; a single value gets room too. */
export function padded([low, high]: Domain, part = 0.05): Domain {
  const width = high - low
  const room = width > 0 ? width * part : Math.max(Math.abs(low) * 0.1, 0.5)
  return [low - room, high + room]
}

export const linear = (domain: Domain, range: Domain): ScaleLinear<number, number> =>
  scaleLinear()
    .domain([...domain])
    .range([...range])

export interface Tick {
  readonly value: number
  readonly label: string
}

/** About `count` round numbers of a scale, with as many digits as tell them apart. */
export function ticksOf(scale: ScaleLinear<number, number>, count: number, whole = false): readonly Tick[] {
  const values = scale.ticks(Math.max(2, count)).filter((v) => !whole || Number.isInteger(v))
  const [a = 0, b = a + 1] = values
  const step = Math.abs(b - a)
  const largest = Math.max(...values.map(Math.abs), step)
  const digits = Math.min(12, Math.max(1, Math.ceil(Math.log10(largest / step + 1e-12)) + 1))
  return values.map((value) => ({ value, label: Math.abs(value) < step * 1e-9 ? '0' : short(value, digits) }))
}

import type { JsonNumber } from '../../runtime/json.js'

/** Six significant digits without trailing zeros; infinities and missing values in words. */
export function formatNumber(value: JsonNumber | undefined): string {
  return significant(value, 6)
}

function significant(value: JsonNumber | undefined, digits: number): string {
  if (value === null || value === undefined) return 'NA'
  if (typeof value === 'string') return value === 'Infinity' ? '∞' : '−∞'
  if (Number.isNaN(value)) return 'NA'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const text = value.toPrecision(digits)
  if (text.includes('e')) return text.replace(/\.?0+e/, 'e')
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

const MOST_DIGITS = 12

/** Numbers to be compared: with as many digits as it takes to tell them apart, at a large offset more than six. */
export function formatAlike(values: readonly (JsonNumber | undefined)[]): string[] {
  const finite = values.filter((value): value is number => typeof value === 'number' && Number.isFinite(value))
  const largest = Math.max(0, ...finite.map(Math.abs))
  const range = Math.max(...finite) - Math.min(...finite)
  const needed = range > 0 ? 2 + Math.ceil(Math.log10(largest / range)) : 0
  // what differs in its last digits only is equal but for rounding
  const digits = needed > MOST_DIGITS ? 6 : Math.max(6, needed)
  return values.map((value) => significant(value, digits))
}

/** A log-likelihood or a criterion: four decimals. */
export function formatObjective(value: JsonNumber): string {
  return typeof value === 'number' ? value.toFixed(4).replace(/^-(0\.0+)$/, '$1') : formatNumber(value)
}

/** A count, or a sum of weights without what adding them up rounded. */
export const formatCount = (count: number): string => String(Number(count.toPrecision(12)))

export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${count === 1 ? noun : `${noun}s`}`
}

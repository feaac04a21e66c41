import type { JsonNumber } from '../../runtime/json.js'

/** Six significant digits without trailing zeros; infinities and missing values in words. */
export function formatNumber(value: JsonNumber | undefined): string {
  if (value === null || value === undefined) return 'NA'
  if (typeof value === 'string') return value === 'Infinity' ? '∞' : '−∞'
  if (Number.isNaN(value)) return 'NA'
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  const text = value.toPrecision(6)
  if (text.includes('e')) return text.replace(/\.?0+e/, 'e')
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

/** A log-likelihood or a criterion: four decimals. */
export function formatObjective(value: JsonNumber): string {
  return typeof value === 'number' ? value.toFixed(4) : formatNumber(value)
}

export function plural(count: number, noun: string): string {
  return `${count} ${count === 1 ? noun : `${noun}s`}`
}

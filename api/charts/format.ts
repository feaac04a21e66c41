/** Numbers as charts and tables show them. */

/** At most `digits` significant digits, with a true minus sign; `–` where there is no number. */
export function short(x: number, digits = 4): string {
  if (Number.isNaN(x)) return '–'
  if (!Number.isFinite(x)) return x > 0 ? '∞' : '−∞'
  if (x === 0) return '0'
  const size = Math.abs(x)
  const text =
    size >= 1e7 || size < 1e-4
      ? x
          .toExponential(Math.max(0, digits - 1))
          .replace(/\.?0+e/, 'e')
          .replace('e+', 'e')
      : trimmed(size >= 10 ** (digits - 1) ? x.toFixed(0) : x.toPrecision(digits))
  return text.replace('-', '−').replace('e-', 'e−')
}

/** Fixed decimals, as log-likelihoods are read. */
export function fixed(x: number, decimals = 1): string {
  return Number.isFinite(x) ? x.toFixed(decimals).replace('-', '−') : short(x)
}

const trimmed = (text: string): string =>
  text.includes('.') && !text.includes('e') ? text.replace(/\.?0+$/, '') : text

/** `z = 2`; `component 2` of a latent without a name of its own. */
export const componentName = (latent: string | null, label: string): string =>
  latent === null || latent.includes(' ') ? `component ${label}` : `${latent} = ${label}`

/** `1 row`, `12 rows`. */
export const counted = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en')} ${n === 1 ? one : many}`

/** `a`, `a and b`, `a, b and c`. */
export function listed(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? ''
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
}

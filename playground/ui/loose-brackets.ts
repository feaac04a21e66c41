/**
 * Brackets that a line can be broken within. TeX never breaks between `\left(` and `\right)`; brackets of a fixed size hold
 * nothing together. A pair that is wider than a line becomes one of these, and what is in it is treated likewise.
 */
import { latexWidth } from '../../compiler/derivation/render/broken-latex.js'

/** `width`: characters that a line has room for. */
export function looseBrackets(latex: string, width: number): string {
  let out = ''
  let at = 0
  for (;;) {
    const begin = latex.indexOf('\\left', at)
    const pair = begin < 0 ? null : pairAt(latex, begin)
    if (pair === null) return out + latex.slice(at)
    out += latex.slice(at, begin)
    const { open, inner, close, end } = pair
    // in a group that TeX sets as one piece nothing is won
    const free = isOuter(latex, begin) && latexWidth(latex.slice(begin, end)) > width
    const size = /\\(?:sum|prod|int|frac)(?![a-z])/.test(inner) ? 'Big' : 'big'
    const within = free ? looseBrackets(inner, width) : inner
    out += free ? `\\${size}l${open}${within}\\${size}r${close}` : latex.slice(begin, end)
    at = end
  }
}

interface Pair {
  readonly open: string
  readonly inner: string
  readonly close: string
  /** After the bracket that closes it. */
  readonly end: number
}

const BRACKET = /^\s*(\\[A-Za-z]+|\\?.)/s

/** The pair whose `\left` begins here; null where nothing closes it. */
function pairAt(latex: string, begin: number): Pair | null {
  let depth = 0
  for (const m of latex.slice(begin).matchAll(/\\(left|right)(?![a-z])/g)) {
    depth += m[1] === 'left' ? 1 : -1
    if (depth > 0) continue
    const [whole = '', open = ''] = BRACKET.exec(latex.slice(begin + 5)) ?? []
    const at = begin + m.index
    const [last = '', close = ''] = BRACKET.exec(latex.slice(at + 6)) ?? []
    return { open, inner: latex.slice(begin + 5 + whole.length, at), close, end: at + 6 + last.length }
  }
  return null
}

/** No group or environment is open before a place. */
function isOuter(latex: string, place: number): boolean {
  let depth = 0
  for (const m of latex.slice(0, place).matchAll(/\\\\|\\[{}]|[{}]|\\(?:begin|end|left|right)(?![a-z])/g)) {
    if (m[0] === '{' || m[0] === '\\begin' || m[0] === '\\left') depth++
    else if (m[0] === '}' || m[0] === '\\end' || m[0] === '\\right') depth--
  }
  return depth === 0
}

/**
 * Brackets and fractions that a line can be broken within. TeX never breaks between `\left(` and `\right)`, nor in a fraction;
 * brackets of a fixed size hold nothing together, and a fraction may stand on a line. What is wider than a line becomes one of
 * these, and what is in it is treated likewise.
 */
import { latexWidth } from '../../compiler/derivation/render/broken-latex.js'

/** Characters of what stands in round brackets that no line is broken within. */
const TOGETHER = 14

/** Short round brackets as one piece: `p(x | θ)` is not parted after its bar. */
export function heldTogether(latex: string): string {
  let out = ''
  let at = 0
  for (const { index } of latex.matchAll(/\(/g)) {
    if (index < at || /\\(?:left|right|[bB]igg?[lr]?)\s*$/.test(latex.slice(0, index))) continue
    const end = endOfRound(latex, index)
    if (end < 0 || latexWidth(latex.slice(index, end)) > TOGETHER) continue
    out += `${latex.slice(at, index)}{${latex.slice(index, end)}}`
    at = end
  }
  return out + latex.slice(at)
}

/** After the bracket that closes the one here, all groups between them closed; −1 where there is none. */
function endOfRound(latex: string, open: number): number {
  let [round, groups] = [0, 0]
  for (const m of latex.slice(open).matchAll(/\\(?:left|right|begin|end|[bB]igg?[lr]?)(?![a-z])|\\.|[(){}&]/g)) {
    if (m[0] === '{') groups++
    else if (m[0] === '}') groups--
    else if (m[0] === '(' && groups === 0) round++
    else if (m[0] === ')' && groups === 0) round--
    else if (m[0] === '&' || /^\\(?:left|right|[bB]ig|begin|end)/.test(m[0])) return -1
    if (groups < 0) return -1
    if (round === 0) return open + m.index + 1
  }
  return -1
}

/** `width`: characters that a line has room for. */
export function looseBrackets(latex: string, width: number): string {
  let out = ''
  let at = 0
  for (;;) {
    const begin = nextPiece(latex, at)
    const piece = begin < 0 ? null : (fractionAt(latex, begin) ?? pairAt(latex, begin))
    if (piece === null) return out + latex.slice(at)
    out += latex.slice(at, begin)
    const whole = latex.slice(begin, piece.end)
    // in a group that TeX sets as one piece nothing is won
    out += isOuter(latex, begin) && latexWidth(whole) > width ? loosened(piece, width) : whole
    at = piece.end
  }
}

type Piece =
  | {
      readonly kind: 'pair'
      readonly open: string
      readonly inner: string
      readonly close: string
      readonly end: number
    }
  | { readonly kind: 'fraction'; readonly over: string; readonly under: string; readonly end: number }

function loosened(piece: Piece, width: number): string {
  if (piece.kind === 'pair') return bracketed(piece.open, piece.inner, piece.close, width)
  const part = (latex: string): string =>
    /^(?:\\?[A-Za-z]+|\d+)$/.test(latex.trim()) ? latex : bracketed('(', latex, ')', width)
  return `${part(piece.over)} \\big/ \\allowbreak ${part(piece.under)}`
}

function bracketed(open: string, inner: string, close: string, width: number): string {
  const size = /\\(?:sum|prod|int|frac)(?![a-z])/.test(inner) ? 'Big' : 'big'
  return `\\${size}l${open}${looseBrackets(inner, width)}\\${size}r${close}`
}

/** Where the next bracket that stretches, or the next fraction, begins; −1 where there is none. */
function nextPiece(latex: string, from: number): number {
  const found = latex.slice(from).search(/\\(?:left|frac)(?![a-z])/)
  return found < 0 ? -1 : from + found
}

const BRACKET = /^\s*(\\[A-Za-z]+|\\?.)/s

/** The pair whose `\left` begins here; null where nothing closes it. */
function pairAt(latex: string, begin: number): Piece | null {
  let depth = 0
  for (const m of latex.slice(begin).matchAll(/\\(left|right)(?![a-z])/g)) {
    depth += m[1] === 'left' ? 1 : -1
    if (depth > 0) continue
    const [whole = '', open = ''] = BRACKET.exec(latex.slice(begin + 5)) ?? []
    const at = begin + m.index
    const [last = '', close = ''] = BRACKET.exec(latex.slice(at + 6)) ?? []
    return { kind: 'pair', open, inner: latex.slice(begin + 5 + whole.length, at), close, end: at + 6 + last.length }
  }
  return null
}

/** The fraction that begins here, both parts in braces; else null. */
function fractionAt(latex: string, begin: number): Piece | null {
  if (!latex.startsWith('\\frac{', begin)) return null
  const middle = endOfGroup(latex, begin + 5)
  const end = latex[middle] === '{' ? endOfGroup(latex, middle) : -1
  if (end < 0) return null
  return { kind: 'fraction', over: latex.slice(begin + 6, middle - 1), under: latex.slice(middle + 1, end - 1), end }
}

/** After the brace that closes the one here; −1 where none does. */
function endOfGroup(latex: string, open: number): number {
  let depth = 0
  for (const m of latex.slice(open).matchAll(/\\[{}\\]|[{}]/g)) {
    if (m[0] === '{') depth++
    if (m[0] === '}') depth--
    if (depth === 0 && m[0] === '}') return open + m.index + 1
  }
  return -1
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

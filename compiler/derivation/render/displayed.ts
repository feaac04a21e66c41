/** Formulas on lines of their own as one piece of TeX, aligned at their relations. */
import type { Line } from '../types.js'
import { brokenLatex, outerPlaces } from './broken-latex.js'

/** One line as it is; several in an `aligned`. `width`: characters that fit, where long lines are to be broken. */
export function displayed(lines: readonly Line[], width = Number.POSITIVE_INFINITY): string {
  const all = lines.flatMap((l) => brokenLatex(l.latex, width))
  const [only] = all
  if (all.length === 1 && only !== undefined) return only
  return `\\begin{aligned}\n${all.map(aligned).join(' \\\\\n')}\n\\end{aligned}`
}

/** Aligned at its first = sign outside brackets; a line that goes on where it begins. */
function aligned(latex: string): string {
  if (latex.startsWith('\\quad')) return `&${latex}`
  const at = outerPlaces(latex).find((i) => latex[i] === '=' || latex.startsWith('\\propto', i))
  return at === undefined ? `&${latex}` : `${latex.slice(0, at)}&${latex.slice(at)}`
}

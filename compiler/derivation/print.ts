/** Formulas for the document: an expression or an equation, printed once as text and once as TeX. */

import { idx, ref } from '../algebra/build.js'
import type { Display, PrintOptions } from '../algebra/display.js'
import { GREEK } from '../algebra/greek.js'
import { displayLatex, printLatex } from '../algebra/print-latex.js'
import { displayText, printText } from '../algebra/print-text.js'
import { toDisplay, toTensorDisplay } from '../algebra/to-display.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { type NamedSum, nameSums } from './named-sums.js'
import { lettersFor, type Notation, present, withLetters } from './notation.js'
import type { Formula, Inline } from './types.js'
import type { Equation } from './update-types.js'

/** One letter for all parameters together: θ, unless one of them has that name. */
export function allParams(notation: Notation): Formula {
  const name = ['theta', 'psi', 'omega', 'xi'].find((n) => !notation.taken.has(n)) ?? 'theta'
  return { text: GREEK.get(name) ?? name, latex: `\\${name}` }
}

export type { Formula } from './types.js'

/** How a formula is to be printed. */
export interface FormulaContext {
  readonly notation: Notation
  /** Names for recurring sums, collected while printing. */
  readonly named: NamedSum[]
  /** Posterior means as E[b] (the document), or as plain b (the plan). */
  readonly means: 'expectation' | 'plain'
  /** Expectations given discrete values without the probability of these before them. */
  readonly given?: 'conditional'
  /** Sums stay sums over their index. */
  readonly sums?: 'plain'
}

/** Sums named, letters chosen, names as the user knows them. */
export function prepared(e: Expr, indices: readonly IndexVar[], c: FormulaContext): Expr {
  return present(withLetters(nameSums(e, c.notation, c.named), c.notation, lettersFor(indices, c.notation)), c.notation)
}

/** N_k = Σ_n r_nk. */
export function definition(n: NamedSum, c: FormulaContext): Formula {
  const plain = (e: Expr, indices: readonly IndexVar[]): Expr =>
    present(withLetters(e, c.notation, lettersFor(indices, c.notation)), c.notation)
  return equation(
    {
      left: { kind: 'ref', space: 'stat', name: n.name, index: n.indices.map((v) => idx(v)) },
      right: n.value,
      indices: n.indices,
      over: [],
    },
    c,
    plain,
  )
}

export function optionsFor(c: FormulaContext, style: 'text' | 'latex'): PrintOptions {
  const print = style === 'text' ? printText : printLatex
  const single = c.notation.responsibility
  return {
    ...(c.given === undefined ? {} : { given: c.given }),
    ...(c.sums === undefined ? {} : { sums: c.sums }),
    ...(c.means === 'plain' || c.notation.derivation.maxProduct !== null
      ? { mean: (e) => print({ kind: 'ref', space: 'latent', name: e.latent, index: e.index }) }
      : {}),
    probability: (e) => {
      const [only] = e.of
      if (e.of.length === 1 && only !== undefined && only.latent === single) return null
      const cells = e.of.map(
        (i) => `${print({ kind: 'ref', space: 'latent', name: i.latent, index: i.index })} = ${print(i.value)}`,
      )
      if (c.notation.derivation.maxProduct !== null) return `[${cells.join(', ')}]`
      if (c.notation.derivation.eStep.factorised !== null) return `q(${cells.join(', ')})`
      return style === 'text' ? `P(${cells.join(', ')} | data)` : `P(${cells.join(', ')} \\mid \\text{data})`
    },
  }
}

/** An expression, with the indices that the reader knows from outside. */
export function formula(e: Expr, indices: readonly IndexVar[], c: FormulaContext): Formula {
  const ready = prepared(e, indices, c)
  return {
    text: compactSubscripts(displayText(toDisplay(ready, optionsFor(c, 'text')))),
    latex: flatCasesLatex(displayLatex(toDisplay(ready, optionsFor(c, 'latex')))),
  }
}

/** Names as they stand in formulas, Greek as Greek, with commas between them. */
export const inlineNames = (names: readonly string[], c: FormulaContext): Inline =>
  names.flatMap(
    (n, i): Inline => (i === 0 ? [formula(ref('param', n), [], c)] : [', ', formula(ref('param', n), [], c)]),
  )

/** An expression as a vector or matrix over the given indices, where it has that form. */
export function tensorFormula(
  e: Expr,
  over: readonly string[],
  c: FormulaContext,
  indices: readonly IndexVar[] = [],
): Formula {
  const ready = prepared(e, indices, c)
  const text = toTensorDisplay(ready, over, optionsFor(c, 'text'))
  const latex = toTensorDisplay(ready, over, optionsFor(c, 'latex'))
  return text === null || latex === null
    ? formula(e, indices, c)
    : { text: compactSubscripts(displayText(text)), latex: displayLatex(latex) }
}

/** left = right, over its trailing indices as vectors or matrices where both sides have that form. */
export function equation(q: Equation, c: FormulaContext, ready: typeof prepared = prepared): Formula {
  const left = ready(q.left, q.indices, c)
  const right = ready(q.right, q.indices, c)
  const side = (e: Expr, over: readonly string[], style: 'text' | 'latex'): Display | null =>
    toTensorDisplay(e, over, optionsFor(c, style))
  const asTensor =
    q.over.length > 0 &&
    side(left, q.over, 'text') !== null &&
    (isZeroExpr(right) || side(right, q.over, 'text') !== null)
  const over = asTensor ? q.over : []
  const show = (e: Expr, style: 'text' | 'latex'): string => {
    const d = isZeroExpr(e) ? toDisplay(e, {}) : side(e, over, style)
    if (d === null) return ''
    return style === 'text' ? displayText(d) : displayLatex(d)
  }
  return {
    text: compactSubscripts(`${show(left, 'text')} = ${show(right, 'text')}`),
    latex: `${show(left, 'latex')} = ${show(right, 'latex')}`,
  }
}

/** About as long as a line of a page. */
const LINE = 90

/** left = a sum, on as many lines as it needs. */
export function sumEquation(
  left: Expr,
  right: Expr,
  indices: readonly IndexVar[],
  c: FormulaContext,
): readonly Formula[] {
  const whole = equation({ left, right, indices, over: [] }, c)
  if (right.kind !== 'add' || [...whole.text].length <= LINE) return [whole]
  const groups: Expr[][] = []
  let room = 0
  for (const t of right.terms) {
    const size = [...formula(t, indices, c).text].length + 3
    const last = groups.at(-1)
    if (last === undefined || size > room) {
      groups.push([t])
      room = LINE - size
    } else {
      last.push(t)
      room -= size
    }
  }
  return groups.map((terms, i) => {
    const sum: Expr = terms.length === 1 && terms[0] !== undefined ? terms[0] : { kind: 'add', terms }
    if (i === 0) return equation({ left, right: sum, indices, over: [] }, c)
    return continued(formula(sum, indices, c))
  })
}

/** The next line of a sum. */
export const continued = (f: Formula): Formula => ({
  text: f.text.startsWith('−') ? `    − ${f.text.slice(1)}` : `    + ${f.text}`,
  latex: f.latex.startsWith('-') ? `\\quad - ${f.latex.slice(1)}` : `\\quad + ${f.latex}`,
})

const isZeroExpr = (e: Expr): boolean => e.kind === 'num' && e.value.n === 0

/** r_{n,k} → r_nk where all subscripts are single letters or digits. */
export const compactSubscripts = (text: string): string =>
  flatCases(text).replaceAll(/_\{([\p{L}\d′,]+)\}/gu, (whole, inner: string) => {
    const parts = inner.split(',')
    return parts.length === 1 || parts.every((p) => [...p.replaceAll('′', '')].length === 1)
      ? `_${parts.join('')}`
      : whole
  })

/** {a if c, else {b if d, else e}} → {a if c, b if d, else e}. */
function flatCases(text: string): string {
  const mark = ', else {'
  const at = text.lastIndexOf(mark)
  if (at < 0) return text
  let depth = 0
  for (let i = at + mark.length - 1; i < text.length; i++) {
    depth += text[i] === '{' ? 1 : text[i] === '}' ? -1 : 0
    if (depth > 0) continue
    const inner = text.slice(at + mark.length, i)
    const flat = inner.includes(' if ') ? `${text.slice(0, at)}, ${inner}${text.slice(i + 1)}` : text
    return flat === text ? text : flatCases(flat)
  }
  return text
}

/** The same for nested cases environments. */
function flatCasesLatex(latex: string): string {
  const flat = latex.replace(
    /\\begin\{cases\} ((?:(?!\\begin\{cases\}).)*?) \\end\{cases\} & \\text\{otherwise\}/,
    '$1',
  )
  return flat === latex ? latex : flatCasesLatex(flat)
}

/** Greek letters back as the names that the user typed. */
export function asTyped(text: string): string {
  const names = new Map([...GREEK].map(([name, letter]) => [letter, name]))
  // Δ before a name is a difference, not a name
  return text.replaceAll(/Δ(?=\p{L})|\p{L}/gu, (ch, at: number) =>
    ch === 'Δ' && /^\p{L}/u.test(text.slice(at + 1)) ? ch : (names.get(ch) ?? ch),
  )
}

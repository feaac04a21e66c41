/** Sums of logarithms as products of what they are of. */
import type { Expr, IndexVar } from '../algebra/types.js'
import { type Formula, type FormulaContext, formula } from './print.js'

/** The factors of exp(Σ logs) where each is the exponential of a logarithm or of a sum of logarithms, else null. */
export function productOf(logs: readonly Expr[]): readonly Expr[] | null {
  const inner = (e: Expr): Expr | null => {
    if (e.kind === 'call' && e.fn === 'log' && e.args[0] !== undefined) return e.args[0]
    if (e.kind === 'sum') {
      const body = inner(e.body)
      return body === null ? null : { ...e, body }
    }
    if (e.kind === 'mul') {
      const [power, log, ...more] = [...e.factors].sort((a, b) => Number(a.kind === 'call') - Number(b.kind === 'call'))
      const base = log === undefined ? null : inner(log)
      if (more.length > 0 || power === undefined || base === null || base.kind === 'sum') return null
      return power.kind === 'case' || power.kind === 'ref' ? { kind: 'call', fn: 'power', args: [base, power] } : null
    }
    return null
  }
  const out: Expr[] = []
  for (const l of logs) {
    const e = inner(l)
    if (e === null) return null
    out.push(e)
  }
  return out
}

/** A sum sign over logs is a product sign over what they are of. */
function asProduct(e: Expr, indices: readonly IndexVar[], c: FormulaContext): Formula {
  const f = formula(e, indices, c)
  return e.kind === 'sum' ? { text: f.text.replaceAll('∑', '∏'), latex: f.latex.replaceAll('\\sum', '\\prod') } : f
}

/** Parts side by side, sums among them in brackets. */
export function sideBySide(parts: readonly Expr[], indices: readonly IndexVar[], c: FormulaContext): Formula {
  const shown = parts.map((p): Formula => {
    const f = asProduct(p, indices, c)
    return parts.length > 1 && p.kind === 'add' ? { text: `(${f.text})`, latex: `\\left(${f.latex}\\right)` } : f
  })
  return { text: shown.map((s) => s.text).join(' '), latex: shown.map((s) => s.latex).join(' \\, ') }
}

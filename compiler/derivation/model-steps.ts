/** Notation, the model statement by statement, and what there is to maximise. */
import type { ConstSymbol } from '../../lang/typed/types.js'
import { add, idx, literal, mul, num, ONE, sub, sum } from '../algebra/build.js'
import { printLatex } from '../algebra/print-latex.js'
import { printText } from '../algebra/print-text.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import type { LiftedFactor } from '../graph/lift.js'
import { heldParams } from '../held-params.js'
import type { ParamInfo } from '../rules/mstep/types.js'
import { present, sizeName } from './notation.js'
import { argument, statementAt } from './origins.js'
import { compactSubscripts, continued, type Formula, type FormulaContext, formula } from './print.js'
import { simplify } from './simplify.js'
import { tailWords } from './tail-words.js'
import { type Block, type DerivationStep, type Inline, inline, type Line, say } from './types.js'

const SUPPORTS: ReadonlyMap<string, string> = new Map([
  ['real', 'real'],
  ['positive', 'positive'],
  ['nonnegative', 'not negative'],
  ['unit', 'between 0 and 1'],
  ['int', 'integer'],
  ['count', 'a count'],
  ['bool', '0 or 1'],
  ['category', 'a category'],
  ['simplex', 'a probability vector'],
  ['ordered', 'increasing'],
  ['covariance', 'a covariance matrix'],
  ['correlation', 'a correlation matrix'],
])

/** Words for values of continuous latents. */
const CONTINUOUS: ReadonlyMap<string, string> = new Map([
  ['real', 'real'],
  ['positive', 'positive'],
  ['unit', 'between 0 and 1'],
  ['simplex', 'a probability vector'],
  ['covariance', 'a covariance matrix'],
  ['count', 'a count'],
])

/** Words that are a formula as well: a name on its own. */
export function name(n: string, c: FormulaContext, index: readonly Expr[] = []): Formula {
  const e: Expr = { kind: 'ref', space: 'param', name: n, index }
  const ready = present(e, c.notation)
  return { text: compactSubscripts(printText(ready)), latex: printLatex(ready) }
}

const plain = (e: Expr, c: FormulaContext): Formula => {
  const ready = present(e, c.notation)
  return { text: compactSubscripts(printText(ready)), latex: printLatex(ready) }
}

export function notationStep(c: FormulaContext): DerivationStep {
  const d = c.notation.derivation
  const items: Inline[] = []
  const shapeOf = (space: 'data' | 'param' | 'const', n: string): Inline => {
    const shape = d.shapes.shape(space, n)
    if (shape.length === 0) return []
    const extents = shape.map((e) => {
      const shown = plain(e, c)
      return shape.length > 1 && e.kind === 'add' ? { text: `(${shown.text})`, latex: `(${shown.latex})` } : shown
    })
    const product: Formula = {
      text: extents
        .map((e) => e.text)
        .join(' × ')
        .replaceAll('_*', ''),
      latex: extents
        .map((e) => e.latex)
        .join(' \\times ')
        .replaceAll('_*', ''),
    }
    return [', ', product]
  }
  const describe = (space: 'data' | 'param', n: string, support: Inline, more = ''): void => {
    items.push(inline`${name(n, c)}: ${space === 'data' ? 'data' : 'parameter'}, ${support}${shapeOf(space, n)}${more}`)
  }
  for (const s of d.graph.data)
    describe(
      'data',
      s.name,
      [SUPPORTS.get(s.type.support.kind) ?? 'a number in an interval'],
      s.type.optional ? '; cells may be missing' : '',
    )
  for (const l of d.graph.latents) {
    if (l.kind !== 'count' && l.evidence) continue
    const low = l.kind === 'discrete' ? plain(l.low, c) : null
    const high = l.kind === 'discrete' ? plain(l.high, c) : null
    const loops = l.loops.map((x) => x.index)
    const cell = formula({ kind: 'ref', space: 'latent', name: l.name, index: loops.map((x) => idx(x)) }, loops, c)
    items.push(
      low === null || high === null
        ? inline`${cell}: latent, ${l.kind === 'continuous' ? (CONTINUOUS.get(l.support) ?? l.support) : 'a count'}${rangesWords(loops, c)}`
        : inline`${cell}: latent, ${low}${low.text === '0' && high.text === '1' ? ' or ' : ', …, '}${high}${rangesWords(loops, c)}`,
    )
  }
  for (const p of d.params) {
    const bounds: Inline =
      p.low !== null && p.high !== null
        ? inline`between ${plain(p.low, c)} and ${plain(p.high, c)}`
        : [SUPPORTS.get(p.support) ?? p.support]
    describe('param', p.name, bounds)
  }
  for (const { id, name: n, held } of heldParams(d.model))
    if (held !== undefined && d.graph.bindTables.some((t) => t.name === id)) {
      const support = SUPPORTS.get(held.support.kind) ?? 'a number in an interval'
      items.push(inline`${name(n, c)}: parameter, ${support}${shapeOf('const', id)}; held at given values`)
    }
  for (const s of d.model.symbols) if (s.kind === 'const' && s.held === undefined) items.push(constWords(s, c))
  for (const s of d.model.symbols)
    if (s.kind === 'size' && s.origin === 'levels' && s.name.startsWith('levels('))
      items.push(
        inline`${name(sizeName(s.name, c.notation), c)}: the number of levels of ${name(s.name.slice(7, -1), c)}`,
      )
  const indices = [...new Set(d.model.symbols.flatMap((s) => (s.kind === 'index' ? [s.name] : [])))]
  const words = [...(indices.length === 0 ? [] : [say`Indices count from 1.`]), ...circleWords(c), ...letterWords(c)]
  return {
    id: 'notation',
    kind: 'notation',
    title: ['Notation'],
    content: [{ kind: 'list', items }, ...words],
    origin: argument('notation'),
  }
}

/** π is a name of the model and the number as well: which of them is meant. */
function circleWords(c: FormulaContext): readonly Block[] {
  const d = c.notation.derivation
  const own = d.model.symbols.find((s) => s.name === 'pi')
  const isCircle = (e: Expr): boolean => e.kind === 'constant' && e.name === 'pi'
  if (own === undefined || !d.lifted.some((f) => some(f.factor.value, isCircle))) return []
  const pi: Formula = { text: 'π', latex: '\\pi' }
  const what = own.kind === 'param' ? 'the parameter' : `the ${own.kind}`
  const hasIndex = own.kind === 'latent' || d.shapes.shape('param', own.name).length > 0
  return own.kind === 'param' && !hasIndex
    ? [
        say`In ${{ text: 'log(2 π)', latex: '\\log(2 \\pi)' }} the letter ${pi} is the number 3.14159…, and not ${what}.`,
      ]
    : [say`Without an index ${pi} is the number 3.14159…, and not ${what}.`]
}

/** Letters of the theory of EM that the model has for something else, as they are written there. */
const THEORY: readonly (readonly [letter: string, written: Formula, meaning: string])[] = [
  ['q', { text: 'q(z)', latex: 'q(z)' }, 'a distribution of the latents'],
  ['H', { text: 'H(q)', latex: 'H(q)' }, 'the entropy of a distribution'],
  ['E', { text: 'E_q[·]', latex: '\\mathrm{E}_q[\\cdot]' }, 'an expectation'],
]

function letterWords(c: FormulaContext): readonly Block[] {
  const names = new Set(c.notation.derivation.model.symbols.flatMap((s) => (s.kind === 'index' ? [] : [s.name])))
  return THEORY.filter(([letter]) => names.has(letter)).map(
    ([letter, written, meaning]) =>
      say`With brackets, as in ${written}, the letter ${{ text: letter, latex: letter }} is not the model's: ${written} is ${meaning}.`,
  )
}

/** "K: constant, 3"; an array or a value that is computed stands in the model. */
function constWords(s: ConstSymbol, c: FormulaContext): Inline {
  const value = s.value.kind === 'number' ? formula({ kind: 'float', value: s.value.value }, [], c) : null
  return value === null
    ? inline`${name(s.name, c)}: constant, as the model gives it`
    : inline`${name(s.name, c)}: constant, ${value}`
}

/** " for n = 1, …, N". */
export function rangesWords(loops: readonly IndexVar[], c: FormulaContext): Inline {
  return loops.flatMap((v, i): Inline => {
    const [letter, from, to] = [idx(v), v.from, v.to].map((e) => formula(e, loops, c))
    const range: Formula = {
      text: `${letter?.text} = ${from?.text}, …, ${to?.text}`,
      latex: `${letter?.latex} = ${from?.latex}, \\ldots, ${to?.latex}`,
    }
    return [i === 0 ? ' for ' : ', ', range]
  })
}

export const loopsOf = (f: LiftedFactor): readonly IndexVar[] => f.factor.loops.map((l) => l.index)
const simple = (e: Expr, c: FormulaContext): Expr => simplify(e, c.notation.facts)

export function modelStep(c: FormulaContext): DerivationStep {
  const d = c.notation.derivation
  const content: Block[] = [say`Each statement gives one log density.`]
  const explained = new Set<string>()
  for (const f of d.lifted) {
    if (f.factor.role === 'evidence') continue
    const loops = loopsOf(f)
    const { span } = f.factor
    content.push({ kind: 'source', text: statementAt(span, c), span })
    const weight = f.factor.loops.flatMap((l) => (l.weight === null ? [] : [formula(l.weight, loops, c)]))
    const density = formula(simple(f.factor.value, c), loops, c)
    const left = f.factor.role === 'prior' ? 'log prior' : 'log density'
    const branch = f.factor.guard.kind === 'literal' ? '' : ', in its branch only'
    const counted = weight.length === 0 ? '' : ', counted as often as its weight says'
    content.push(
      say`${left}${rangesWords(loops, c)}${branch}${counted}:`,
      { kind: 'formula', lines: [{ ...density, from: { span } }] },
      ...tailWords(f, explained),
    )
  }
  for (const g of d.graph.constraints) {
    const terms = add(...g.terms.map((t): Expr => ({ kind: 'ref', space: 'latent', name: t.latent, index: t.index })))
    const loops = g.loops.map((l) => l.index)
    content.push(say`Observed is the sum ${formula(terms, loops, c)} = ${formula(g.total, loops, c)}.`)
  }
  return { id: 'model', kind: 'model', title: ['The model'], content, origin: argument('logDensity') }
}

/** Σ of all log densities, latents as if they were known. */
export function likelihoodStep(c: FormulaContext, latent: boolean): DerivationStep {
  const d = c.notation.derivation
  const lines = d.lifted
    .filter((f) => f.factor.role !== 'evidence')
    .map((f, i) => {
      const weights = f.factor.loops.flatMap((l) => (l.weight === null ? [] : [l.weight]))
      const guarded: Expr =
        f.factor.guard.kind === 'literal'
          ? f.factor.value
          : { kind: 'case', when: f.factor.guard, then: f.factor.value, otherwise: num(0) }
      const whole = loopsOf(f).reduceRight<Expr>((e, l) => sum(l, e), mul(...weights, simple(guarded, c)))
      const shown = formula(whole, [], c)
      return { ...(i === 0 ? shown : continued(shown)), from: { span: f.factor.span } }
    })
  const [first, ...rest] = lines
  const symbol = latent ? 'ℓ_c' : 'ℓ'
  const head: Line = {
    ...first,
    text: `${symbol} = ${first?.text ?? '0'}`,
    latex: `${latent ? '\\ell_c' : '\\ell'} = ${first?.latex ?? '0'}`,
  }
  const prior = d.lifted.some((f) => f.factor.role === 'prior')
  const content: Block[] = [
    latent
      ? say`If the latents were known, the logarithm of everything would be`
      : say`There are no latent variables: the log-likelihood itself is`,
    { kind: 'formula', lines: [head, ...rest] },
  ]
  if (prior)
    content.push(
      say`It includes the log density of the priors: what is maximised is the posterior density of the parameters (MAP).`,
    )
  return {
    id: 'likelihood',
    kind: 'likelihood',
    title: [latent ? 'Complete-data log-likelihood' : 'Log-likelihood'],
    content,
    origin: argument('completeData'),
  }
}

/** Factors whose latents are picked by an index become sums over their values. */
export function liftingStep(c: FormulaContext): DerivationStep | null {
  const d = c.notation.derivation
  const lifted = d.lifted.filter((f) => f.variables.length > 0 && f.factor.role !== 'evidence')
  const f = lifted[0]
  const v = f?.variables[0]
  if (f === undefined || v === undefined) return null
  const loops = loopsOf(f)
  const cell: Expr = { kind: 'ref', space: 'latent', name: v.latent.name, index: v.index }
  const left = formula(simple(f.factor.value, c), loops, c)
  const indicator: Expr = {
    kind: 'case',
    when: { kind: 'compare', operator: '==', left: cell, right: idx(v.value) },
    then: ONE,
    otherwise: num(0),
  }
  const right = formula(
    f.variables.length > 1 ? simple(f.expr, c) : sum(v.value, mul(indicator, simple(f.expr, c))),
    loops,
    c,
  )
  const known = formula(indicator, [...loops, v.value], c)
  const line: Formula = { text: `${left.text} = ${right.text}`, latex: `${left.latex} = ${right.latex}` }
  const content: Block[] =
    f.variables.length > 1
      ? [
          say`A term that reads latents is written as a sum over their values, each with the indicator of that value; the latents then stand in the indicators alone.`,
        ]
      : [
          say`A term that reads a latent is written as a sum over its values. The indicator ${known} picks one of them:`,
          { kind: 'formula', lines: [line] },
          say`All terms are treated so; the latent then stands in the indicators alone, and the expectation of an indicator is a probability.`,
        ]
  return {
    id: 'lifting',
    kind: 'lifting',
    title: ['Latents become indicators'],
    content,
    origin: argument('lifting', f.factor.span),
  }
}

/** Number of free parameters, where it has a formula. */
export function parameterCount(c: FormulaContext): Formula | null {
  const d = c.notation.derivation
  const parts: Expr[] = []
  for (const p of d.params) {
    const shape = d.shapes.shape('param', p.name)
    if (shape.some((e) => some(e, (n) => n.kind === 'index'))) return null
    parts.push(freeNumbers(p, shape))
  }
  const total = add(...parts)
  return literal(total) === null
    ? formula(total, [], c)
    : { text: String(literal(total)), latex: String(literal(total)) }
}

function freeNumbers(p: ParamInfo, shape: readonly Expr[]): Expr {
  const batch = shape.slice(0, shape.length - p.rank)
  const size = shape[shape.length - 1] ?? ONE
  switch (p.support) {
    case 'simplex':
      return mul(...batch, sub(size, ONE))
    case 'covariance':
      return mul(num(1, 2), ...batch, size, add(size, ONE))
    case 'correlation':
      return mul(num(1, 2), ...batch, size, sub(size, ONE))
    default:
      return mul(...shape)
  }
}

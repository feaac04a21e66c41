/** One EM iteration with the user's numbers: params, expectations, each update with the numbers in it, and the bounds. */
import { num, ref } from '../algebra/build.js'
import type { Environment } from '../algebra/evaluate.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { hardLetter, isHard } from './hard-steps.js'
import type { NamedSum } from './named-sums.js'
import { argument, mStepOrigin } from './origins.js'
import { allParams, definition, type FormulaContext, formula, inlineNames } from './print.js'
import { type Block, type DerivationStep, type Formula, inline, type Line, say } from './types.js'
import type { Equation, Update } from './update-types.js'
import { updateContext, updateOf } from './updates.js'
import { assignments, few, MOST, number, numberAt, numberLatex, placed } from './worked-numbers.js'
import { type OfUnit, unitLines, unitsOf, whose } from './worked-units.js'

/** What an iteration gave: θ(t) before it, θ(t+1) after it. */
export interface WorkedIteration {
  /** The posterior at θ(t), with params at θ(t+1): what updates read and give. */
  readonly numbers: PrintedNumbers
  readonly before: readonly WorkedParam[]
  readonly after: readonly WorkedParam[]
  /** Posterior means of scalar latents. */
  readonly expected: ReadonlyMap<string, number>
  readonly objective: number
  readonly elboAfterE: number
  readonly elboAfterM: number
  readonly nextObjective: number
}

/** Makes expressions fit for evaluation, all of them before the first one is evaluated. */
export interface PrintedNumbers {
  /** The expression with a table for each probability and expectation; the indices are those it is free in. */
  place(e: Expr, indices: readonly IndexVar[]): Expr
  values(): Environment
}

/** What stands in a document, with the same fit for evaluation. */
interface Placed<T> {
  readonly shown: T
  readonly left: Expr
  readonly right: Expr
}

interface Worked {
  readonly iteration: WorkedIteration
  readonly units: readonly OfUnit[]
  readonly named: readonly Placed<NamedSum>[]
  readonly updates: readonly { readonly update: Update; readonly equations: readonly Placed<Equation>[] }[]
  readonly values: Environment
}

export interface WorkedParam {
  readonly name: string
  readonly shape: readonly number[]
  readonly values: readonly number[]
}

export function workedSteps(d: Derivation, c: FormulaContext, iteration: WorkedIteration): readonly DerivationStep[] {
  const { numbers } = iteration
  const place = (e: Expr, indices: readonly IndexVar[]): Expr => {
    try {
      return numbers.place(e, indices)
    } catch {
      // nothing gives it: the line is left out
      return e
    }
  }
  const context = updateContext(d, c.notation)
  const named = c.named.map((shown) => {
    const value = place(shown.value, shown.indices)
    return { shown, left: value, right: value }
  })
  const units = unitsOf(d).map((u) => ({ ...u, value: place(u.shown, u.indices) }))
  const updates = d.mStep.steps.map((s) => {
    const update = updateOf(s, context)
    const equations = update.explicit ? update.equations : []
    return {
      update,
      equations: equations.map((shown) => ({
        shown,
        left: place(shown.left, shown.indices),
        right: place(shown.right, shown.indices),
      })),
    }
  })
  const at: Worked = { iteration, units, named, updates, values: numbers.values() }
  const start: DerivationStep = {
    id: 'worked start',
    kind: 'worked',
    title: ['With numbers: the start'],
    content: [
      say`One iteration with the data at hand, from these values, which have the log-likelihood ${number(iteration.objective)}:`,
      ...paramBlocks(iteration.before, c),
    ],
    origin: argument('algorithm'),
  }
  return [
    start,
    ...expectationStep(c, at),
    ...at.updates.map((u) => updateStep(u.update, u.equations, c, at)),
    boundsStep(d, c, iteration),
  ]
}

/** Of one unit, the sums that have names, and the means of scalar latents. */
function expectationStep(c: FormulaContext, at: Worked): readonly DerivationStep[] {
  const lines = [
    ...[...at.iteration.expected].map(([latent, value]): Line => {
      const mean = formula({ kind: 'mean', latent, index: [] }, [], c)
      return { text: `${mean.text} = ${number(value)}`, latex: `${mean.latex} = ${numberLatex(value)}` }
    }),
    ...at.named.flatMap((n) => namedValues(n, c, at)),
  ]
  const units = at.units.flatMap((u) => unitLines(u, c, at.values))
  if (lines.length + units.length === 0) return []
  return [
    {
      id: 'worked e-step',
      kind: 'worked',
      title: ['With numbers: the E-step'],
      content: [
        ...(units.length === 0 ? [] : [say`The posterior at these values gives ${whose(at.units)}`, formulaOf(units)]),
        ...(lines.length === 0
          ? []
          : [say`${units.length === 0 ? 'The posterior at these values gives' : 'and in all'}`, formulaOf(lines)]),
      ],
      origin: argument('expected'),
    },
  ]
}

const formulaOf = (lines: readonly Line[]): Block => ({ kind: 'formula', lines })

/** N_1 = ∑_n r_n1 = 97.1. */
function namedValues({ shown: n, right }: Placed<NamedSum>, c: FormulaContext, at: Worked): readonly Line[] {
  return few(assignments(n.indices, at.values)).flatMap((indices): readonly Line[] => {
    const value = numberAt(right, { ...at.values, indices })
    if (value === null) return []
    const shown = definition({ ...n, value: placed(n.value, n.indices, indices), indices: n.indices }, c)
    const left = leftAt(n, indices, c)
    const sum = cut(shown)[1]
    return [
      {
        text: `${left.text} = ${sum.text} = ${number(value)}`,
        latex: `${left.latex} = ${sum.latex} = ${numberLatex(value)}`,
      },
    ]
  })
}

function leftAt(n: NamedSum, indices: ReadonlyMap<string, number>, c: FormulaContext): Formula {
  const at = n.indices.map((v) => num(indices.get(v.id) ?? 0))
  return formula({ kind: 'ref', space: 'stat', name: n.name, index: at }, [], c)
}

function cut(f: Formula): readonly [Formula, Formula] {
  const halves = (s: string): readonly [string, string] => [s.slice(0, s.indexOf(' = ')), s.slice(s.indexOf(' = ') + 3)]
  const [text, latex] = [halves(f.text), halves(f.latex)]
  return [
    { text: text[0], latex: latex[0] },
    { text: text[1], latex: latex[1] },
  ]
}

function updateStep(
  { step, explicit }: Update,
  equations: readonly Placed<Equation>[],
  c: FormulaContext,
  at: Worked,
): DerivationStep {
  const lines = equations.flatMap((q) => equationLines(q, c, at))
  const content: Block[] =
    lines.length > 0
      ? [{ kind: 'formula', lines }]
      : [
          say`${explicit ? 'Its formula gives' : 'The solution is'}`,
          ...paramBlocks(
            at.iteration.after.filter((p) => step.params.includes(p.name)),
            c,
          ),
        ]
  if (step.exact === 'blockwise')
    content.push(
      say`The blocks that read each other are solved in turn until none of them moves any more; what stands here are the numbers of the last round.`,
    )
  return {
    id: `worked ${step.id}`,
    kind: 'worked',
    title: inline`With numbers: ${inlineNames(step.params, c)}`,
    content,
    origin: mStepOrigin(step, c),
  }
}

/** π_1 = 97.1 / 272 = 0.357, where the formula has the value that was executed. */
function equationLines(
  { shown: q, left: executes, right }: Placed<Equation>,
  c: FormulaContext,
  at: Worked,
): readonly Line[] {
  return few(assignments(q.indices, at.values)).flatMap((indices): readonly Line[] => {
    const env = { ...at.values, indices }
    const [value, executed] = [numberAt(right, env), numberAt(executes, env)]
    if (value === null || executed === null) return []
    // held at an end of its support, or at a floor: the formula is not what it is
    if (Math.abs(value - executed) > 1e-9 * Math.max(1, Math.abs(executed))) return [held(q, indices, executed, c)]
    const left = formula(placed(q.left, q.indices, indices), [], c)
    const inside = withNumbers(right, env)
    const middle = inside === null ? null : multiplied(formula(inside, [], { ...c, named: [] }))
    const same = middle === null || middle.text === number(value) || [...middle.text].length > 70
    return [
      {
        text: `${left.text} = ${same ? '' : `${middle.text} = `}${number(value)}`,
        latex: `${left.latex} = ${same ? '' : `${middle.latex} = `}${numberLatex(value)}`,
      },
    ]
  })
}

function held(q: Equation, indices: ReadonlyMap<string, number>, executed: number, c: FormulaContext): Line {
  const left = formula(placed(q.left, q.indices, indices), [], c)
  return {
    text: `${left.text} = ${number(executed)}, where its support or its floor ends`,
    latex: `${left.latex} = ${numberLatex(executed)}, \\text{ where its support or its floor ends}`,
  }
}

/** Sums and whatever is read, as numbers; null where nothing is left to see. */
function withNumbers(e: Expr, env: Environment): Expr | null {
  if (some(e, (n) => n.kind === 'case' || n.kind === 'inverse')) return null
  const isNumber = (n: Expr): boolean =>
    n.kind === 'sum' || n.kind === 'mean' || n.kind === 'probability' || n.kind === 'ref' || n.kind === 'expect'
  let known = true
  const replace = (x: Expr): Expr => {
    if (!isNumber(x)) return x
    const value = numberAt(x, env)
    const digits = number(Math.abs(value ?? 0))
    if (value === null || digits.includes('e')) known = false
    // a symbol with the number for its name, so that the formula keeps its form
    const symbol = ref('const', digits)
    return value !== null && value < 0 ? { kind: 'mul', factors: [num(-1), symbol] } : symbol
  }
  const shown = outermost(e, isNumber, replace)
  return known && shown.kind !== 'ref' ? shown : null
}

/** Numbers side by side are multiplied. */
const multiplied = (f: Formula): Formula => ({
  text: f.text.replaceAll(/(?<=\d) (?=\d)/g, ' · '),
  latex: f.latex.replaceAll(/(?<=\d) (?=\d)/g, ' \\cdot '),
})

/** Replaces the outermost nodes for which it holds. */
function outermost(e: Expr, holds: (n: Expr) => boolean, replace: (n: Expr) => Expr): Expr {
  if (holds(e)) return replace(e)
  switch (e.kind) {
    case 'add':
      return { ...e, terms: e.terms.map((t) => outermost(t, holds, replace)) }
    case 'mul':
      return { ...e, factors: e.factors.map((f) => outermost(f, holds, replace)) }
    case 'pow':
      return { ...e, base: outermost(e.base, holds, replace) }
    case 'call':
      return { ...e, args: e.args.map((a) => outermost(a, holds, replace)) }
    default:
      return e
  }
}

function boundsStep(d: Derivation, c: FormulaContext, at: WorkedIteration): DerivationStep {
  const all = allParams(c.notation)
  const { text: goal, latex: goalTex } = isHard(d) ? hardLetter(d) : { text: 'log L', latex: '\\log L' }
  // from −∞ the gain of Q is infinite, and says nothing of the bound that it leads to
  const known = Number.isFinite(at.elboAfterM)
  const equal = known ? [at.objective, at.elboAfterE] : [at.objective]
  const higher = known ? [at.elboAfterM, at.nextObjective] : [at.nextObjective]
  const chain = (show: (x: number) => string, sign: string): string =>
    [equal.map(show).join(' = '), ...higher.map(show)].join(sign)
  const line: Line = {
    text: `${goal}(${all.text}_t) = ${chain(number, ' ≤ ')} = ${goal}(${all.text}_{t+1})`,
    latex: `${goalTex}(${all.latex}_t) = ${chain(numberLatex, ' \\leq ')} = ${goalTex}(${all.latex}_{t+1})`,
  }
  return {
    id: 'worked bounds',
    kind: 'worked',
    title: ['With numbers: the rise'],
    content: [
      known
        ? say`The bound after the E-step, after the M-step, and the log-likelihood of the new values:`
        : say`The log-likelihood before the iteration and after it:`,
      { kind: 'formula', lines: [line] },
    ],
    origin: argument('algorithm'),
  }
}

function paramBlocks(params: readonly WorkedParam[], c: FormulaContext): readonly Block[] {
  const lines = params.flatMap((p): readonly Line[] => {
    const length = p.shape.at(-1) ?? 1
    const rows = p.shape.length === 0 ? 1 : p.values.length / Math.max(1, length)
    return Array.from({ length: Math.min(rows, MOST) }, (_, r) => {
      const index = rowIndex(p.shape.slice(0, -1), r)
      const name = formula({ kind: 'ref', space: 'param', name: p.name, index: index.map((i) => num(i)) }, [], c)
      const own = p.values.slice(r * length, (r + 1) * length)
      if (p.shape.length === 0)
        return { text: `${name.text} = ${number(own[0] ?? 0)}`, latex: `${name.latex} = ${numberLatex(own[0] ?? 0)}` }
      const shown = own.slice(0, MOST)
      const more = own.length > MOST
      return {
        text: `${name.text} = (${shown.map(number).join(', ')}${more ? ', …' : ''})`,
        latex: `${name.latex} = (${shown.map(numberLatex).join(', ')}${more ? ', \\ldots' : ''})`,
      }
    })
  })
  return lines.length === 0 ? [] : [{ kind: 'formula', lines }]
}

function rowIndex(shape: readonly number[], row: number): readonly number[] {
  const out: number[] = []
  let rest = row
  for (const extent of [...shape].reverse()) {
    out.unshift((rest % extent) + 1)
    rest = Math.floor(rest / extent)
  }
  return out
}

/** A numerical block of the M-step: value, gradient and Hessian of its part of Q as kernel operations. */
import { caseOf, mul, neg, square } from '../algebra/build.js'
import { type Partial, partials } from '../algebra/differentiate.js'
import { keyOf } from '../algebra/key.js'
import { monomialsToExpr } from '../algebra/monomial.js'
import type { Expr } from '../algebra/types.js'
import type { KernelOp, SizeKey } from '../kernel/types.js'
import { readsOneOf, slopesOf } from '../mstep/slopes.js'
import type { MedianStep, NewtonStep } from '../mstep/types.js'
import { factorSums } from './factor-sums.js'
import type { LoweringContext } from './lowerer.js'
import { lowerMonomials, lowerRowTerm, type MStepLoweringInput, scatter, scatterPartial } from './m-step.js'
import type { NumericBlock } from './program.js'

/** ∂²/∂first ∂second, with what both are summed over. */
interface Second {
  readonly first: Partial
  readonly second: Partial
}

interface Derived {
  readonly first: readonly Partial[]
  readonly second: readonly Second[]
}

/** Where the operations of a part of Q add to. */
interface Target {
  readonly context: LoweringContext
  readonly space: 'table' | 'sum'
  readonly suffix: string
}

/** The part of Q that a numerical block is of. */
type NumericStep = NewtonStep | MedianStep

export function lowerNumericBlock(step: NumericStep, input: MStepLoweringInput): NumericBlock {
  const { lowerer, posterior } = input
  const driver = derivativesOf(monomialsToExpr(step.monomials), step, input)
  const rows = step.rowTerms.map((r) => ({
    term: r,
    pass: input.passOf(r.expr),
    ...derivativesOf(r.expr, step, input),
  }))
  const batch = batchOf(step, [...driver.second, ...rows.flatMap((r) => r.second)], input)
  const onDriver: Target = { context: { vars: new Map(), at: 'trial' }, space: 'table', suffix: '' }
  const overRows: Target = { context: { vars: new Map(), at: 'trial', ...posterior }, space: 'sum', suffix: ' rows' }
  const lowered = (d: Derived, to: Target): { gradient: readonly KernelOp[]; hessian: readonly KernelOp[] } => ({
    gradient: d.first.map((p) => gradientOp(p, to, input)),
    hessian: d.second.map((x) => hessianOp(x, batch, to, input)),
  })
  const passes = [...new Set(rows.map((r) => r.pass))]
  return {
    step: step.id,
    params: step.params,
    batch,
    value: lowerMonomials(step.monomials, `q ${step.id}`, lowerer),
    ...lowered(driver, onDriver),
    rows: passes.map((pass) => {
      const own = rows.filter((r) => r.pass === pass)
      const parts = own.map((r) => lowered(r, overRows))
      return {
        pass,
        value: own.map((r) => lowerRowTerm(r.term, `q rows ${step.id}`, lowerer, posterior)),
        gradient: parts.flatMap((x) => x.gradient),
        hessian: parts.flatMap((x) => x.hessian),
      }
    }),
  }
}

/** Partial derivatives; of the second ones those of two params in the order of the block, the others being the same. */
function derivativesOf(e: Expr, step: NumericStep, input: MStepLoweringInput): Derived {
  const names = new Set(step.params)
  const first = slopesOf(e, names, input.rename)
  const squares = step.kind === 'newton' ? step.squaredSlopes : undefined
  if (squares !== undefined)
    return {
      first,
      second: first.map((p) => ({
        first: p,
        second: { ...p, loops: [], value: neg(ofSquares(p.value, squares.weights)) },
      })),
    }
  const place = (name: string): number => step.params.indexOf(name)
  const second = first.flatMap((p) =>
    partials(p.value, readsOneOf(names), input.rename)
      .filter((q) => place(p.name) <= place(q.name))
      .map((q) => ({ first: p, second: q })),
  )
  return { first, second }
}

/** A slope with what each record adds to it squared: probabilities and weights count records, and stay. */
function ofSquares(e: Expr, weights: ReadonlySet<string>): Expr {
  const counts = (f: Expr): boolean =>
    f.kind === 'probability' || (f.kind === 'ref' && f.space === 'data' && weights.has(f.name))
  switch (e.kind) {
    case 'sum':
      return { ...e, body: ofSquares(e.body, weights) }
    case 'mul':
      return mul(...e.factors.map((f) => (counts(f) ? f : square(f))))
    default:
      return counts(e) ? e : square(e)
  }
}

function gradientOp(p: Partial, to: Target, input: MStepLoweringInput): KernelOp {
  const { lowerer } = input
  const shape = input.paramShape(p.name)
  const id = lowerer.buffer({ id: `grad${to.suffix} ${p.name}`, space: to.space, type: 'f64', shape })
  return factored(scatterPartial(id, p, p.at, lowerer, to.context), lowerer)
}

function factored(op: KernelOp, { buffers }: MStepLoweringInput['lowerer']): KernelOp {
  return factorSums(op, (id) => buffers.get(id)?.rows !== undefined)
}

function hessianOp(
  { first, second }: Second,
  batch: ReadonlyMap<string, number> | null,
  to: Target,
  input: MStepLoweringInput,
): KernelOp {
  const { lowerer } = input
  const [at, shape] = hessianPlace(first, second, batch, input)
  const id = lowerer.buffer({
    id: `hess${to.suffix} ${first.name}|${second.name}`,
    space: to.space,
    type: 'f64',
    shape,
  })
  const value = caseOf(first.guard, caseOf(second.guard, second.value))
  const loops = [...first.loops, ...second.loops]
  return factored(scatter(id, { loops, guards: [], at, value }, at, lowerer, to.context), lowerer)
}

/** [batch, the rest of the first param's index, the rest of the second's]. */
function hessianPlace(
  first: Partial,
  second: Partial,
  batch: ReadonlyMap<string, number> | null,
  input: MStepLoweringInput,
): readonly [readonly Expr[], readonly SizeKey[]] {
  const [a, b] = [batch?.get(first.name), batch?.get(second.name)]
  const own = <T>(xs: readonly T[], drop: number | undefined): readonly T[] => xs.filter((_, i) => i !== drop)
  const [of, by] = [input.paramShape(first.name), input.paramShape(second.name)]
  const common = a === undefined ? [] : first.at.slice(a, a + 1)
  const extent = a === undefined ? [] : of.slice(a, a + 1)
  return [
    [...common, ...own(first.at, a), ...own(second.at, b)],
    [...extent, ...own(of, a), ...own(by, b)],
  ]
}

/**
 * The position of each param's index that is the same in every second derivative: Q is a sum over its values, and its
 * Hessian has a block for each. null where there is none.
 */
function batchOf(
  step: NumericStep,
  seconds: readonly Second[],
  input: MStepLoweringInput,
): ReadonlyMap<string, number> | null {
  const [first, ...others] = step.params
  if (first === undefined) return null
  const shapes = new Map(step.params.map((p) => [p, input.paramShape(p)]))
  const same = (p: string, i: number, q: string, j: number): boolean =>
    shapes.get(p)?.[i] === shapes.get(q)?.[j] &&
    seconds
      .filter((x) => x.first.name === p && x.second.name === q)
      .every((x) => {
        const [a, b] = [x.first.at[i], x.second.at[j]]
        return a !== undefined && b !== undefined && keyOf(a) === keyOf(b)
      })
  const leads = (p: string): readonly number[] =>
    Array.from({ length: Math.max(0, (shapes.get(p)?.length ?? 0) - input.coreRank(p)) }, (_, i) => i)
  for (const i of leads(first)) {
    if (!same(first, i, first, i)) continue
    const found = new Map([[first, i]])
    for (const q of others) {
      const j = leads(q).find((x) => same(q, x, q, x) && [...found].every(([p, y]) => same(p, y, q, x)))
      if (j !== undefined) found.set(q, j)
    }
    if (found.size === step.params.length) return found
  }
  return null
}

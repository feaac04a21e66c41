/** Scales and covariances: a logarithm with a power, a log determinant with a trace. */
import { add, idx, log, mul, num, pow, ref, sum, ZERO } from '../algebra/build.js'
import { toNumber } from '../algebra/rational.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { rewrite, substituteIndex } from '../algebra/visit.js'
import type { GeneralisedGammaStep, MatrixStep } from '../mstep/types.js'
import { compact, recollected } from './compact.js'
import { type Target, targetsOf } from './elements.js'
import { ratio, termsOf, whereRead } from './ratio.js'
import { simplify } from './simplify.js'
import { toldApart } from './told-apart.js'
import type { Equation, Update, UpdateContext } from './update-types.js'

const negative = (e: Expr): Expr => mul(num(-1), e)

/** A log u + B u^a. */
export function powerUpdate(step: GeneralisedGammaStep, c: UpdateContext): Update {
  const name = step.params[0] ?? ''
  const power = toNumber(step.power)
  const lists = recollected(new Set([name]), c, (kind, p) =>
    step.link === 'exp'
      ? kind === 'power' && p === 1
        ? 'logs'
        : kind === 'exp'
          ? 'powers'
          : null
      : kind === 'log'
        ? 'logs'
        : kind === 'power'
          ? 'powers'
          : null,
  )
  const targets = toldApart([...step.logs, ...step.powers], c)
  const made = targets.map((t) => {
    const own = ref('param', name, t.at)
    const u: Expr = step.link === 'exp' ? { kind: 'call', fn: 'exp', args: [own] } : own
    const a = compact(step.logs, lists?.get('logs') ?? null, t, c)
    const b = compact(step.powers, lists?.get('powers') ?? null, t, c)
    const logU = step.link === 'exp' ? own : log(u)
    // u^|p| = −A/(p B), upside down where p < 0
    const base = power < 0 ? ratio(mul(num(-power), b), a) : ratio(negative(a), mul(num(power), b))
    const size = Math.abs(power)
    const solved: Expr =
      size === 1 ? base : { kind: 'pow', base, exponent: { n: step.power.d, d: Math.abs(step.power.n) } }
    const condition =
      step.link === 'exp'
        ? add(a, mul(num(step.power.n, step.power.d), b, pow(u, step.power)))
        : add(
            ratio(a, u),
            mul(num(step.power.n, step.power.d), b, pow(u, { n: step.power.n - step.power.d, d: step.power.d })),
          )
    return {
      objective: { term: add(mul(a, logU), mul(b, pow(u, step.power))), indices: t.indices },
      condition: { left: condition, right: ZERO, indices: t.indices, over: [] },
      equation: {
        left: own,
        right: whereRead(step.link === 'exp' ? log(solved) : solved, a, b, ref('pivot', name, t.at)),
        indices: t.indices,
        over: [],
      },
    }
  })
  return {
    step,
    objective: made.map((m) => m.objective),
    conditions: made.map((m) => m.condition),
    equations: made.map((m) => m.equation),
    multipliers: [],
    explicit: true,
  }
}

/** A log|S| + tr(B S⁻¹), or with S. */
export function matrixUpdate(step: MatrixStep, c: UpdateContext): Update {
  const name = step.params[0] ?? ''
  const inverse = step.kind === 'inverse-wishart'
  const lists = recollected(new Set([name]), c, (kind) =>
    kind === 'logdet' ? 'logdets' : kind === 'inverse' || kind === 'power' ? 'traces' : null,
  )
  const targets = targetsOf(step.traces, c.rename)
  const made = targets.map((t) => {
    const batch: Target = { at: t.at.slice(0, -2), indices: t.indices.slice(0, -2) }
    const a = compact(step.logdets, lists?.get('logdets') ?? null, batch, c)
    const raw = compact(step.traces, lists?.get('traces') ?? null, t, c)
    const [i, j] = t.indices.slice(-2)
    if (i === undefined || j === undefined) throw new Error(`the matrix ${name} has no row and column`)
    const b = simplify(symmetrised(raw, i, j), c.notation.facts)
    const left = ref('param', name, t.at)
    const of = { row: i, column: j, element: left }
    const own: Expr = inverse ? { kind: 'inverse', of, row: idx(i), column: idx(j) } : left
    const over = [i.id, j.id]
    const trace = sum(i, sum(j, mul(b, inverse ? { kind: 'inverse', of, row: idx(j), column: idx(i) } : own)))
    const condition: Equation = inverse
      ? { left: add(mul(negative(a), left), b), right: ZERO, indices: t.indices, over }
      : {
          left: add(mul(a, { kind: 'inverse', of, row: idx(i), column: idx(j) }), b),
          right: ZERO,
          indices: t.indices,
          over,
        }
    const equation: Equation = inverse
      ? { left, right: ratio(b, a), indices: t.indices, over }
      : {
          left,
          right: {
            kind: 'inverse',
            of: { row: i, column: j, element: ratio(negative(b), a) },
            row: idx(i),
            column: idx(j),
          },
          indices: t.indices,
          over,
        }
    return {
      objective: { term: add(mul(a, { kind: 'logdet', of }), trace), indices: batch.indices },
      condition,
      equation,
    }
  })
  return {
    step,
    objective: made.map((m) => m.objective),
    conditions: made.map((m) => m.condition),
    equations: made.map((m) => m.equation),
    multipliers: [],
    explicit: true,
  }
}

/** ½ (B + Bᵀ): only this part of B meets a symmetric matrix. A constant matrix given as a covariance is symmetric. */
function symmetrised(b: Expr, i: IndexVar, j: IndexVar): Expr {
  const sorted = rewrite(b, (n) => {
    if (n.kind !== 'ref' || n.space !== 'const' || n.index.length < 2) return n
    const [row, column] = n.index.slice(-2)
    return row?.kind === 'index' && column?.kind === 'index' && row.var === j.id && column.var === i.id
      ? { ...n, index: [...n.index.slice(0, -2), column, row] }
      : n
  })
  const swapped = rewrite(
    substituteIndex(
      sorted,
      new Map([
        [i.id, idx(j)],
        [j.id, idx(i)],
      ]),
    ),
    (n) =>
      n.kind === 'ref' && n.space === 'const' && n.index.length >= 2
        ? { ...n, index: [...n.index.slice(0, -2), ...n.index.slice(-2).reverse()] }
        : n,
  )
  return add(...[...termsOf(sorted), ...termsOf(swapped)].map((t) => mul(num(1, 2), t)))
}

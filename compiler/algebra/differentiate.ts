/**
 * Derivatives in index notation. The derivative with respect to an array is a list of contributions: for each place
 * where the array is read, the partial derivative by that element, with the loops it is summed over (reverse mode,
 * symbolically; Laue, Mitterreiter and Giesen 2018). No differences are taken anywhere.
 */
import {
  add,
  bothOf,
  call,
  caseOf,
  div,
  exp,
  idx,
  inverse,
  isZero,
  mul,
  neg,
  notOf,
  num,
  ONE,
  pow,
  square,
  sub,
  TRUE,
  ZERO,
} from './build.js'
import { expectation } from './expectation.js'
import { addRational } from './rational.js'
import type { Expr, Guard, IndexVar, MatrixRef } from './types.js'
import { children, rewrite, substituteIndex } from './visit.js'

/** ∂e/∂array[at] += value, summed over loops where the guard holds. */
export interface Partial {
  readonly name: string
  readonly at: readonly Expr[]
  readonly loops: readonly IndexVar[]
  readonly guard: Guard
  readonly value: Expr
}

/** Thrown where a function has no derivative rule. */
export class NotDifferentiable extends Error {}

type Target = (e: Extract<Expr, { kind: 'ref' }>) => boolean

/** Partial derivatives of e by every element of the target arrays that it reads. */
export function partials(e: Expr, isTarget: Target, rename: (v: IndexVar) => IndexVar): readonly Partial[] {
  const out: Partial[] = []
  const reading = new WeakMap<Expr, boolean>()
  const has = (x: Expr): boolean => {
    const known = reading.get(x)
    if (known !== undefined) return known
    const own = (x.kind === 'ref' && isTarget(x)) || children(x).some(has)
    reading.set(x, own)
    return own
  }
  const visit = (x: Expr, adjoint: Expr, loops: readonly IndexVar[], guard: Guard): void => {
    if (isZero(adjoint) || !has(x)) return
    switch (x.kind) {
      case 'ref':
        out.push({ name: x.name, at: x.index, loops, guard, value: adjoint })
        return
      case 'add':
        for (const t of x.terms) visit(t, adjoint, loops, guard)
        return
      case 'mul':
        x.factors.forEach((f, i) => {
          if (has(f)) visit(f, mul(adjoint, ...x.factors.filter((_, j) => j !== i)), loops, guard)
        })
        return
      case 'pow': {
        const lower = addRational(x.exponent, { n: -1, d: 1 })
        if (lower === null) throw new NotDifferentiable('exponent does not fit')
        visit(x.base, mul(adjoint, { kind: 'num', value: x.exponent }, pow(x.base, lower)), loops, guard)
        return
      }
      case 'sum': {
        const index = rename(x.index)
        visit(substituteIndex(x.body, new Map([[x.index.id, idx(index)]])), adjoint, [...loops, index], guard)
        return
      }
      case 'case':
        visit(x.then, adjoint, loops, bothOf(guard, x.when))
        visit(x.otherwise, adjoint, loops, bothOf(guard, notOf(x.when)))
        return
      case 'call': {
        const exponent = summedExponent(x)
        if (exponent !== null) {
          // ∂ log Σ_j e^{z_j} = Σ_j e^{z_j − log Σ} ∂z_j: a softmax, which neither overflows nor underflows
          const index = rename(exponent.index)
          const z = substituteIndex(exponent.of, new Map([[exponent.index.id, idx(index)]]))
          visit(z, mul(adjoint, exp(sub(z, x))), [...loops, index], guard)
          return
        }
        x.args.forEach((a, i) => {
          if (has(a)) visit(a, mul(adjoint, derivativeOfCall(x, i)), loops, guard)
        })
        return
      }
      case 'logdet': {
        // ∂ log|A| = Σ_ij (A⁻¹)_ji ∂A_ij  (Petersen and Pedersen 2012, eq. 43)
        const m = fresh(x.of, rename)
        visit(m.element, mul(adjoint, inverse(x.of, idx(m.column), idx(m.row))), [...loops, m.row, m.column], guard)
        return
      }
      case 'inverse': {
        // ∂(A⁻¹)_rc = −Σ_ij (A⁻¹)_ri ∂A_ij (A⁻¹)_jc  (Petersen and Pedersen 2012, eq. 59)
        const m = fresh(x.of, rename)
        visit(
          m.element,
          mul(num(-1), adjoint, inverse(x.of, x.row, idx(m.row)), inverse(x.of, idx(m.column), x.column)),
          [...loops, m.row, m.column],
          guard,
        )
        return
      }
      case 'expect':
        // q is fixed: the derivative goes inside
        for (const p of partials(x.body, isTarget, rename))
          out.push({
            ...p,
            loops: [...loops, ...p.loops],
            guard: bothOf(guard, p.guard),
            value: mul(adjoint, expectation(x.of, p.value)),
          })
        return
      default:
        return
    }
  }
  visit(e, ONE, [], TRUE)
  return out
}

/** z and its index of log Σ e^z, else null. */
function summedExponent(e: Extract<Expr, { kind: 'call' }>): { readonly index: IndexVar; readonly of: Expr } | null {
  const [arg] = e.args
  if (e.fn !== 'log' || arg?.kind !== 'sum' || arg.body.kind !== 'call' || arg.body.fn !== 'exp') return null
  const [of] = arg.body.args
  return of === undefined ? null : { index: arg.index, of }
}

function fresh(m: MatrixRef, rename: (v: IndexVar) => IndexVar): MatrixRef {
  const row = rename(m.row)
  const column = rename(m.column)
  return {
    row,
    column,
    element: substituteIndex(
      m.element,
      new Map([
        [m.row.id, idx(row)],
        [m.column.id, idx(column)],
      ]),
    ),
  }
}

function derivativeOfCall(e: Extract<Expr, { kind: 'call' }>, position: number): Expr {
  const a = e.args[0] ?? ZERO
  const b = e.args[1] ?? ZERO
  switch (e.fn) {
    case 'exp':
      return e
    case 'log':
      return pow(a, -1)
    case 'log1p':
      return pow(add(ONE, a), -1)
    case 'expm1':
      return exp(a)
    case 'sqrt':
      return mul(num(1, 2), pow(a, { n: -1, d: 2 }))
    case 'lgamma':
      return call('digamma', a)
    case 'digamma':
      return call('trigamma', a)
    case 'logistic':
      return mul(e, sub(ONE, e))
    case 'logit':
      return pow(mul(a, sub(ONE, a)), -1)
    case 'Phi':
      return mul(exp(mul(num(-1, 2), square(a))), pow(mul(num(2), { kind: 'constant', name: 'pi' }), { n: -1, d: 2 }))
    case 'abs':
      return caseOf({ kind: 'compare', operator: '<', left: a, right: ZERO }, num(-1), ONE)
    case 'cos':
      return neg(call('sin', a))
    case 'sin':
      return call('cos', a)
    case 'atan':
      return pow(add(ONE, square(a)), -1)
    case 'logBesselI0e':
      // for x ≥ 0
      return sub(call('besselRatio', a), ONE)
    case 'besselRatio':
      return call('besselRatioSlope', a)
    case 'logLogistic':
      return call('logistic', neg(a))
    case 'besselI0':
      return call('besselI1', a)
    case 'besselI1':
      return sub(call('besselI0', a), div(e, a))
    case 'lgammaDelta':
      return position === 0 ? call('digammaDelta', a, b) : call('digamma', add(a, b))
    case 'digammaDelta':
      return position === 0 ? sub(call('trigamma', add(a, b)), call('trigamma', a)) : call('trigamma', add(a, b))
    case 'logPhi':
      return call('inverseMills', a)
    case 'inverseMills':
      return neg(mul(e, add(a, e)))
    case 'logPhiBetween':
      return position === 0 ? neg(exp(sub(logNormalDensity(a), e))) : exp(sub(logNormalDensity(b), e))
    case 'log1pexp':
      return call('logistic', a)
    case 'log1mexp':
      return neg(pow(call('expm1', neg(a)), -1))
    case 'logGammaP':
    case 'logGammaQ': {
      // ∂P/∂x = x^(a − 1) e^−x / Γ(a) = −∂Q/∂x  (DLMF 8.8.13)
      if (position === 0)
        throw new NotDifferentiable(`the incomplete gamma function has no derivative rule in its shape`)
      const slope = exp(sub(add(mul(sub(a, ONE), call('log', b)), neg(b), neg(call('lgamma', a))), e))
      return e.fn === 'logGammaP' ? slope : neg(slope)
    }
    case 'logBetaI': {
      // ∂I_x(a, b)/∂x = x^(a − 1) (1 − x)^(b − 1) / B(a, b)  (DLMF 8.17.1)
      if (position < 2) throw new NotDifferentiable(`the incomplete beta function has no derivative rule in its shapes`)
      const x = e.args[2] ?? ZERO
      const logBeta = sub(call('lgamma', a), call('lgammaDelta', b, a))
      const powers = add(mul(sub(a, ONE), call('log', x)), mul(sub(b, ONE), call('log1p', neg(x))))
      return exp(sub(sub(powers, logBeta), e))
    }
    case 'logStudentCdf':
      if (position === 0)
        throw new NotDifferentiable(`Student's distribution function has no derivative rule in its degrees of freedom`)
      return exp(sub(logStudentDensity(a, b), e))
    case 'logVonMisesArc': {
      if (position === 0) throw new NotDifferentiable('an arc of a circle has no derivative rule in the concentration')
      const end = exp(sub(logAngleDensity(a, e.args[position] ?? ZERO), e))
      return position === 1 ? neg(end) : end
    }
    case 'power':
      return position === 0 ? mul(b, call('power', a, sub(b, ONE))) : mul(e, call('log', a))
    case 'min':
    case 'max': {
      const first: Guard = { kind: 'compare', operator: e.fn === 'min' ? '<=' : '>=', left: a, right: b }
      return caseOf(position === 0 ? first : notOf(first), ONE, ZERO)
    }
    case 'round':
    case 'floor':
    case 'ceil':
      return ZERO
    case 'trigamma':
    case 'besselRatioSlope':
    case 'mod':
      throw new NotDifferentiable(`${e.fn} has no derivative rule`)
  }
}

/** log φ(x). */
const logNormalDensity = (x: Expr): Expr =>
  mul(num(-1, 2), add(square(x), call('log', mul(num(2), { kind: 'constant', name: 'pi' }))))

/** log p(t) of Student's t: Johnson, Kotz, Balakrishnan (1995), Continuous Univariate Distributions 2, equation 28.2. */
const logStudentDensity = (df: Expr, t: Expr): Expr =>
  add(
    call('lgammaDelta', div(df, num(2)), num(1, 2)),
    mul(num(-1, 2), call('log', mul({ kind: 'constant', name: 'pi' }, df))),
    mul(num(-1, 2), add(df, ONE), call('log1p', div(square(t), df))),
  )

/** log p(t) of a von Mises angle around 0: Mardia, Jupp (2000), Directional Statistics, equation 3.5.17. */
const logAngleDensity = (concentration: Expr, t: Expr): Expr =>
  sub(
    mul(num(-2), concentration, square(call('sin', mul(num(1, 2), t)))),
    add(call('log', mul(num(2), { kind: 'constant', name: 'pi' })), call('logBesselI0e', concentration)),
  )

/** d e / d s for a scalar symbol (an index variable used as one). */
export function derivativeByScalar(e: Expr, symbol: string): Expr {
  const asRef = rewrite(e, (n) =>
    n.kind === 'index' && n.var === symbol ? { kind: 'ref', space: 'table', name: symbol, index: [] } : n,
  )
  const ps = partials(asRef, (r) => r.space === 'table' && r.name === symbol, freshIn(asRef))
  const total = add(
    ...ps.map((p) =>
      p.loops.reduceRight<Expr>((body, l) => ({ kind: 'sum', index: l, body }), caseOf(p.guard, p.value)),
    ),
  )
  return rewrite(total, (n) =>
    n.kind === 'ref' && n.space === 'table' && n.name === symbol ? { kind: 'index', var: symbol, name: symbol } : n,
  )
}

/** Names for bound variables that the expression does not have yet: a derivative of a derivative binds them twice. */
function freshIn(e: Expr): (v: IndexVar) => IndexVar {
  const taken = new Set<string>()
  const visit = (x: Expr): void => {
    if (x.kind === 'index') taken.add(x.var)
    else if (x.kind === 'sum') taken.add(x.index.id)
    else if (x.kind === 'inverse' || x.kind === 'logdet') taken.add(x.of.row.id).add(x.of.column.id)
    for (const c of children(x)) visit(c)
  }
  visit(e)
  return (v) => {
    let id = v.id
    while (taken.has(id)) id = `${id}'`
    taken.add(id)
    return { ...v, id }
  }
}

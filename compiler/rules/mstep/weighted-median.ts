import { literal, splitCoefficient } from '../../algebra/build.js'
import { keyOf } from '../../algebra/key.js'
import type { Expr } from '../../algebra/types.js'
import { collectNodes, guardChildren, substituteIndex } from '../../algebra/visit.js'
import { isFirst, readsParam } from '../../mstep/atoms.js'
import { paramsOf } from '../../mstep/statistics.js'
import type { MedianStep } from '../../mstep/types.js'
import { onlyParam } from './single.js'
import type { Block, MStepRule } from './types.js'

type Ref = Extract<Expr, { kind: 'ref' }>

/**
 * Q is −Σ w |e − u| in each element, with weights w ≥ 0: concave and piecewise linear, with a kink at each e. No derivative
 * vanishes at its maximum, which is where the slope changes its sign: a weighted median of the e. It is found by halving an
 * interval on the sign of the slope, down to one float, and so exactly.
 */
export const weightedMedian: MStepRule = {
  id: 'weighted-median',
  statement:
    'Q is −Σ w |e − u| with w ≥ 0 in each element u: it has its maximum at a weighted median of e, where the slope Σ w sign(e − u) changes its sign; a scale that all terms of an element share cancels',
  citation:
    'Koenker (2005), Quantile Regression, section 1.3; Phillips (2002), Least absolute deviations estimation via the EM algorithm, Statistics and Computing 12',
  apply(block) {
    const declines = (reason: string) => ({ kind: 'declines', reason }) as const
    const p = onlyParam(block)
    if (p === null) return declines('the block has several params')
    if (p.rank > 0 || p.support === 'discrete') return declines('the param is not a number')
    if (block.rowTerms.length === 0) return declines('it is in no absolute value over the rows')
    const names = new Set([p.name])
    const scales = new Set<string>()
    for (const expr of [...block.rowTerms.map((r) => r.expr), ...block.terms.map(asExpr)]) {
      const found = absoluteOf(expr, names, block)
      if (typeof found === 'string') return declines(found)
      scales.add(found.scale ?? ' ')
    }
    const shared = scales.size === 1 && !scales.has(' ')
    const reads = shared ? [] : [...new Set(block.rowTerms.flatMap((r) => r.params).filter((name) => name !== p.name))]
    const step: MedianStep = {
      kind: 'median',
      id: p.name,
      params: [p.name],
      rule: 'weighted-median',
      closedForm: true,
      exact: 'joint',
      declined: [],
      dependsOn: reads,
      family: 'Laplace',
      monomials: block.terms.map((t) => t.monomial),
      rowTerms: block.rowTerms,
    }
    return { kind: 'applies', candidate: { reads, step } }
  },
}

const asExpr = (t: Block['terms'][number]): Expr => ({
  kind: 'mul',
  factors: [
    t.monomial.coefficient,
    ...t.monomial.atoms.map(
      (a): Expr => (isFirst(a.power) ? a.base : { kind: 'pow', base: a.base, exponent: a.power }),
    ),
  ],
})

/** One absolute value of something affine in one element of the param, times a weight ≤ 0; else why not. */
function absoluteOf(expr: Expr, names: ReadonlySet<string>, block: Block): { readonly scale: string | null } | string {
  let body = expr
  while (body.kind === 'sum' || body.kind === 'case') {
    if (body.kind === 'case') {
      if (guardChildren(body.when).some((r) => readsParam(r, names)) || literal(body.otherwise) !== 0)
        return 'a condition reads it'
      body = body.then
    } else body = body.body
  }
  const factors = body.kind === 'mul' ? body.factors : [body]
  const own = factors.filter((f) => readsParam(f, names))
  const [abs] = own
  if (own.length !== 1 || abs?.kind !== 'call' || abs.fn !== 'abs' || abs.args[0] === undefined)
    return 'Q is not a sum of absolute values of it'
  if (paramsOf(abs.args[0]).some((name) => !names.has(name)))
    return 'an absolute value reads another param too: their maximum is a joint one, and moving one at a time can stop before it'
  const element = affineElement(abs.args[0], names)
  if (element === null) return 'an absolute value is not of a number less one element of it'
  const others = factors.filter((f) => f !== abs)
  const signs = others.map((f) => signOf(f, block))
  if (signs.includes(0)) return 'the sign of a weight is not known'
  if (signs.reduce((s, x) => s * x, 1) > 0) return 'Q rises with an absolute value'
  return { scale: scaleKey(others, element) }
}

/** The element u of c + u or c − u, c free of the param. */
function affineElement(e: Expr, names: ReadonlySet<string>): Ref | null {
  const terms = e.kind === 'add' ? e.terms : [e]
  const own = terms.filter((t) => readsParam(t, names))
  const [term] = own
  if (own.length !== 1 || term === undefined) return null
  const { coefficient, rest } = splitCoefficient(term)
  const c = literal(coefficient)
  return rest?.kind === 'ref' && rest.space === 'param' && (c === 1 || c === -1) ? rest : null
}

function signOf(e: Expr, block: Block): number {
  const value = literal(e)
  if (value !== null) return value < 0 ? -1 : 1
  if (e.kind === 'probability' || e.kind === 'mean') return 1
  return block.isNonnegative(e) ? 1 : 0
}

/** Factors that read other params, with the element's indices by position; null where they read other indices. */
function scaleKey(others: readonly Expr[], element: Ref): string | null {
  const scales = others.filter((f) => paramsOf(f).length > 0)
  const by = new Map(element.index.map((e, i) => [keyOf(e), `@${i}`]))
  const keys = scales.map((f) => {
    const refs = collectNodes(f, (n) => n.kind === 'ref' && n.space === 'param')
    if (!refs.every((r) => r.kind === 'ref' && r.index.every((i) => literal(i) !== null || by.has(keyOf(i)))))
      return null
    const named = new Map<string, Expr>(
      element.index.flatMap((e, i) =>
        e.kind === 'index' ? [[e.var, { kind: 'index', var: `@${i}`, name: `@${i}` } as const] as const] : [],
      ),
    )
    return keyOf(substituteIndex(f, named))
  })
  return keys.some((k) => k === null) ? null : keys.sort().join(' ')
}

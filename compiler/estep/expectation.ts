/**
 * E_q of what Q demands, as expressions over the tables of a block: for a Normal posterior with mean m and covariance V
 * E[f] = f(m) and E[f·g] = f(m)·g(m) + aᵀVb for affine f and g with slopes a and b, so that a square of residuals is
 * taken about the mean and never as a difference of raw moments.
 */
import { add, caseOf, compare, div, idx, mul, ONE, sub, sum, ZERO } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar, Indicator } from '../algebra/types.js'
import { collectNodes, rewrite } from '../algebra/visit.js'
import type { ContinuousLatent } from '../graph/types.js'
import { expectAcross } from './across.js'
import { scopeAt } from './block-layout.js'
import { ConjugateMoments } from './conjugate-moments.js'
import { GaussianMoments } from './gaussian-moments.js'
import { MatrixScaledMoments } from './matrix-scaled-moments.js'
import { atDatum, axesOf, isCell, type MomentOptions } from './moments.js'
import { nodeExpectation } from './node-moments.js'
import { naturalOf } from './posterior-numbers.js'
import { pairOf, ScaledMoments } from './scaled-moments.js'
import { matrixOfSpread } from './spread.js'
import type { ConjugateBlock, ContinuousBlock, EStepPlan } from './types.js'

type Expectation = Extract<Expr, { kind: 'expect' }>
export interface ExpectationOptions extends MomentOptions {
  readonly plan: Pick<EStepPlan, 'blocks' | 'factorised'>
}

export function expandExpectation(e: Expectation, options: ExpectationOptions): Expr {
  const apart = takenApart(e, options)
  if (apart !== null) return rewrite(apart, (n) => (n.kind === 'expect' ? expandExpectation(n, options) : n))
  const [first] = collectNodes(e.body, isCell)
  if (first?.kind !== 'ref') throw new Error('an expectation of nothing latent')
  const block = blockOf(first.name, options.plan)
  return expectationIn(block, first.index.slice(0, block.loops.length), e.of, e.body, options)
}

/** Where q is factorised, an expectation over several of its factors as products of expectations over one; else null. */
function takenApart(e: Expectation, { plan, collecting }: ExpectationOptions): Expr | null {
  if (plan.factorised === null) return null
  const holder = new Map(plan.factorised.factors.flatMap((f) => f.latents.map((l) => [l, f.id] as const)))
  const factorOf = (latent: string): string => holder.get(latent) ?? latent
  const read = [
    ...e.of.map((i) => i.latent),
    ...collectNodes(e.body, isCell).flatMap((n) => (isCell(n) ? [n.name] : [])),
  ]
  if (new Set(read.map(factorOf)).size < 2) return null
  return expectAcross(e.body, e.of, { factorOf, own: null, collecting })
}

/**
 * Σ over the values of the scope that the demand leaves open of P(values) · E[body | values]. The body may read the
 * discrete latents of the scope.
 *
 * @param row the row of the block
 * @param of values of discrete latents that the demand gives
 */
export function expectationIn(
  block: ContinuousBlock,
  row: readonly Expr[],
  of: readonly Indicator[],
  body: Expr,
  options: Pick<ExpectationOptions, 'collecting' | 'numbers'>,
): Expr {
  const { collecting } = options
  const open: Indicator[] = []
  const loops: IndexVar[] = []
  const known = new Map<string, Expr>()
  const values = block.scope.map((s): Expr => {
    const index = scopeAt(block, s, row)
    const key = index.map(keyOf).join(',')
    const given = of.find((i) => i.latent === s.latent.name && i.index.map(keyOf).join(',') === key)
    const v = collecting.rename(s.value)
    const value = given?.value ?? idx(v)
    if (given === undefined) {
      loops.push(v)
      open.push({ latent: s.latent.name, index, value })
    }
    known.set(`${s.latent.name}[${key}]`, value)
    return value
  })
  const read = rewrite(body, (n) => (isCell(n) ? (known.get(`${n.name}[${n.index.map(keyOf).join(',')}]`) ?? n) : n))
  const given = momentOf(block, row, values, read, options)
  const all = [...of, ...open]
  const weighted: Expr = all.length === 0 ? given : mul({ kind: 'probability', of: all }, given)
  return loops.reduceRight<Expr>((inner, v) => sum(v, inner), weighted)
}

/** E[e | values] at a row of a block, with values in place of the discrete latents. */
export function momentOf(
  block: ContinuousBlock,
  row: readonly Expr[],
  values: readonly Expr[],
  e: Expr,
  options: MomentOptions,
): Expr {
  const pair = block.kind === 'nodes' ? null : pairOf(block)
  if (pair !== null) {
    const Joint = matrixOfSpread(pair.spread) === null ? ScaledMoments : MatrixScaledMoments
    return new Joint(pair, row, values, options).of(e)
  }
  switch (block.kind) {
    case 'gaussian':
      return new GaussianMoments(block, row, values, options).of(e)
    case 'conjugate':
      return new ConjugateMoments(block, row, values, options).of(e)
    case 'nodes':
      return nodeExpectation(block, row, values, e, options)
  }
}

/** E_q as it is reported: of a latent that exists in some branches only, given that it does. */
export function reportedExpectation(
  block: ContinuousBlock,
  latent: ContinuousLatent,
  row: readonly Expr[],
  body: Expr,
  options: Pick<ExpectationOptions, 'collecting'>,
): Expr {
  const over = (e: Expr): Expr => expectationIn(block, row, [], e, options)
  const { present } = latent
  if (present === undefined) return over(body)
  return div(over(caseOf(present, body, ZERO)), over(caseOf(present, ONE, ZERO)))
}

/**
 * Cov_q of two elements of a conjugate latent at a row, the discrete latents summed out: E[Cov | z] + Cov(E | z), with
 * `means` those over all values. Both parts are sums of central moments, so nothing cancels.
 */
export function expandCovariance(
  block: ConjugateBlock,
  row: readonly Expr[],
  elements: readonly [readonly Expr[], readonly Expr[]],
  means: readonly [Expr, Expr],
  options: Pick<ExpectationOptions, 'collecting'>,
): Expr {
  const [a, b] = elements
  const { family } = block
  const axes = axesOf(block, options.collecting.rename)
  return overScope(block, row, options, (values) => {
    const natural = naturalOf(block, row, values)
    const mean = (at: readonly Expr[]): Expr =>
      atDatum(block, row, at, (datum) => datum, family.moment('u', at, natural, axes) ?? NOT_A_NUMBER)
    const free =
      family.covariance?.(a, b, natural, axes) ??
      a.reduceRight<Expr>(
        (then, e, i) => caseOf(compare('==', e, b[i] ?? e), then, ZERO),
        family.variance(a, natural, axes),
      )
    const within = atDatum(block, row, a, () => ZERO, free)
    return block.scope.length === 0 ? within : add(within, mul(sub(mean(a), means[0]), sub(mean(b), means[1])))
  })
}

const NOT_A_NUMBER: Expr = { kind: 'float', value: Number.NaN }

/** Σ over the values of a block's scope at a row of P(values) · given(values); given that the latent exists, as above. */
function overScope(
  block: ContinuousBlock,
  row: readonly Expr[],
  options: Pick<ExpectationOptions, 'collecting'>,
  given: (values: readonly Expr[]) => Expr,
): Expr {
  const loops = block.scope.map((s) => options.collecting.rename(s.value))
  const values = loops.map((v) => idx(v))
  const of = block.scope.map(
    (s, i): Indicator => ({ latent: s.latent.name, index: scopeAt(block, s, row), value: values[i] ?? ONE }),
  )
  const body = given(values)
  const over = (e: Expr): Expr =>
    loops.reduceRight<Expr>((inner, v) => sum(v, inner), of.length === 0 ? e : mul({ kind: 'probability', of }, e))
  const present = block.latents[0]?.latent.present
  if (present === undefined) return over(body)
  const known = new Map(of.map((i) => [`${i.latent}[${i.index.map(keyOf).join(',')}]`, i.value]))
  const read = (e: Expr): Expr =>
    rewrite(e, (n) => (isCell(n) ? (known.get(`${n.name}[${n.index.map(keyOf).join(',')}]`) ?? n) : n))
  return div(over(read(caseOf(present, body, ZERO))), over(read(caseOf(present, ONE, ZERO))))
}

export function blockOf(latent: string, plan: Pick<EStepPlan, 'blocks'>): ContinuousBlock {
  const block = plan.blocks.find((b) => b.latents.some((l) => l.latent.name === latent))
  if (block === undefined) throw new Error(`no block holds ${latent}`)
  return block
}

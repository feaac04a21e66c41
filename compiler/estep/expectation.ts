/**
 * E_q of what Q demands, as expressions over the tables of a block: for a Normal posterior with mean m and covariance V
 * E[f] = f(m) and E[f·g] = f(m)·g(m) + aᵀVb for affine f and g with slopes a and b, so that a square of residuals is
 * taken about the mean and never as a difference of raw moments.
 */
import { add, caseOf, compare, div, idx, isZero, mul, ONE, pow, ref, sub, sum, ZERO } from '../algebra/build.js'
import { type CollectOptions, collect } from '../algebra/collect.js'
import { readsLatent } from '../algebra/expectation.js'
import { keyOf } from '../algebra/key.js'
import { type Monomial, substituteMonomial } from '../algebra/monomial.js'
import type { Expr, IndexVar, Indicator } from '../algebra/types.js'
import { collectNodes, rewrite, substituteIndex } from '../algebra/visit.js'
import type { ContinuousLatent } from '../graph/types.js'
import { scopeAt } from './block-layout.js'
import { statisticOf } from './latent-atoms.js'
import { EXECUTED, naturalOf, type PosteriorNumbers } from './posterior-numbers.js'
import type { BlockCell, ConjugateBlock, ContinuousBlock, EStepPlan, GaussianBlock } from './types.js'

type Expectation = Extract<Expr, { kind: 'expect' }>
type Cell = Extract<Expr, { kind: 'ref' }>

const isCell = (e: Expr): e is Cell => e.kind === 'ref' && e.space === 'latent'

/** Thrown where a demanded expectation has no closed form; planning turns it into a refusal. */
export class NoMoment extends Error {}

export interface ExpectationOptions {
  readonly plan: Pick<EStepPlan, 'blocks'>
  readonly collecting: Omit<CollectOptions, 'inU'>
  /** How the numbers of a posterior are read; without it, from the tables that are executed. */
  readonly numbers?: PosteriorNumbers
}

export function expandExpectation(e: Expectation, options: ExpectationOptions): Expr {
  const [first] = collectNodes(e.body, isCell)
  if (first?.kind !== 'ref') throw new Error('an expectation of nothing latent')
  const block = blockOf(first.name, options.plan)
  return expectationIn(block, first.index.slice(0, block.loops.length), e.of, e.body, options)
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
  const given =
    block.kind === 'gaussian'
      ? new GaussianMoments(block, row, values, options).of(read)
      : new ConjugateMoments(block, row, values, options).of(read)
  const all = [...of, ...open]
  const weighted: Expr = all.length === 0 ? given : mul({ kind: 'probability', of: all }, given)
  return loops.reduceRight<Expr>((inner, v) => sum(v, inner), weighted)
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
  const coordinate = lastOf(block)
  const last = coordinate === null ? null : options.collecting.rename(coordinate)
  return overScope(block, row, options, (values) => {
    const natural = naturalOf(block, row, values)
    const mean = (at: readonly Expr[]): Expr =>
      atDatum(block, row, at, (datum) => datum, family.moment('u', at, natural, last) ?? NOT_A_NUMBER)
    const free =
      family.covariance?.(a, b, natural, last) ??
      a.reduceRight<Expr>(
        (then, e, i) => caseOf(compare('==', e, b[i] ?? e), then, ZERO),
        family.variance(a, natural, last),
      )
    const within = atDatum(block, row, a, () => ZERO, free)
    return block.scope.length === 0 ? within : add(within, mul(sub(mean(a), means[0]), sub(mean(b), means[1])))
  })
}

/** What an element is at its datum where data of a half-observed array is there, else what it is under the family. */
export function atDatum(
  block: ConjugateBlock,
  row: readonly Expr[],
  at: readonly Expr[],
  observed: (datum: Expr) => Expr,
  missing: Expr,
): Expr {
  const latent = block.latents[0]?.latent
  if (latent === undefined || !latent.evidence) return missing
  const index = [...row, ...at]
  return caseOf(
    compare('==', ref('observed', latent.name, index), ONE),
    observed(ref('data', latent.name, index)),
    missing,
  )
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

/** An expression with its latents at the posterior mean, or at a family's point. */
export function atPoint(
  block: ContinuousBlock,
  e: Expr,
  row: readonly Expr[],
  values: readonly Expr[],
  numbers: PosteriorNumbers = EXECUTED,
): Expr {
  return rewrite(e, (n) => {
    if (!isCell(n)) return n
    const at = n.index.slice(block.loops.length)
    if (block.kind === 'gaussian') return numbers.mean(block, { latent: n.name, at }, row, values)
    return atDatum(
      block,
      row,
      at,
      (datum) => datum,
      block.family.point(at, numbers.natural(block, row, values), lastOf(block)),
    )
  })
}

export const lastOf = (b: ConjugateBlock): IndexVar | null => b.latents[0]?.coordinates.at(-1) ?? null

const guardedSum = (m: Monomial, value: Expr): Expr =>
  m.loops.reduceRight<Expr>(
    (e, l) => sum(l, e),
    m.guards.reduceRight<Expr>((e, g) => caseOf(g, e, ZERO), value),
  )

class GaussianMoments {
  private readonly collecting: ExpectationOptions['collecting']
  private readonly numbers: PosteriorNumbers

  constructor(
    private readonly block: GaussianBlock,
    private readonly row: readonly Expr[],
    private readonly values: readonly Expr[],
    options: Pick<ExpectationOptions, 'collecting' | 'numbers'>,
  ) {
    this.collecting = options.collecting
    this.numbers = options.numbers ?? EXECUTED
  }

  of(e: Expr): Expr {
    if (!readsLatent(e)) return e
    switch (e.kind) {
      case 'add':
        return add(...e.terms.map((t) => this.of(t)))
      case 'sum':
        return sum(e.index, this.of(e.body))
      case 'case':
        return caseOf(e.when, this.of(e.then), this.of(e.otherwise))
      case 'ref':
        return this.mean(e)
      case 'pow':
      case 'mul': {
        const factors = e.kind === 'mul' ? e.factors : [e]
        const rest = factors.filter((f) => !readsLatent(f))
        const own = factors.filter(readsLatent).flatMap(repeated)
        const [a, b] = own
        if (a !== undefined && own.length === 1) return mul(...rest, this.of(a))
        if (a !== undefined && b !== undefined && own.length === 2) {
          const both = this.product(a, b)
          if (both !== null) return mul(...rest, both)
        }
        return this.expanded(e)
      }
      default:
        return this.expanded(e)
    }
  }

  private mean(e: Expr): Expr {
    return atPoint(this.block, e, this.row, this.values, this.numbers)
  }

  /** E[f·g] of two affine forms; null where one is not affine. */
  private product(f: Expr, g: Expr): Expr | null {
    const a = this.slopes(f)
    const b = this.slopes(g)
    if (a === null || b === null) return null
    const covariances = a.flatMap((x) =>
      b.map((y) => {
        const other = this.renamed(y)
        return guardedSum(
          x,
          guardedSum(other, mul(x.coefficient, other.coefficient, this.covariance(cellOf(x), cellOf(other)))),
        )
      }),
    )
    return add(mul(this.mean(f), this.mean(g)), ...covariances)
  }

  private slopes(e: Expr): readonly Monomial[] | null {
    const ms = this.monomials(e).filter((m) => m.atoms.length > 0)
    return ms.every(
      (m) => m.atoms.length === 1 && m.atoms.every((a) => isCell(a.base) && a.power.n === 1 && a.power.d === 1),
    )
      ? ms
      : null
  }

  private monomials(e: Expr): readonly Monomial[] {
    return collect(e, { ...this.collecting, inU: isCell })
  }

  private renamed(m: Monomial): Monomial {
    const by = new Map<string, Expr>()
    const loops = m.loops.map((l) => {
      const fresh = this.collecting.rename({ ...l, from: substituteIndex(l.from, by), to: substituteIndex(l.to, by) })
      by.set(l.id, idx(fresh))
      return fresh
    })
    return substituteMonomial({ ...m, loops }, by)
  }

  private covariance(a: Cell, b: Cell): Expr {
    const rank = this.block.loops.length
    const cell = (c: Cell): BlockCell => ({ latent: c.name, at: c.index.slice(rank) })
    return this.numbers.covariance(this.block, [cell(a), cell(b)], this.row, this.values)
  }

  /** Monomial by monomial, where an expression is no product of affine forms. */
  private expanded(e: Expr): Expr {
    return add(
      ...this.monomials(e).map((m) => {
        const cells = m.atoms.flatMap((a) => {
          if (!isCell(a.base) || a.power.d !== 1 || a.power.n < 1)
            throw new NoMoment(
              'a function of a Normal latent that is not a polynomial has no closed-form expectation here',
            )
          const { base } = a
          return Array.from({ length: a.power.n }, () => base)
        })
        const [a, b] = cells
        if (cells.length > 2) throw new NoMoment('a power of Normal latents beyond 2 is not taken an expectation of')
        const moment =
          a === undefined
            ? m.coefficient
            : mul(
                m.coefficient,
                b === undefined ? this.mean(a) : add(mul(this.mean(a), this.mean(b)), this.covariance(a, b)),
              )
        return isZero(moment) ? ZERO : guardedSum(m, moment)
      }),
    )
  }
}

function cellOf(m: Monomial): Cell {
  const base = m.atoms[0]?.base
  if (base === undefined || !isCell(base)) throw new Error('a slope without its cell')
  return base
}

/** a² as a, a. */
function repeated(e: Expr): readonly Expr[] {
  return e.kind === 'pow' && e.exponent.d === 1 && e.exponent.n > 1 && e.exponent.n <= 4
    ? Array.from({ length: e.exponent.n }, () => e.base)
    : [e]
}

class ConjugateMoments {
  private readonly collecting: ExpectationOptions['collecting']
  private readonly numbers: PosteriorNumbers

  constructor(
    private readonly block: ConjugateBlock,
    private readonly row: readonly Expr[],
    private readonly values: readonly Expr[],
    options: Pick<ExpectationOptions, 'collecting' | 'numbers'>,
  ) {
    this.collecting = options.collecting
    this.numbers = options.numbers ?? EXECUTED
  }

  of(e: Expr): Expr {
    if (!readsLatent(e)) return e
    switch (e.kind) {
      case 'add':
        return add(...e.terms.map((t) => this.of(t)))
      case 'sum':
        return sum(e.index, this.of(e.body))
      case 'case':
        return caseOf(e.when, this.of(e.then), this.of(e.otherwise))
      default:
        return this.square(e) ?? this.collected(e)
    }
  }

  /** A family sums over the last coordinate by a variable of its own: that of the block may be what the demand runs over. */
  private last(): IndexVar | null {
    const v = lastOf(this.block)
    return v === null ? null : this.collecting.rename(v)
  }

  /** E[c·f²] of f affine in one element: c·(E[f]² + slope²·Var), which unlike a difference of raw moments cancels nothing. */
  private square(e: Expr): Expr | null {
    const factors = e.kind === 'mul' ? e.factors : [e]
    const own = factors.filter(readsLatent)
    const [f] = own
    if (f?.kind !== 'pow' || own.length > 1 || f.exponent.n !== 2 || f.exponent.d !== 1) return null
    const slopes = collect(f.base, { ...this.collecting, inU: isCell }).filter((m) => m.atoms.length > 0)
    const [slope] = slopes
    const atom = slope?.atoms[0]
    if (slopes.length !== 1 || slope === undefined || slope.atoms.length !== 1 || atom === undefined) return null
    if (!isCell(atom.base) || atom.power.n !== 1 || atom.power.d !== 1) return null
    // a square of the element alone is a moment of its own, which the family may give
    if (slope.loops.length > 0 || slope.guards.length > 0 || isCell(f.base)) return null
    const at = atom.base.index.slice(this.block.loops.length)
    const variance = this.block.family.variance(at, naturalOf(this.block, this.row, this.values), this.last())
    const free = atDatum(this.block, this.row, at, () => ZERO, variance)
    return mul(
      ...factors.filter((x) => !readsLatent(x)),
      add(pow(this.of(f.base), 2), mul(pow(slope.coefficient, 2), free)),
    )
  }

  private collected(e: Expr): Expr {
    return add(
      ...collect(e, { ...this.collecting, inU: isCell }).map((m) => {
        const [atom] = m.atoms
        if (atom === undefined) return guardedSum(m, m.coefficient)
        const found = m.atoms.length === 1 ? statisticOf(atom) : null
        const { base } = atom
        const cell = found?.index ?? (isCell(base) ? base.index : null)
        const at = cell?.slice(this.block.loops.length) ?? []
        const natural = this.numbers.natural(this.block, this.row, this.values)
        const power = { power: { kind: 'num', value: atom.power } as const }
        const of = found === null || found.statistic === 'u²' ? power : found.statistic
        const moment =
          m.atoms.length === 1 && cell !== null ? this.block.family.moment(of, at, natural, this.last()) : null
        if (moment === null)
          throw new NoMoment(
            `the ${this.block.family.title} posterior has no closed form for an expectation that Q needs`,
          )
        const own = atDatum(
          this.block,
          this.row,
          at,
          (datum) => rewrite(pow(atom.base, atom.power), (n) => (isCell(n) ? datum : n)),
          moment,
        )
        return guardedSum(m, mul(m.coefficient, own))
      }),
    )
  }
}

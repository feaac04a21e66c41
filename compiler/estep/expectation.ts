/**
 * E_q of what Q demands, as expressions over the tables of a block: for a Normal posterior with mean m and covariance V
 * E[f] = f(m) and E[f·g] = f(m)·g(m) + aᵀVb for affine f and g with slopes a and b, so that a square of residuals is
 * taken about the mean and never as a difference of raw moments.
 */
import { add, caseOf, compare, idx, isZero, mul, ONE, ref, sum, ZERO } from '../algebra/build.js'
import { type CollectOptions, collect } from '../algebra/collect.js'
import { readsLatent } from '../algebra/expectation.js'
import { keyOf } from '../algebra/key.js'
import { type Monomial, substituteMonomial } from '../algebra/monomial.js'
import type { Expr, IndexVar, Indicator } from '../algebra/types.js'
import { collectNodes, rewrite, substituteIndex } from '../algebra/visit.js'
import type { Natural } from '../families/index.js'
import {
  cellPosition,
  covarianceTable,
  meanTable,
  naturalTable,
  posteriorAt,
  scopeAt,
  sharedAt,
} from './block-layout.js'
import { statisticOf } from './latent-atoms.js'
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

/** References to the numbers of a posterior, at a row and the values of the block's scope. */
export interface PosteriorNumbers {
  mean(b: GaussianBlock, cell: BlockCell, row: readonly Expr[], values: readonly Expr[]): Expr
  covariance(
    b: GaussianBlock,
    cells: readonly [BlockCell, BlockCell],
    row: readonly Expr[],
    values: readonly Expr[],
  ): Expr
  natural(b: ConjugateBlock, row: readonly Expr[], values: readonly Expr[]): Natural
}

const TABLES: PosteriorNumbers = {
  mean: (b, cell, row, values) => ref('table', meanTable(b), [...posteriorAt(b, row, values), cellPosition(b, cell)]),
  covariance: (b, [a, c], row, values) =>
    ref('table', covarianceTable(b), [...sharedAt(b, row, values), unknownPosition(b, a), unknownPosition(b, c)]),
  natural: (b, row, values) => naturalOf(b, row, values),
}

/** In one system over all cells those that are observed have no place. */
function unknownPosition(b: GaussianBlock, cell: BlockCell): Expr {
  const position = cellPosition(b, cell)
  return b.layout === 'joint' && b.references.has(cell.latent)
    ? caseOf(compare('==', ref('observed', cell.latent, cell.at), ONE), ZERO, position)
    : position
}

/** Σ over the values of the scope that the demand leaves open of P(values) · E[body | values]. */
export function expandExpectation(e: Expectation, options: ExpectationOptions): Expr {
  const [first] = collectNodes(e.body, isCell)
  if (first?.kind !== 'ref') throw new Error('an expectation of nothing latent')
  const block = blockOf(first.name, options.plan)
  const row = first.index.slice(0, block.loops.length)
  const open: Indicator[] = []
  const loops: IndexVar[] = []
  const values = block.scope.map((s): Expr => {
    const index = scopeAt(block, s, row)
    const key = index.map(keyOf).join(',')
    const given = e.of.find((i) => i.latent === s.latent.name && i.index.map(keyOf).join(',') === key)
    if (given !== undefined) return given.value
    const v = options.collecting.rename(s.value)
    loops.push(v)
    open.push({ latent: s.latent.name, index, value: idx(v) })
    return idx(v)
  })
  const given =
    block.kind === 'gaussian'
      ? new GaussianMoments(block, row, values, options).of(e.body)
      : new ConjugateMoments(block, row, values, options).of(e.body)
  const of = [...e.of, ...open]
  const weighted: Expr = of.length === 0 ? given : mul({ kind: 'probability', of }, given)
  return loops.reduceRight<Expr>((body, v) => sum(v, body), weighted)
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
  numbers: PosteriorNumbers = TABLES,
): Expr {
  return rewrite(e, (n) => {
    if (!isCell(n)) return n
    const at = n.index.slice(block.loops.length)
    if (block.kind === 'gaussian') return numbers.mean(block, { latent: n.name, at }, row, values)
    return block.family.point(at, numbers.natural(block, row, values), lastOf(block))
  })
}

export const naturalOf =
  (b: ConjugateBlock, row: readonly Expr[], values: readonly Expr[]) =>
  (statistic: Parameters<typeof naturalTable>[1], at: readonly Expr[]): Expr =>
    b.terms.some((t) => t.statistic === statistic)
      ? ref('table', naturalTable(b, statistic), [...posteriorAt(b, row, values), ...at])
      : ZERO

export const lastOf = (b: ConjugateBlock): IndexVar | null => b.latents[0]?.coordinates.at(-1) ?? null

const guardedSum = (m: Monomial, value: Expr): Expr =>
  m.loops.reduceRight<Expr>(
    (e, l) => sum(l, e),
    m.guards.reduceRight<Expr>((e, g) => caseOf(g, e, ZERO), value),
  )

class GaussianMoments {
  private readonly collecting: Omit<CollectOptions, 'inU'>
  private readonly numbers: PosteriorNumbers

  constructor(
    private readonly block: GaussianBlock,
    private readonly row: readonly Expr[],
    private readonly values: readonly Expr[],
    { collecting, numbers = TABLES }: ExpectationOptions,
  ) {
    this.collecting = collecting
    this.numbers = numbers
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
  private readonly collecting: Omit<CollectOptions, 'inU'>
  private readonly numbers: PosteriorNumbers

  constructor(
    private readonly block: ConjugateBlock,
    private readonly row: readonly Expr[],
    private readonly values: readonly Expr[],
    { collecting, numbers = TABLES }: ExpectationOptions,
  ) {
    this.collecting = collecting
    this.numbers = numbers
  }

  of(e: Expr): Expr {
    if (!readsLatent(e)) return e
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
          m.atoms.length === 1 && cell !== null ? this.block.family.moment(of, at, natural, lastOf(this.block)) : null
        if (moment === null)
          throw new NoMoment(
            `the ${this.block.family.title} posterior has no closed form for an expectation that Q needs`,
          )
        return guardedSum(m, mul(m.coefficient, moment))
      }),
    )
  }
}

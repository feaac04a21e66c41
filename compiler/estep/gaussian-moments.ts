/** Moments of a Normal posterior: E[f·g] = f(m)·g(m) + aᵀVb for affine f and g with slopes a and b. */
import { add, idx, isZero, mul, ZERO } from '../algebra/build.js'
import { collect } from '../algebra/collect.js'
import { readsLatent } from '../algebra/expectation.js'
import { type Monomial, substituteMonomial } from '../algebra/monomial.js'
import type { Expr } from '../algebra/types.js'
import { substituteIndex } from '../algebra/visit.js'
import { atPoint, type Cell, guardedSum, isCell, type MomentOptions, Moments, NoMoment } from './moments.js'
import type { BlockCell, GaussianBlock } from './types.js'

export class GaussianMoments extends Moments {
  constructor(
    private readonly block: GaussianBlock,
    row: readonly Expr[],
    values: readonly Expr[],
    options: MomentOptions,
  ) {
    super(row, values, options)
  }

  protected override ofTerm(e: Expr): Expr {
    switch (e.kind) {
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

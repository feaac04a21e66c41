/**
 * Moments of Normal vectors together with the matrix U that their spread depends on: x_r given U has a mean that is free of
 * U, and Cov(x_ri, x_sj | U) = C⁻¹_rs (P⁻¹)_ij with P = U^±1. What is demanded is linear in x and U apart, or is summed with
 * P over all coordinates, as `matrix-spread.ts` makes sure: Σ_ij E[P_ij (P⁻¹)_ij] = D, so that there each (P⁻¹)_ij counts as that
 * of P = I.
 */
import { add, caseOf, compare, inverse, isZero, mul, pow, ref, ZERO } from '../algebra/build.js'
import { collect } from '../algebra/collect.js'
import type { Atom } from '../algebra/monomial.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import { matrixOf } from '../families/matrices.js'
import { ConjugateMoments } from './conjugate-moments.js'
import { GaussianMoments } from './gaussian-moments.js'
import { statisticOf } from './latent-atoms.js'
import { axesOf, guardedSum, isCell, type MomentOptions, Moments, NoMoment } from './moments.js'
import { apart, MARK, type ScaledPair } from './scaled-moments.js'
import type { BlockCell, GaussianBlock } from './types.js'

type Covariance = (
  b: GaussianBlock,
  cells: readonly [BlockCell, BlockCell],
  row: readonly Expr[],
  values: readonly Expr[],
) => Expr

export class MatrixScaledMoments extends Moments {
  /** x alone, U integrated out. */
  private readonly marginal: GaussianMoments
  /** x given P = I, what covariances add marked. */
  private readonly atIdentity: GaussianMoments
  private readonly spread: ConjugateMoments

  constructor(
    private readonly pair: ScaledPair,
    row: readonly Expr[],
    values: readonly Expr[],
    options: MomentOptions,
  ) {
    super(row, values, options)
    const { numbers } = this
    const normal = (covariance: Covariance): GaussianMoments =>
      new GaussianMoments(pair.normal, row, values, { ...options, numbers: { ...numbers, covariance } })
    this.spread = new ConjugateMoments(pair.spread, row, values, options)
    // C⁻¹ ⊗ I is kept: the element of C⁻¹ is that of any coordinate
    const between: Covariance = (b, [x, y], ...at) =>
      numbers.covariance(b, [x, { ...y, at: [...y.at.slice(0, -1), elementAt(x)] }], ...at)
    this.marginal = normal((b, cells, ...at) =>
      mul(between(b, cells, ...at), this.spread.of(this.inverseAt(elementAt(cells[0]), elementAt(cells[1])))),
    )
    this.atIdentity = normal((b, cells, ...at) =>
      caseOf(compare('==', elementAt(cells[0]), elementAt(cells[1])), mul(MARK, between(b, cells, ...at)), ZERO),
    )
  }

  private get name(): string {
    return this.pair.spread.latents[0]?.latent.name ?? ''
  }

  /** An element of P⁻¹. */
  private inverseAt(i: Expr, j: Expr): Expr {
    const element = (at: readonly Expr[]): Expr => ref('latent', this.name, [...this.row, ...at])
    return this.pair.power === -1
      ? element([i, j])
      : inverse(matrixOf(element, [], axesOf(this.pair.spread, this.collecting.rename)), i, j)
  }

  protected override ofTerm(e: Expr): Expr {
    const isSpread = (r: Expr): boolean => isCell(r) && r.name === this.name
    // nothing but the spread: its own moments know more than monomials do
    if (!some(e, (n) => isCell(n) && n.name !== this.name)) return this.spread.of(e)
    return add(
      ...collect(e, { ...this.collecting, inU: isSpread }).map((m) => {
        if (m.atoms.length === 0) return guardedSum(m, this.marginal.of(m.coefficient))
        const { atMean, ofSpread } = apart(this.atIdentity.of(m.coefficient))
        if (!isZero(ofSpread) && !this.isElement(m.atoms))
          throw new NoMoment('a function of a matrix and of Normal vectors that are scaled by it has no closed form')
        return guardedSum(m, add(mul(this.ofSpread(m.atoms), atMean), ofSpread))
      }),
    )
  }

  private ofSpread(atoms: readonly Atom[]): Expr {
    return this.spread.of(mul(...atoms.map((a) => pow(a.base, a.power))))
  }

  /** true for an element of P alone. */
  private isElement([atom, ...more]: readonly Atom[]): boolean {
    const found = atom === undefined || more.length > 0 ? null : statisticOf(atom)
    return found?.statistic === (this.pair.power === 1 ? 'u' : 'u⁻¹')
  }
}

/** The coordinate of a vector that a cell is. */
function elementAt(c: BlockCell): Expr {
  const last = c.at.at(-1)
  if (last === undefined) throw new Error('a vector has a coordinate')
  return last
}

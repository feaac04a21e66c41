/** Moments of a conjugate family's posterior. */
import { add, mul, pow, ZERO } from '../algebra/build.js'
import { collect } from '../algebra/collect.js'
import { readsLatent } from '../algebra/expectation.js'
import type { Expr } from '../algebra/types.js'
import { rewrite } from '../algebra/visit.js'
import type { Axes } from '../families/index.js'
import { statisticOf } from './latent-atoms.js'
import { atDatum, axesOf, guardedSum, isCell, type MomentOptions, Moments, NoMoment } from './moments.js'
import { naturalOf } from './posterior-numbers.js'
import type { ConjugateBlock } from './types.js'

export class ConjugateMoments extends Moments {
  constructor(
    private readonly block: ConjugateBlock,
    row: readonly Expr[],
    values: readonly Expr[],
    options: MomentOptions,
  ) {
    super(row, values, options)
  }

  protected override ofTerm(e: Expr): Expr {
    return this.square(e) ?? this.collected(e)
  }

  /** A family sums over coordinates by variables of its own: those of the block may be what the demand runs over. */
  private axes(): Axes {
    return axesOf(this.block, this.collecting.rename)
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
    const variance = this.block.family.variance(at, naturalOf(this.block, this.row, this.values), this.axes())
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
        const computed =
          m.atoms.length === 1 && cell !== null ? this.block.family.moment(of, at, natural, this.axes()) : null
        const moment =
          computed === null ? null : (this.numbers.moment?.(this.block, of, at, this.row, this.values) ?? computed)
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

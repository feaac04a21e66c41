/** A mean as a sum of linear functions of Normal latents, one for each block. */
import { add, mul, pow } from '../../algebra/build.js'
import { collect, TooManyTerms } from '../../algebra/collect.js'
import type { Monomial } from '../../algebra/monomial.js'
import type { Expr } from '../../algebra/types.js'
import type { Derivation } from '../../derive.js'
import { guardedSum, isCell, NoMoment } from '../../estep/moments.js'
import type { GaussianBlock } from '../../estep/types.js'

/** Discrete latents stand for their values. */
const isNumber =
  (d: Derivation) =>
  (e: Expr): boolean =>
    isCell(e) && d.graph.latents.some((l) => l.kind === 'continuous' && l.name === e.name)

function monomials(mean: Expr, d: Derivation): readonly Monomial[] {
  try {
    return collect(mean, { ...d.collectOptions, inU: isNumber(d) })
  } catch (e) {
    if (e instanceof TooManyTerms) throw new NoMoment(`its mean has ${e.message}`)
    throw e
  }
}

/** The part of a mean that reads one block. */
export function partOf(mean: Expr, block: GaussianBlock, d: Derivation): Expr {
  const own = (name: string): boolean => block.latents.some((l) => l.latent.name === name)
  return add(
    ...monomials(mean, d).flatMap((m) =>
      m.atoms.some((a) => isCell(a.base) && own(a.base.name))
        ? [guardedSum(m, mul(m.coefficient, ...m.atoms.map((a) => pow(a.base, a.power))))]
        : [],
    ),
  )
}

/** true where a mean is a sum of linear functions. */
export const isAdditive = (mean: Expr, d: Derivation): boolean =>
  monomials(mean, d).every(
    (m) => m.atoms.length <= 1 && m.atoms.every((a) => isCell(a.base) && a.power.n === 1 && a.power.d === 1),
  )

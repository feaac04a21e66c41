import type { Span } from '../../lang/source.js'
import { add, literal, neg, splitCoefficient, sub, ZERO } from '../algebra/build.js'
import { rationalFromNumber } from '../algebra/rational.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import { NotElaborated } from './tensors.js'
import type { Constraint, Loop } from './types.js'

/**
 * `observe left = right` as Σ coefficient·latent = total.
 *
 * @throws NotElaborated where it is not linear in the latents
 */
export function constraintOf(left: Expr, right: Expr, loops: readonly Loop[], span: Span): Constraint {
  const difference = sub(left, right)
  const terms: { latent: string; index: readonly Expr[]; coefficient: { n: number; d: number } }[] = []
  let rest: Expr = ZERO
  for (const t of difference.kind === 'add' ? difference.terms : [difference]) {
    const { coefficient, rest: core } = splitCoefficient(t)
    const c = literal(coefficient)
    const exact = c === null ? null : rationalFromNumber(c)
    if (core?.kind === 'ref' && core.space === 'latent' && exact !== null)
      terms.push({ latent: core.name, index: core.index, coefficient: exact })
    else if (some(t, (n) => n.kind === 'ref' && n.space === 'latent')) {
      throw new NotElaborated('an observed equation must be linear in the latents in this version', span)
    } else rest = add(rest, t)
  }
  // Σ coefficient·latent = total, with positive coefficients where they are all of one sign
  const flip = terms.length > 0 && terms.every((t) => t.coefficient.n < 0)
  const signed = flip ? terms.map((t) => ({ ...t, coefficient: { n: -t.coefficient.n, d: t.coefficient.d } })) : terms
  return { loops, terms: signed, total: flip ? rest : neg(rest), span }
}

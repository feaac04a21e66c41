import { mul, ONE } from './build.js'
import { splitContent } from './content.js'
import type { Expr, Indicator } from './types.js'
import { some } from './visit.js'

/** true where an expression reads a latent that is not lifted: a continuous one. */
export const readsLatent = (e: Expr): boolean => some(e, (n) => n.kind === 'ref' && n.space === 'latent')

/** The same, or one inside an expectation over another factor of a factorised posterior. */
export const readsRandom = (e: Expr): boolean =>
  some(e, (n) => n.kind === 'ref' && (n.space === 'latent' || n.space === 'other'))

/** E_q[1[of] · body]: numbers and what does not read latents stand before it, and an expectation of 1 is a probability. */
export function expectation(of: readonly Indicator[], body: Expr): Expr {
  const { number, factors } = splitContent(body.kind === 'mul' ? body.factors : [body])
  const inside = factors.filter(readsRandom)
  const rest = factors.filter((f) => !readsRandom(f))
  const posterior: Expr =
    inside.length > 0 ? { kind: 'expect', of, body: mul(...inside) } : of.length > 0 ? { kind: 'probability', of } : ONE
  return mul(number, ...rest, posterior)
}

import type { SupportName } from '../../lang/signature.js'
import { caseOf, compare, div, num, ONE, ZERO } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import type { Distribution } from '../distributions/types.js'
import { type BuiltTensor, need } from './tensors.js'

/**
 * Arguments that hold no params: 0 where any number may stand, 1 where a positive one must, even shares, the identity.
 * With them a latent that nothing reads has a density of its own, which integrates to 1.
 *
 * @param args the arguments that a statement gives, for their shapes
 * @returns null where an argument has no such value
 */
export function standardArguments(
  distribution: Distribution,
  parametrisation: number,
  args: ReadonlyMap<string, BuiltTensor>,
): ReadonlyMap<string, BuiltTensor> | null {
  const out = new Map<string, BuiltTensor>()
  for (const { name, support } of distribution.signature.parametrisations[parametrisation]?.arguments ?? []) {
    const given = args.get(name)
    if (given === undefined) continue
    const at = standardElement(support, given)
    if (at === null) return null
    out.set(name, { dims: given.dims, at })
  }
  return out
}

function standardElement(support: SupportName, of: BuiltTensor): ((index: readonly Expr[]) => Expr) | null {
  switch (support) {
    case 'real':
      return () => ZERO
    case 'positive':
    case 'nonnegative':
      return () => ONE
    case 'unit':
      return () => num(1, 2)
    case 'simplex':
      return () => div(ONE, need(of.dims.at(-1)?.size))
    case 'covariance':
    case 'correlation':
      return (index) => caseOf(compare('==', need(index.at(-2)), need(index.at(-1))), ONE, ZERO)
    default:
      return null
  }
}

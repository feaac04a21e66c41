import type { DistributionSignature } from '../../lang/signature.js'
import type { ModelSymbol, TDistribution, TExpr, TStatement, TypedModel } from '../../lang/typed/types.js'
import type { BoundData } from '../../runtime/contract.js'
import { Elaborator } from '../graph/elaborate.js'
import { IndexSupply, NotElaborated } from '../graph/tensors.js'
import { BindError, type BoundNumbers } from './sizes.js'

/**
 * A category drawn from a vector of another length than its number of levels has levels without a probability: found
 * when data is bound, since the data says how many levels there are.
 *
 * @throws BindError naming the statement's data and both numbers
 */
export function checkLevels(
  model: TypedModel,
  distributions: ReadonlyMap<string, { readonly signature: DistributionSignature }>,
  numbers: BoundNumbers,
  data: BoundData,
): void {
  const symbols = new Map(model.symbols.map((s) => [s.id, s]))
  const elaborator = new Elaborator({ symbols, supply: new IndexSupply(), asLatent: new Set(), bindTables: new Map() })
  const length = (e: TExpr): number | null => {
    const last = e.type.dims.at(-1)
    if (last === undefined || last.raggedBy !== null || !isFixed(last.size, symbols)) return null
    try {
      return numbers.extent(elaborator.scalar(last.size, new Map()))
    } catch (error) {
      if (error instanceof NotElaborated) return null
      throw error
    }
  }
  const values = new Map<string, number>()
  const check = (target: TExpr, d: TDistribution): void => {
    if (d.kind === 'mixture') {
      const { components } = d
      for (const c of components.kind === 'listed' ? components.components : [components.component]) check(target, c)
      return
    }
    if (d.kind !== 'plain' || target.kind !== 'ref') return
    const signature = distributions.get(d.name)?.signature
    if (signature?.value.indexOf === undefined) return
    const beyond = signature.value.beyondIndex ?? 0
    const s = symbols.get(target.symbol)
    const ranks = signature.parametrisations[d.parametrisation]?.arguments ?? []
    const p = d.arguments.find((a) => ranks.find((r) => r.name === a.name)?.rank === 1)?.value
    const own = p === undefined ? null : length(p)
    const n = own === null ? null : own + beyond
    if (s?.kind === 'latent') checkPieces(s.name, n, values)
    if (s?.kind !== 'data' || s.type.support.kind !== 'category' || p === undefined) return
    const levels = data.levels.get(nameOf(symbols.get(s.type.support.levels)))
    if (levels === undefined || n === null) return
    for (const list of levels)
      if (list.length !== n)
        throw new BindError(
          'E414',
          `\`${s.name}\` has ${list.length} levels (${list.slice(0, 6).join(', ')}${list.length > 6 ? ', …' : ''}), but its distribution has ${beyond === 0 ? `${n} probabilities` : `cuts for ${n}`}`,
          beyond === 0
            ? 'give one probability for each level, in the sorted order of the levels, or size the param by levels(…)'
            : 'give one cut between each level and the next, in the sorted order of the levels: declare them ordered[levels(…) - 1]',
        )
  }
  const visit = (list: readonly TStatement[]): void => {
    for (const s of list) {
      if (s.kind === 'for') visit(s.body)
      else if (s.kind === 'if') {
        visit(s.then)
        visit(s.otherwise)
      } else if (s.kind === 'sample') check(s.target, s.distribution)
    }
  }
  visit(model.statements)
}

/** The pieces of a latent (`z[1]`, then `z[t]`) have as many values each. */
function checkPieces(name: string, n: number | null, values: Map<string, number>): void {
  if (n === null) return
  const known = values.get(name)
  if (known !== undefined && known !== n)
    throw new BindError(
      'E414',
      `\`${name}\` has ${known} values in one statement and ${n} in another`,
      'give each piece of a latent a distribution over the same values',
    )
  values.set(name, n)
}

/** A size that no loop changes: numbers, consts and sizes without indices. */
function isFixed(e: TExpr, symbols: ReadonlyMap<string, ModelSymbol>): boolean {
  switch (e.kind) {
    case 'number':
      return true
    case 'ref': {
      const s = symbols.get(e.symbol)
      return e.subscripts.length === 0 && (s?.kind === 'const' || (s?.kind === 'size' && s.rank === 0))
    }
    case 'binary':
      return isFixed(e.left, symbols) && isFixed(e.right, symbols)
    default:
      return false
  }
}

const nameOf = (s: ModelSymbol | undefined): string => (s?.kind === 'size' ? s.name : '')

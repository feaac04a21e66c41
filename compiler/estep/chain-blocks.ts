/** The chains of a table, once the latents of its single rows are eliminated. */
import type { DiscreteLatent } from '../graph/types.js'
import type { ChainAxis } from './chain-axes.js'
import { elementName, elementOf } from './places.js'
import type { ChainBlock, TableChain } from './types.js'

/** Steps back at which each latent of a table is read in some scope; 0 for those of single rows. */
export function ordersOf(
  latents: readonly DiscreteLatent[],
  scopes: readonly (readonly string[])[],
): ReadonlyMap<string, number> {
  const out = new Map(latents.map((l) => [l.name, 0]))
  for (const e of scopes.flat()) {
    const { latent, lag } = elementOf(e)
    const known = out.get(latent)
    if (known !== undefined && lag > known) out.set(latent, lag)
  }
  return out
}

/**
 * Joins the latents that stand in one scope. Each group is one chain, whose states are the combinations of its latents'
 * values over their orders (Rabiner 1989 for one latent of order 1; Ghahramani and Jordan 1997, appendix B, for several
 * side by side).
 *
 * @param scopes what is left to be summed out along the chain
 * @param orders of the latents that the chain remembers
 */
export function tableChain(
  table: string,
  axis: ChainAxis,
  latents: readonly DiscreteLatent[],
  orders: ReadonlyMap<string, number>,
  scopes: readonly (readonly string[])[],
): TableChain {
  const loops = latents[0]?.loops ?? []
  const names = latents.map((l) => l.name).filter((n) => (orders.get(n) ?? 0) > 0)
  const group = new Map(names.map((n) => [n, n]))
  const find = (n: string): string => {
    const up = group.get(n) ?? n
    return up === n ? n : find(up)
  }
  const ownOf = (scope: readonly string[]): readonly string[] =>
    scope.map((e) => elementOf(e).latent).filter((n) => group.has(n))
  for (const scope of scopes) {
    const [first, ...rest] = ownOf(scope)
    if (first !== undefined) for (const n of rest) group.set(find(n), find(first))
  }
  const roots = [...new Set(names.map(find))]
  const blocks = roots.map((root, i): ChainBlock => {
    const own = names.filter((n) => find(n) === root)
    const states = own.map((latent) => ({ latent, order: orders.get(latent) ?? 1 }))
    const touching = scopes.filter((s) => ownOf(s).some((n) => find(n) === root))
    const parents = touching.flat().filter((e) => !own.includes(elementOf(e).latent))
    return {
      id: roots.length === 1 ? `chain ${table}` : `chain ${i + 1} ${table}`,
      states,
      window: states.flatMap((s) => Array.from({ length: s.order }, (_, lag) => elementName(s.latent, lag))),
      leaving: states.map((s) => elementName(s.latent, s.order)),
      parents: [...new Set(parents)].sort(),
    }
  })
  return {
    axis: axis.loop.index,
    position: axis.position,
    sequences: loops.filter((_, i) => i !== axis.position),
    blocks,
  }
}

/** The chain that holds all latents of a scope, or null where none of them is a chain's. */
export function blockOf(chain: TableChain | null, scope: readonly string[]): ChainBlock | null {
  return chain?.blocks.find((b) => scope.some((e) => b.states.some((s) => s.latent === elementOf(e).latent))) ?? null
}

/** Loops of the units of a table: of its sequences where it is a chain. */
export const unitLoops = (t: { readonly loops: TableChain['sequences']; readonly chain: TableChain | null }) =>
  t.chain === null ? t.loops : t.chain.sequences

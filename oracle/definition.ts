/** Which statement says how a cell is distributed, and whether the cell is discrete. */
import type { TDistribution } from '../lang/typed/types.js'
import { at } from './arrays.js'
import { rankOf } from './distribution-rank.js'
import { environment } from './factor.js'
import type { Definition, Factor, Instance } from './ground-types.js'
import { lawOf } from './law.js'
import { type Cell, isCell, isList, type Stored } from './stored.js'
import { symbolOf, type World } from './world.js'

/** Records the definitions of the cells on the left of a sample statement; a new cell joins the block. */
export function define(
  distribution: TDistribution,
  instance: Instance,
  factor: Factor,
  definitions: Map<number, Definition[]>,
): void {
  const target = instance.target ?? []
  const ownRank = rankOf(distribution, instance.env.world)
  const visit = (stored: Stored, path: readonly number[]): void => {
    if (isList(stored)) {
      stored.forEach((s, i) => {
        visit(s, [...path, i])
      })
    } else if (isCell(stored)) {
      const definition: Definition = {
        cell: stored,
        factor,
        target,
        path,
        kind: kindOf(distribution, stored, instance.env.world),
        value: cellsOfValue(target, path.slice(0, Math.max(0, path.length - (ownRank ?? path.length)))),
        law: (params, lookup) => lawOf(distribution, environment(instance.env, params, lookup)),
      }
      const existing = definitions.get(stored.id)
      if (existing === undefined) {
        definitions.set(stored.id, [definition])
        instance.block.cells.push(stored)
      } else {
        existing.push(definition)
      }
    }
  }
  visit(target, [])
}

/** The cells at a place of the target; null where some of it is known. */
function cellsOfValue(target: Stored, prefix: readonly number[]): readonly Cell[] | null {
  let stored = target
  for (const i of prefix) stored = isList(stored) ? at(stored, i) : stored
  const leaves = (s: Stored): readonly Stored[] => (isList(s) ? s.flatMap(leaves) : [s])
  const all = leaves(stored)
  return all.every(isCell) ? all.filter(isCell) : null
}

function kindOf(d: TDistribution, cell: Cell, world: World): 'discrete' | 'continuous' | 'point' {
  switch (d.kind) {
    case 'plain':
      if (d.name === 'Dirac') return 'point'
      return world.densities.get(d.name)?.discrete === true ? 'discrete' : 'continuous'
    case 'mixture': {
      const kinds = (d.components.kind === 'listed' ? d.components.components : [d.components.component]).map((c) =>
        kindOf(c, cell, world),
      )
      return kinds.every((k) => k !== 'continuous') ? 'discrete' : 'continuous'
    }
    case 'truncated':
    case 'censored':
      return kindOf(d.of, cell, world)
    case 'custom': {
      const symbol = symbolOf(world, cell.symbol)
      const support = symbol.kind === 'latent' || symbol.kind === 'data' ? symbol.type.support.kind : 'real'
      return ['int', 'count', 'bool', 'category'].includes(support) ? 'discrete' : 'continuous'
    }
  }
}

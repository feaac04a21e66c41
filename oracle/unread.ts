/** Missing cells that nothing reads integrate to one: a grounded model without them. */
import type { Block, Factor, Ground } from './ground-types.js'
import { type Cell, isCell } from './stored.js'

/**
 * Leaves out the missing cells of data that stand alone on the left of `~` and that no other factor reads, with their
 * factors. Neither the likelihood nor the other posteriors change.
 */
export function withoutUnread(ground: Ground): Ground {
  const data = new Set(ground.model.symbols.flatMap((s) => (s.kind === 'data' ? [s.id] : [])))
  const readers = new Map<Cell, Factor[]>()
  for (const f of ground.factors) {
    for (const c of f.cells) {
      const known = readers.get(c)
      if (known === undefined) readers.set(c, [f])
      else known.push(f)
    }
  }
  const cells = new Set<Cell>()
  const factors = new Set<Factor>()
  for (const [cell, all] of readers) {
    const definitions = ground.definitions.get(cell.id) ?? []
    const alone = definitions.every((d) => isCell(d.target) && !d.factor.parents.includes(cell))
    if (!data.has(cell.symbol) || !alone || !all.every((f) => definitions.some((d) => d.factor === f))) continue
    cells.add(cell)
    for (const f of all) factors.add(f)
  }
  if (cells.size === 0) return ground
  const copy = (block: Block, parent: Block | null): Block => {
    const made: Block = {
      weight: block.weight,
      factors: block.factors.filter((f) => !factors.has(f)),
      children: [],
      cells: block.cells.filter((c) => !cells.has(c)),
      parent,
    }
    for (const child of block.children) made.children.push(copy(child, made))
    return made
  }
  const gone = new Set([...cells].map((c) => c.id))
  return {
    ...ground,
    root: copy(ground.root, null),
    factors: ground.factors.filter((f) => !factors.has(f)),
    definitions: new Map([...ground.definitions].filter(([id]) => !gone.has(id))),
  }
}

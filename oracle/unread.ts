/** Missing cells that nothing reads integrate to one: a grounded model without them. */
import type { Block, Definition, Factor, Ground } from './ground-types.js'
import type { Cell } from './stored.js'

/**
 * Leaves out missing values of data on the left of `~` that no other factor reads: a cell, or a whole vector of a
 * distribution over vectors. Neither the likelihood nor the other posteriors change; the complete-data log-likelihood
 * loses a term, so that `keep` may say of which values an algorithm still holds a posterior.
 */
export function withoutUnread(ground: Ground, keep: (value: readonly Cell[]) => boolean = () => false): Ground {
  const data = new Set(ground.model.symbols.flatMap((s) => (s.kind === 'data' ? [s.id] : [])))
  const readers = new Map<Cell, Factor[]>()
  for (const f of ground.factors) {
    for (const c of f.cells) {
      const known = readers.get(c)
      if (known === undefined) readers.set(c, [f])
      else known.push(f)
    }
  }
  const alone = (cell: Cell): boolean => {
    const definitions = ground.definitions.get(cell.id) ?? []
    return (
      data.has(cell.symbol) &&
      definitions.every((d) => !d.factor.parents.includes(cell)) &&
      (readers.get(cell) ?? []).every((f) => definitions.some((d) => d.factor === f))
    )
  }
  const gone = new Set<Cell>()
  for (const [, definitions] of ground.definitions) {
    // a value under another branch of an `if` has the same cells
    const [value] = definitions.map((d) => d.value)
    if (value === undefined || value === null || !definitions.every((d) => d.value !== null)) continue
    if (value.every(alone) && !keep(value)) for (const c of value) gone.add(c)
  }
  return gone.size === 0 ? ground : without(ground, gone)
}

function without(ground: Ground, gone: ReadonlySet<Cell>): Ground {
  const replaced = new Map<Factor, Factor | null>()
  const kept = (f: Factor): Factor | null => {
    const known = replaced.get(f)
    if (known !== undefined) return known
    const made = f.cells.some((c) => gone.has(c)) ? f.without(gone) : f
    replaced.set(f, made)
    return made
  }
  const all = (factors: readonly Factor[]): Factor[] => factors.flatMap((f) => kept(f) ?? [])
  const copy = (block: Block, parent: Block | null): Block => {
    const made: Block = {
      weight: block.weight,
      factors: all(block.factors),
      children: [],
      cells: block.cells.filter((c) => !gone.has(c)),
      parent,
    }
    for (const child of block.children) made.children.push(copy(child, made))
    return made
  }
  const ids = new Set([...gone].map((c) => c.id))
  const definitions = [...ground.definitions].flatMap(([id, list]): readonly (readonly [number, Definition[]])[] => {
    if (ids.has(id)) return []
    return [[id, list.flatMap((d) => (kept(d.factor) === null ? [] : [{ ...d, factor: kept(d.factor) ?? d.factor }]))]]
  })
  return { ...ground, root: copy(ground.root, null), factors: all(ground.factors), definitions: new Map(definitions) }
}

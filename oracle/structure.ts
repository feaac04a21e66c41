/**
 * The units of a block: cells connected by factors, with the order in which they are enumerated. Discrete cells come
 * first, each after the cells its distribution depends on; continuous ones follow.
 */
import type { Block, Factor, Ground } from './ground-types.js'
import { type Cell, cellName } from './stored.js'
import { OracleError } from './types.js'

/** A factor, or a weighted block inside this one, which acts on its surroundings like a factor. */
export type Item =
  | { readonly kind: 'factor'; readonly factor: Factor; readonly cells: readonly Cell[] }
  | { readonly kind: 'block'; readonly block: Block; readonly cells: readonly Cell[] }

/** Continuous cells that are connected once the discrete ones are known. */
export interface Group {
  /** Each after the cells that its distribution depends on. */
  readonly cells: readonly Cell[]
  readonly items: readonly Item[]
  /** Other cells that the items read: the integral over the group depends on nothing else. */
  readonly reads: readonly Cell[]
}

export interface Unit {
  readonly cells: readonly Cell[]
  readonly discrete: readonly Cell[]
  readonly continuous: readonly Group[]
  /** Items that can be evaluated once the i-th discrete cell is known. */
  readonly ready: readonly (readonly Item[])[]
  /** Equations over discrete cells only. */
  readonly equations: readonly Factor[]
}

export interface Structure {
  /** Items that read no cell of the block. */
  readonly constant: readonly Item[]
  readonly units: readonly Unit[]
  /** Cells of enclosing blocks that this block reads. */
  readonly outer: readonly Cell[]
}

/** Structures by block: they depend on nothing else, and one is asked for at every evaluation. */
const structures = new WeakMap<Block, Structure>()

export function structureOf(ground: Ground, block: Block): Structure {
  const known = structures.get(block) ?? findStructure(ground, block)
  structures.set(block, known)
  return known
}

function findStructure(ground: Ground, block: Block): Structure {
  const own = new Set(block.cells)
  const items: Item[] = block.factors.map((factor) => ({ kind: 'factor', factor, cells: factor.cells }))
  for (const child of block.children)
    items.push({ kind: 'block', block: child, cells: structureOf(ground, child).outer })
  const outer = new Set(items.flatMap((item) => item.cells).filter((c) => !own.has(c)))
  const groups = connected(block.cells, items)
  const constant = items.filter((item) => !item.cells.some((c) => own.has(c)))
  const units = groups.map((cells) => {
    const inside = new Set(cells)
    return unitOf(
      ground,
      cells,
      items.filter((item) => item.cells.some((c) => inside.has(c))),
    )
  })
  return { constant, units, outer: [...outer] }
}

/** Connected components of cells (union-find), in order of their first cell. */
function connected(cells: readonly Cell[], items: readonly Item[]): Cell[][] {
  const parent = new Map<Cell, Cell>(cells.map((c) => [c, c]))
  const find = (c: Cell): Cell => {
    const p = parent.get(c)
    if (p === undefined || p === c) return c
    const root = find(p)
    parent.set(c, root)
    return root
  }
  for (const item of items) {
    const [first, ...rest] = item.cells.filter((c) => parent.has(c))
    if (first !== undefined) for (const c of rest) parent.set(find(c), find(first))
  }
  const groups = new Map<Cell, Cell[]>()
  for (const c of cells) {
    const group = groups.get(find(c))
    if (group === undefined) groups.set(find(c), [c])
    else group.push(c)
  }
  return [...groups.values()]
}

function unitOf(ground: Ground, cells: readonly Cell[], items: readonly Item[]): Unit {
  const ordered = topological(ground, cells)
  const late = new Set<Cell>()
  for (const cell of ordered) {
    const definitions = ground.definitions.get(cell.id) ?? []
    const onLate = definitions.some((d) => d.factor.parents.some((p) => late.has(p)))
    if (definitions.some((d) => d.kind === 'continuous' || (d.kind === 'point' && onLate))) late.add(cell)
    const guard = definitions.flatMap((d) => d.factor.guards).find((c) => late.has(c))
    if (guard !== undefined)
      throw new OracleError(`${cellName(cell)} exists or not depending on ${cellName(guard)}, which is continuous`)
  }
  const discrete = ordered.filter((c) => !late.has(c))
  const position = new Map(discrete.map((c, i) => [c, i]))
  const inside = new Set(cells)
  const needsLate = (item: Item): boolean => item.cells.some((c) => late.has(c))
  const lastOf = (item: Item): number =>
    Math.max(...item.cells.filter((c) => inside.has(c)).map((c) => position.get(c) ?? -1))
  const early = items.filter((item) => !needsLate(item))
  return {
    cells: ordered,
    discrete,
    continuous: groupsOf(
      ordered.filter((c) => late.has(c)),
      items.filter(needsLate),
    ),
    ready: discrete.map((_, i) => early.filter((item) => lastOf(item) === i)),
    equations: early.flatMap((item) =>
      item.kind === 'factor' && item.factor.kind === 'equation' ? [item.factor] : [],
    ),
  }
}

function groupsOf(cells: readonly Cell[], items: readonly Item[]): readonly Group[] {
  return connected(cells, items).map((group) => {
    const inside = new Set(group)
    const own = items.filter((item) => item.cells.some((c) => inside.has(c)))
    const reads = new Set(own.flatMap((item) => item.cells).filter((c) => !inside.has(c)))
    return { cells: cells.filter((c) => inside.has(c)), items: own, reads: [...reads] }
  })
}

/** Each cell after the cells of the unit that its distribution depends on; in order of the file where there is a choice. */
function topological(ground: Ground, cells: readonly Cell[]): Cell[] {
  const inside = new Set(cells)
  const done = new Set<Cell>()
  const open = new Set<Cell>()
  const out: Cell[] = []
  const visit = (cell: Cell): void => {
    if (done.has(cell) || open.has(cell)) return
    open.add(cell)
    for (const d of ground.definitions.get(cell.id) ?? []) {
      for (const p of d.factor.parents) if (inside.has(p) && p !== cell) visit(p)
    }
    open.delete(cell)
    done.add(cell)
    out.push(cell)
  }
  for (const cell of cells) visit(cell)
  return out
}

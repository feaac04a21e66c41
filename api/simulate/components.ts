/** Statements that have to do with one another through what is not known: independent of all others given the params. */
import type { Instance } from '../../oracle/ground-types.js'
import { collect, collectDistribution, noReads } from '../../oracle/reads.js'
import { type Cell, cellsIn } from '../../oracle/stored.js'

/** The cells that an instance of a statement reads or gives values to. */
export function cellsOf({ statement, guards, env, target }: Instance): readonly Cell[] {
  const reads = noReads()
  for (const g of guards) collect(g.condition, g.env, reads)
  switch (statement.kind) {
    case 'sample':
      collectDistribution(statement.distribution, env, reads)
      for (const cell of cellsIn(target ?? [])) reads.cells.add(cell)
      break
    case 'observe-equation':
      collect(statement.left, env, reads)
      collect(statement.right, env, reads)
      break
    case 'observe-condition':
      collect(statement.condition, env, reads)
  }
  return [...reads.cells]
}

/** Sets of elements that grow together (union–find with path halving). */
export class Unions {
  private readonly parents: Int32Array

  constructor(count: number) {
    this.parents = Int32Array.from({ length: count }, (_, i) => i)
  }

  find(i: number): number {
    let at = i
    while (this.parents[at] !== at) {
      const next = this.parents[this.parents[at] ?? at] ?? at
      this.parents[at] = next
      at = next
    }
    return at
  }

  join(i: number, j: number): void {
    const [a, b] = [this.find(i), this.find(j)]
    // the smaller number names the set
    this.parents[Math.max(a, b)] = Math.min(a, b)
  }
}

/** Instances by component, in the order of the first of each. */
export function components(instances: readonly Instance[], cells: number): readonly (readonly Instance[])[] {
  const unions = new Unions(instances.length)
  const first = new Int32Array(cells).fill(-1)
  instances.forEach((instance, i) => {
    for (const cell of cellsOf(instance)) {
      const other = first[cell.id] ?? -1
      if (other < 0) first[cell.id] = i
      else unions.join(i, other)
    }
  })
  const groups = new Map<number, Instance[]>()
  instances.forEach((instance, i) => {
    const root = unions.find(i)
    const group = groups.get(root)
    if (group === undefined) groups.set(root, [instance])
    else group.push(instance)
  })
  return [...groups.values()]
}

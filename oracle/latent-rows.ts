/** Which row of an engine's table a cell is. */
import { at } from './arrays.js'
import type { EngineLatent } from './certified-engine.js'
import type { Cell } from './stored.js'

/** null where the table has no such row. */
export function rowOf(latent: EngineLatent, cell: Cell): number | null {
  if (cell.indices.length !== latent.shape.length) return null
  let row = 0
  for (const [d, n] of latent.shape.entries()) {
    const i = at(cell.indices, d) - at(latent.from, d)
    if (i < 0 || i >= n) return null
    row = row * n + i
  }
  return row
}

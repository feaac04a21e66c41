/** Which row of an engine's table a cell is. */
import { at } from './arrays.js'
import type { EngineLatent } from './certified-engine.js'
import type { Cell } from './stored.js'

/** null where the table has no such row. */
export function rowOf(latent: EngineLatent, cell: Cell): number | null {
  const { shape, lengths } = latent
  if (cell.indices.length !== shape.length) return null
  let row = 0
  for (const [d, n] of shape.entries()) {
    const i = at(cell.indices, d) - at(latent.from, d)
    const extent = lengths !== undefined && d === 1 ? (lengths[row] ?? 0) : n
    if (i < 0 || i >= extent) return null
    // of sequences that lie flat, those before this one come first
    row = lengths !== undefined && d === 1 ? lengths.slice(0, row).reduce((a, b) => a + b, 0) + i : row * n + i
  }
  return row
}

import { type Grid, isRagged } from './grid.js'
import type { LevelSets } from './level-sets.js'
import { dataCodes, dataProblem } from './problems.js'
import type { SizeLedger } from './size-ledger.js'
import type { BoundArray, DataProblem } from './types.js'

/** Binds sizes to the extents of the arrays that have them, and complains where two arrays disagree. */
export function agreeSizes(grids: readonly Grid[], ledger: SizeLedger, levels: LevelSets): readonly DataProblem[] {
  const problems: DataProblem[] = []
  for (const grid of grids) {
    const { declaration } = grid
    for (const [i, dim] of declaration.dims.entries()) {
      if (dim.kind !== 'size' && dim.kind !== 'levels') continue
      const extent = grid.shape[i] ?? 1
      const word =
        i === 0
          ? isRagged(declaration)
            ? 'sequences'
            : 'rows'
          : i === declaration.dims.length - 1
            ? 'columns'
            : 'values'
      const lists = levels.get(dim.kind === 'size' ? dim.name : dim.of)
      const count = lists?.length === 1 ? lists[0]?.length : undefined
      if (dim.kind === 'size' && count === undefined) {
        const problem = ledger.agree(dim.name, extent, grid.origin, word, grid.source)
        if (problem !== null) problems.push(problem)
      } else if (count !== undefined && count !== extent) {
        const name = dim.kind === 'size' ? dim.name : `levels(${dim.of})`
        const message = `${grid.origin} has ${extent} ${word}, but ${name} is ${count}`
        problems.push(dataProblem(dataCodes.sizesDiffer, message, { source: grid.source }))
      }
    }
  }
  return problems
}

/** Lengths of the sequences of ragged arrays, which all arrays with that length share. */
export function agreeLengths(grids: readonly Grid[], problems: DataProblem[]): ReadonlyMap<string, Int32Array> {
  const lengths = new Map<string, Int32Array>()
  const origins = new Map<string, string>()
  for (const grid of grids) {
    const dim = grid.declaration.dims[1]
    const { offsets } = grid
    if (dim?.kind !== 'length' || offsets === null) continue
    const own = Int32Array.from({ length: offsets.length - 1 }, (_, r) => (offsets[r + 1] ?? 0) - (offsets[r] ?? 0))
    const known = lengths.get(dim.name)
    if (known === undefined) {
      lengths.set(dim.name, own)
      origins.set(dim.name, grid.origin)
      continue
    }
    const at = own.findIndex((length, r) => known[r] !== undefined && known[r] !== length)
    if (at === -1) continue
    const message = `sequence ${at + 1} of ${grid.origin} has ${own[at]} values, but that of ${origins.get(dim.name) ?? ''} has ${known[at]}`
    problems.push(dataProblem(dataCodes.sizesDiffer, message, { source: grid.source }))
  }
  return lengths
}

/** Dimensions that are expressions, with all sizes and whole-number data known. */
export function checkExtents(
  grids: readonly Grid[],
  ledger: SizeLedger,
  arrays: ReadonlyMap<string, BoundArray>,
): readonly DataProblem[] {
  const known = new Map(ledger.values)
  for (const [name, array] of arrays) if (array.shape.length === 0) known.set(name, array.values[0] ?? 0)
  const problems: DataProblem[] = []
  for (const grid of grids) {
    for (const [i, dim] of grid.declaration.dims.entries()) {
      if (dim.kind !== 'expression') continue
      const expected = dim.evaluate(known)
      const extent = grid.shape[i] ?? 1
      if (expected === null || expected === extent) continue
      const word = i === 0 ? 'rows' : 'columns'
      const is = dim.text === String(expected) ? `${expected}` : `${dim.text} = ${expected}`
      const message = `${grid.origin} has ${extent} ${word}, but the model declares ${is}`
      problems.push(dataProblem(dataCodes.extent, message, { source: grid.source, column: grid.columns[0] ?? null }))
    }
  }
  return problems
}

/** The first pass over rows that do not lie in memory: every cell is checked, and some rows are kept. */
import type { StreamedArray } from '../bind.js'
import { checkCell } from '../check-cell.js'
import { checkSimplex, complaint, counted } from '../fill-array.js'
import type { BoundArray, DataDeclaration, DataProblem } from '../types.js'
import { withRows } from './streamed-columns.js'

/** Rows that are looked at together. */
const PIECE = 16_384
/** Pieces between pauses. */
const PAUSE = 8

export interface Survey {
  readonly problems: readonly DataProblem[]
  /** The arrays with the number of their missing cells, by name. */
  readonly arrays: ReadonlyMap<string, BoundArray>
  /** The same with the rows that were kept, in memory. */
  readonly kept: ReadonlyMap<string, BoundArray>
}

interface Found {
  readonly problem: DataProblem
  count: number
}

/**
 * @param kept rows to keep, ascending
 * @param pause resolves in a later turn of the event loop
 */
export async function surveyRows(
  streamed: readonly StreamedArray[],
  bound: ReadonlyMap<string, BoundArray>,
  kept: Float64Array,
  pause: () => Promise<void>,
): Promise<Survey> {
  const views = streamed.flatMap(({ grid }) => {
    const array = bound.get(grid.declaration.name)
    if (array?.stream === undefined) return []
    const { stream, values } = array
    const Numbers = values instanceof Int32Array ? Int32Array : Float64Array
    const found = new Map<string, Found>()
    return [
      {
        grid,
        array,
        stream,
        found,
        missing: 0,
        piece: new Numbers(Math.min(PIECE, stream.rows) * stream.width),
        kept: new Numbers(kept.length * stream.width),
        isSound: soundness(grid.declaration),
      },
    ]
  })
  const rows = views[0]?.stream.rows ?? 0
  let next = 0
  for (let from = 0, n = 1; from < rows; from += PIECE, n++) {
    const to = Math.min(rows, from + PIECE)
    let last = next
    while (last < kept.length && (kept[last] ?? 0) < to) last++
    for (const view of views) {
      const { grid, stream, found, isSound } = view
      const { declaration } = grid
      stream.read(from, to, view.piece)
      const cells = view.piece.subarray(0, (to - from) * stream.width)
      for (let i = 0; i < cells.length; i++) {
        const x = cells[i] ?? Number.NaN
        if (isSound(x)) continue
        const isMissing = Number.isNaN(x) || declaration.element === 'category'
        if (isMissing) view.missing++
        if (isMissing && declaration.optional) continue
        const checked = checkCell(declaration, isMissing ? null : x)
        if ('value' in checked) continue
        const known = found.get(checked.code)
        if (known !== undefined) known.count++
        else {
          const own = { ...grid, cell: () => (isMissing ? null : x) }
          const problem = complaint(own, from * stream.width + i, checked.code, checked.why, checked.help)
          found.set(checked.code, { problem, count: 1 })
        }
      }
      if (declaration.type === 'simplex' && found.size === 0)
        for (const problem of checkSimplex(grid, cells, from * stream.width))
          found.set(problem.code, { problem, count: 1 })
      for (let k = next; k < last; k++) {
        const at = ((kept[k] ?? 0) - from) * stream.width
        view.kept.set(cells.subarray(at, at + stream.width), k * stream.width)
      }
    }
    next = last
    if (n % PAUSE === 0) await pause()
  }
  return {
    problems: views.flatMap((view) => counted(view.found.values())),
    arrays: new Map(views.map((view) => [view.array.name, { ...view.array, missing: view.missing }])),
    kept: new Map(views.map((view) => [view.array.name, withRows(view.array, view.kept, kept.length)])),
  }
}

/** A quick answer to whether a cell is there and fits: what it denies is looked at more closely. */
function soundness(declaration: DataDeclaration): (x: number) => boolean {
  const { element, low, lowStrict, high, highStrict } = declaration
  switch (element) {
    case 'category':
      return (x) => x >= 0
    case 'bool':
      return (x) => x === 0 || x === 1
    case 'real':
      if (low === Number.NEGATIVE_INFINITY && high === Number.POSITIVE_INFINITY) return Number.isFinite
      return (x) => (lowStrict ? x > low : x >= low) && (highStrict ? x < high : x <= high) && Number.isFinite(x)
    default:
      return (x) => Number.isSafeInteger(x) && x > low && x < high
  }
}

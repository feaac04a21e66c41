/** Residuals of a fit as the page shows them: one histogram or table for each column, and what it says. */
import type { DataResiduals } from '../../api/residuals.js'
import { fitAtEnd } from './fit-at-end.js'
import type { KeptRun } from './kept-run.js'
import type { ResidualsView, ResidualView } from './messages.js'

/** Cells of an array that are looked at. */
const MOST_CELLS = 2000

export async function residualViews(kept: KeptRun): Promise<ResidualsView> {
  const fit = await fitAtEnd(kept)
  const { arrays } = await fit.residuals(undefined, { most: MOST_CELLS })
  return { arrays: arrays.map(residualView) }
}

function residualView(r: DataResiduals): ResidualView {
  return {
    name: r.column ?? r.data,
    kind: r.kind,
    sentences: r.reason === null ? sentencesOf(r) : [`There are none: ${r.reason}.`],
    histogram: r.histogram,
    frequencies: r.kind === 'labels' ? (r.frequencies ?? []) : [],
  }
}

function sentencesOf({ distance, residual, left, cells, approximate }: DataResiduals): readonly string[] {
  const few = cells.length === 0 ? ['No cell could be looked at.'] : []
  const apart =
    distance === null
      ? []
      : [
          distance.value <= distance.limit
            ? `The values lie where the model expects them: ${short(distance.value)} away from even, where chance alone reaches ${short(distance.limit)}.`
            : `The model does not describe these values well: they are ${short(distance.value)} away from even, where chance alone reaches ${short(distance.limit)}.`,
        ]
  const moments =
    residual === null
      ? []
      : [`Residuals, in sds, have the mean ${short(residual.mean)} and the sd ${short(residual.sd)}.`]
  const out = left === 0 ? [] : [`${left} ${left === 1 ? 'cell was' : 'cells were'} left out.`]
  const rough = approximate ? ['The posterior without each cell is a factorised one, so this is an approximation.'] : []
  return [...few, ...apart, ...moments, ...out, ...rough]
}

const short = (x: number): string => x.toFixed(3).replace('-', '−')

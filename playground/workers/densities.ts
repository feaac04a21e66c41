import type { PointColumn } from '../../api/densities.js'
import type { Stepper } from '../../api/stepper.js'
import type { DensityRequest, DensityView } from '../session/view.js'

/** Densities over the grid of a chart. */
export function densityOver(stepper: Stepper, params: Float64Array, request: DensityRequest): DensityView {
  return stepper.densitiesAt(params, pointsOf(request))
}

function pointsOf(request: DensityRequest): readonly PointColumn[] {
  if (request.kind === 'curve') return [{ data: request.data, column: request.column, values: request.x }]
  const { x, y } = request
  const [nx, ny] = [x.at.length, y.at.length]
  return [
    {
      data: x.data,
      column: x.column,
      values: Float64Array.from({ length: nx * ny }, (_, i) => x.at[Math.floor(i / ny)] ?? 0),
    },
    { data: y.data, column: y.column, values: Float64Array.from({ length: nx * ny }, (_, i) => y.at[i % ny] ?? 0) },
  ]
}

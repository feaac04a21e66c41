/** What the page is shown of a model over data, copied out of the worker's memory. */

import { dataArrays } from '../../api/charts/data-arrays.js'
import type { Stepper } from '../../api/stepper.js'
import type { ParamLayout } from '../../runtime/contract.js'
import type { DataDeclaration } from '../../runtime/data/types.js'
import type { EmPoint } from '../../runtime/em-step.js'
import type { ArrayView, LatentView, ParamView } from '../session/view.js'

export const paramViews = (layout: readonly ParamLayout[], params: Float64Array): readonly ParamView[] =>
  layout.map((p) => paramView(p, params.subarray(p.offset, p.offset + p.length)))

/** `values`: those of the param alone. */
export function paramView(p: ParamLayout, values: Float64Array): ParamView {
  return {
    name: p.name,
    shape: p.shape,
    used: p.used,
    labels: p.labels,
    support: p.support.kind,
    role: p.role,
    components: p.components,
    values: values.slice(),
  }
}

export function latentViews(stepper: Stepper, point: EmPoint): readonly LatentView[] {
  const byName = new Map(stepper.latents.map((l) => [l.name, l]))
  return stepper.posteriors(point).map((p) => {
    const layout = byName.get(p.name)
    return {
      name: p.name,
      kind: p.kind,
      declared: layout?.declared ?? true,
      shape: p.shape,
      rows: p.rows,
      lengths: p.lengths,
      beginnings: layout?.beginnings?.slice() ?? null,
      follows: stepper.pictures.follows(p.name),
      weights: p.weights?.slice() ?? null,
      rowLabels: p.rowLabels,
      own: p.own,
      labels: p.labels,
      probabilities: p.probabilities?.slice() ?? null,
      modes: p.modes?.slice() ?? null,
      means: p.means?.slice() ?? null,
      sd: p.sd?.slice() ?? null,
    }
  })
}

export const dataViews = (stepper: Stepper, declarations: readonly DataDeclaration[]): readonly ArrayView[] =>
  dataArrays(stepper.data, stepper.observed, declarations, (name) => stepper.weights(name))

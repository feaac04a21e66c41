/** What is drawn of a fit over data: the model, the params and the posteriors, components in one order. */
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { dataWeights } from '../../compiler/bind/row-weights.js'
import type { DataDeclaration } from '../../runtime/data/types.js'
import type { DataArray } from '../charts/columns.js'
import { dataArrays } from '../charts/data-arrays.js'
import { offeredViews, type ShownLatent, type View } from '../charts/views.js'
import type { Bound } from '../frozen.js'
import { Pictures } from '../pictures.js'
import { type LatentPosterior, posteriorReader } from '../posterior.js'
import { observedData } from '../stepper.js'

export type Latent = LatentPosterior & ShownLatent

/** The fit at some params. */
export interface ShownPoint {
  readonly params: Float64Array
  readonly latents: readonly Latent[]
}

export class Shown {
  readonly data: readonly DataArray[]
  readonly pictures: Pictures
  private readonly model: ProgramModel
  private readonly read: (params: Float64Array) => readonly LatentPosterior[]

  constructor(bound: Pick<Bound, 'model' | 'data'>, declarations: readonly DataDeclaration[]) {
    this.model = bound.model
    this.data = dataArrays(bound.data, observedData(bound), declarations, (name) =>
      dataWeights(bound.model.derivation, bound.model.numbers, name),
    )
    this.pictures = new Pictures(bound.model)
    this.read = posteriorReader(bound.model)
  }

  at(params: Float64Array): ShownPoint {
    const layouts = new Map(this.model.latents.map((l) => [l.name, l]))
    const latents = this.read(params).map((l): Latent => {
      const layout = layouts.get(l.name)
      return {
        ...l,
        declared: layout?.declared ?? true,
        beginnings: layout?.beginnings ?? null,
        follows: this.pictures.follows(l.name),
      }
    })
    return { params, latents }
  }

  views(point: ShownPoint): readonly View[] {
    return offeredViews(this.data, point.latents, false)
  }

  objective(params: Float64Array): number {
    const { model } = this
    return model.eStep(params).logLikelihood + (model.hasPrior ? model.logPrior(params) : 0)
  }
}

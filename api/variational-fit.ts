/** A fit by variational Bayes, in terms of the model as it was written: params that are latents to it are posteriors. */
import type { ParamLayout } from '../runtime/contract.js'
import { type Json, type NestedNumbers, record } from '../runtime/json.js'
import { nestedToJson, nestParam } from '../runtime/nest.js'
import type { FitResult, ParamPosterior } from '../runtime/result.js'
import type { Fit, FittedModel } from './fit.js'
import type { LatentPosterior } from './posterior.js'
import { mayHaveUnit } from './standardize.js'
import type { VariationalModel } from './variational.js'

/** What the model as it was written makes of the data: how its params are laid out, and what its fits keep. */
export interface Written {
  readonly source: string
  readonly layout: readonly ParamLayout[]
  readonly frozen: Json
}

/** The result with posterior means in the place of params that are latents, and their posteriors beside them. */
export function variationalResult(
  inner: Fit<FittedModel>,
  { source, layout, frozen }: Written,
  { moved, kept }: Pick<VariationalModel, 'moved' | 'kept'>,
): FitResult {
  const posteriors = new Map((inner.posteriors() ?? []).map((p) => [p.name, p]))
  const params = layout.map((p): readonly [string, NestedNumbers] => {
    const posterior = moved.includes(p.name) ? posteriors.get(p.name) : undefined
    return [p.name, posterior === undefined ? (inner.params[p.name] ?? null) : nested(p, posterior.mean)]
  })
  const own = layout.flatMap((p): readonly (readonly [string, ParamPosterior])[] => {
    const posterior = moved.includes(p.name) ? posteriors.get(p.name) : undefined
    return posterior === undefined ? [] : [[p.name, paramPosterior(p, posterior)]]
  })
  const stays = [...kept].map(([name, why]) => ({
    code: 'W558',
    message: `\`${name}\` has no variational posterior and is set to its most probable value: ${why}`,
  }))
  const { standardized, warnings } = inner.result
  // priors are stated in the units of the data: posteriors under the same priors of other data have no way back
  const scaled =
    standardized?.sameModel === false
      ? layout.filter((p) => posteriors.has(p.name) && moved.includes(p.name) && mayHaveUnit(p)).map((p) => p.name)
      : []
  const said = scaled.map((name) => `\`${name}\``).join(', ')
  return {
    ...inner.result,
    ...record([
      ['source', source],
      ['fit', frozen],
    ]),
    mode: 'vb',
    // the objective integrates over the params, and is a criterion by itself
    bic: null,
    aic: null,
    params: record(params),
    posteriors: record(own),
    ...(standardized === undefined || scaled.length === 0
      ? {}
      : {
          standardized: {
            ...standardized,
            onStandardisedScale: [...standardized.onStandardisedScale, ...scaled],
          },
        }),
    warnings: [
      ...warnings.map((w) => {
        if (w.code === 'W536' && scaled.length > 0)
          return { ...w, message: `${w.message}; posteriors (${said}) are given on the standardised scale` }
        return w.code === 'W534' ? { ...w, message: BOUND } : w
      }),
      ...stays,
    ],
  }
}

const BOUND =
  'the objective is a lower bound of the log evidence (a factorised posterior), and the criterion that models are compared by'

function nested(p: ParamLayout, values: Float64Array | null): NestedNumbers {
  return values === null || values.length !== p.length ? null : nestedToJson(nestParam({ ...p, offset: 0 }, values))
}

function paramPosterior(p: ParamLayout, { own, mean, sd, parameters }: LatentPosterior): ParamPosterior {
  const plates = p.shape.slice(0, p.shape.length - own.length)
  const ofFamily = [...(parameters?.values ?? [])].flatMap(([name, values]) => {
    const of = parameters?.own.get(name) ?? own
    const shape = [...plates, ...of]
    const whole = of.length === own.length && of.every((extent, i) => extent === own[i])
    const length = shape.reduce((n, extent) => n * extent, 1)
    const layout = whole ? p : { ...p, shape, used: null, length }
    return layout.length === values.length ? [[name, nested(layout, values)] as const] : []
  })
  return {
    family: parameters?.family ?? 'mixture',
    mean: nested(p, mean),
    sd: nested(p, sd),
    parameters: record(ofFamily),
  }
}

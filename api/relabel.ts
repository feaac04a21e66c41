/** Posteriors of latents with a dimension over components, in the order that these are reported in. */
import { componentDimensions } from '../compiler/bind/exchangeable.js'
import type { ContinuousPosterior, RowArrays } from '../compiler/bind/posterior-reports.js'
import type { Derivation } from '../compiler/derive.js'
import type { ComponentOrder } from '../runtime/canonical-order.js'

/** A dimension, and the old index of each new one. */
interface Move {
  readonly dimension: number
  readonly order: readonly number[]
}

export function relabelled(p: ContinuousPosterior, order: ComponentOrder, d: Derivation): ContinuousPosterior {
  if (order.size === 0) return p
  const moves = componentDimensions('latent', p.name, d).flatMap(({ latent, dimension }): readonly Move[] => {
    const own = order.get(latent)
    return own === undefined ? [] : [{ dimension, order: own }]
  })
  if (moves.length === 0) return p
  const plates = p.shape.length
  /** An array of each row, whose dimensions are those of a row's vector, once or twice over, or the first of them. */
  const moved = (values: Float64Array, own: readonly number[]): Float64Array => {
    const copies = own.length > p.own.length ? 2 : 1
    const all = moves.flatMap((m): readonly Move[] => {
      if (m.dimension < plates) return [m]
      const places = copies === 2 ? [m.dimension, m.dimension + p.own.length] : [m.dimension]
      return places.filter((dimension) => dimension < plates + own.length).map((dimension) => ({ ...m, dimension }))
    })
    return all.reduce((v, m) => alongDimension(v, [...p.shape, ...own], m), values)
  }
  const whole = (values: Float64Array): Float64Array => moved(values, p.own)
  return {
    ...p,
    mean: whole(p.mean),
    variance: whole(p.variance),
    covariance: p.covariance === null ? null : moved(p.covariance, [...p.own, ...p.own]),
    parameters: new Map(
      [...p.parameters].map(([name, { own, values }]): readonly [string, RowArrays] => [
        name,
        { own, values: moved(values, own) },
      ]),
    ),
  }
}

function alongDimension(values: Float64Array, shape: readonly number[], { dimension, order }: Move): Float64Array {
  const extent = shape[dimension] ?? 1
  const inner = shape.slice(dimension + 1).reduce((a, b) => a * b, 1)
  return values.map((_, i) => {
    const at = Math.floor(i / inner) % extent
    return values[i + ((order[at] ?? at) - at) * inner] ?? Number.NaN
  })
}

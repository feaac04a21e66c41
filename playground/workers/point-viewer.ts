/** Params and latents of a point as the page shows them: in terms of the model as it was written, whatever the mode. */
import type { Pictures } from '../../api/pictures.js'
import type { Stepper } from '../../api/stepper.js'
import type { ParamLayout } from '../../runtime/contract.js'
import type { EmPoint } from '../../runtime/em-step.js'
import { eachElement } from '../../runtime/nest.js'
import type { LatentView, ParamView } from '../session/view.js'
import { latentViews, paramView, paramViews } from './views.js'

export interface PointViewer {
  /** `point`: the E-step that came last; null before the first. */
  params(params: Float64Array, point: EmPoint | null): readonly ParamView[]
  latents(point: EmPoint | null): readonly LatentView[]
  /** What pictures are made of, and the params that they are drawn at; null where these are not known yet. */
  drawn(
    params: Float64Array,
    point: EmPoint | null,
  ): { readonly pictures: Pictures; readonly params: Float64Array } | null
}

/** @param written in mode vb the model as it was written: of its params some are latents to the steps */
export function viewerOf(steps: Stepper, written: Stepper | null, order: readonly string[]): PointViewer {
  const held = heldViews(steps)
  const inOrder = (views: readonly ParamView[]): readonly ParamView[] =>
    [...views].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name))
  const own = (params: Float64Array): readonly ParamView[] =>
    paramViews(steps.layout, params).map((p) => {
      const fixed = steps.held.values.get(p.name)
      const layout = steps.layout.find((l) => l.name === p.name)
      return fixed === undefined || layout === undefined ? p : { ...p, held: cellsOf(layout, fixed) }
    })
  if (written === null)
    return {
      params: (params) => inOrder([...own(params), ...held]),
      latents: (point) => (point === null ? [] : latentViews(steps, point)),
      drawn: (params) => ({ pictures: steps.pictures, params }),
    }
  const isParam = new Set(written.layout.map((p) => p.name))
  /** Means and sds of the params that are latents here. */
  const moved = (point: EmPoint | null): readonly ParamView[] => {
    if (point === null) return []
    const posteriors = new Map(steps.posteriors(point).map((p) => [p.name, p]))
    return written.layout.flatMap((layout) => {
      const { mean = null, sd = null } = posteriors.get(layout.name) ?? {}
      if (mean === null || mean.length !== layout.length) return []
      return [{ ...paramView(layout, mean), sd: sd?.slice() ?? null }]
    })
  }
  return {
    params: (params, point) => inOrder([...own(params), ...held, ...moved(point)]),
    latents: (point) => (point === null ? [] : latentViews(steps, point).filter((l) => !isParam.has(l.name))),
    drawn(params, point) {
      const known = new Map([...own(params), ...held, ...moved(point)].map((p) => [p.name, p.values]))
      const flat = new Float64Array(written.layout.reduce((n, p) => n + p.length, 0)).fill(Number.NaN)
      for (const { name, offset } of written.layout) flat.set(known.get(name) ?? [], offset)
      return flat.some(Number.isNaN) ? null : { pictures: written.pictures, params: flat }
    },
  }
}

/** Params that are held whole, which no step has. */
function heldViews({ held }: Stepper): readonly ParamView[] {
  return held.layouts.map((layout) => {
    const values = flatOf(layout, held.values.get(layout.name))
    return { ...paramView(layout, values), held: Array.from(values, () => true) }
  })
}

function flatOf(layout: ParamLayout, nested: unknown): Float64Array {
  const values = new Float64Array(layout.length).fill(Number.NaN)
  eachElement(layout, (offset, index) => {
    const cell = elementOf(nested, index)
    values[offset - layout.offset] = typeof cell === 'number' ? cell : Number.NaN
  })
  return values
}

const cellsOf = (layout: ParamLayout, nested: unknown): readonly boolean[] =>
  Array.from(flatOf(layout, nested), (x) => !Number.isNaN(x))

const elementOf = (nested: unknown, [first, ...rest]: readonly number[]): unknown =>
  first === undefined ? nested : elementOf(Array.isArray(nested) ? (nested as readonly unknown[])[first] : null, rest)

/** Where q is factorised, latents whose slices components pick are arrays by which these are put in order, as params are. */
import type { ComponentArrays, LatentLayout, ParamLayout } from '../../runtime/contract.js'
import { literal } from '../algebra/build.js'
import { collectNodes } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { extentOf } from '../lower/lowerer.js'
import type { LatentOutput, Program } from '../lower/program.js'
import { componentDimensions, isExchangeable, PARAMS_AND_LATENTS } from './exchangeable.js'
import type { BoundNumbers } from './sizes.js'
import { rowLengths } from './table-rows.js'

interface Bound {
  readonly derivation: Derivation
  readonly program: Program
  readonly numbers: BoundNumbers
  readonly params: readonly ParamLayout[]
  readonly latents: readonly LatentLayout[]
  /** Number of elements of the params. */
  readonly length: number
}

export class ComponentLayouts {
  private readonly layouts: readonly ParamLayout[]
  private readonly length: number
  private readonly movable: ReadonlySet<string>

  constructor(private readonly bound: Bound) {
    const { derivation: d, program, numbers, latents } = bound
    const arrays = program.latents
      .filter((l) => l.kind === 'continuous')
      .map((l) => ({ latent: l, components: componentDimensions('latent', l.name, d) }))
      .filter((a) => a.components.length > 0)
    const byName = new Map(program.latents.map((l) => [l.name, l]))
    // one row or column for each value, in the order of the values
    const fits = ({ latent, components }: (typeof arrays)[number], name: string): boolean =>
      components
        .filter((c) => c.latent === name)
        .every(({ dimension }) => {
          const axis = latent.loops[dimension]
          const low = byName.get(name)?.low ?? null
          return (
            axis !== undefined && low !== null && literal(axis.from) === literal(low) && rectangular(latent, numbers)
          )
        })
    this.movable = new Set(
      latents
        .filter((l) => {
          const own = byName.get(l.name)
          return (
            own !== undefined &&
            isExchangeable(own, d, PARAMS_AND_LATENTS) &&
            arrays.every(
              (a) =>
                fits(a, l.name) &&
                a.components.every((c) => c.latent !== l.name || extent(a.latent, c.dimension, numbers) === l.values),
            )
          )
        })
        .map((l) => l.name),
    )
    let offset = bound.length
    this.layouts = arrays.map(({ latent, components }): ParamLayout => {
      const shape = latent.loops.map((_, i) => extent(latent, i, numbers))
      const length = shape.reduce((a, b) => a * b, 1)
      const layout: ParamLayout = {
        name: latent.name,
        offset,
        length,
        shape,
        used: null,
        labels: shape.map(() => null),
        support: { kind: 'real' },
        components,
        role: roleOf(latent.name, components, d),
      }
      offset += length
      return layout
    })
    this.length = offset
  }

  /**
   * Params and latents at the params.
   *
   * @param means posterior means of continuous latents
   * @param isFitted false where the params come from another fit: where a component has params, these number it
   */
  at(
    params: Float64Array,
    means: ReadonlyMap<string, { readonly mean: Float64Array }>,
    isFitted: boolean,
  ): ComponentArrays {
    const { bound, layouts } = this
    const values = new Float64Array(this.length)
    values.set(params)
    for (const l of layouts) values.set(means.get(l.name)?.mean.subarray(0, l.length) ?? [], l.offset)
    const withParams = new Set(bound.params.flatMap((p) => p.components.map((c) => c.latent)))
    return {
      params: [...bound.params, ...layouts],
      latents: bound.latents.map((l) => ({
        ...l,
        exchangeable: this.movable.has(l.name) && (isFitted || !withParams.has(l.name)),
      })),
      values,
    }
  }
}

const extent = (l: LatentOutput, dimension: number, numbers: BoundNumbers): number => {
  const axis = l.loops[dimension]
  return axis === undefined ? 1 : numbers.extent(extentOf(axis))
}

const rectangular = (l: LatentOutput, numbers: BoundNumbers): boolean => rowLengths(l.loops, numbers) === null

/** What a latent is for the order: Normal ones are locations, and without these numbers of other families are. */
function roleOf(name: string, components: ParamLayout['components'], d: Derivation): ParamLayout['role'] {
  const block = d.eStep.blocks.find((b) => b.latents.some((l) => l.latent.name === name))
  if (block?.kind === 'gaussian') return 'location'
  if (block?.kind !== 'conjugate') return 'other'
  const of = new Set(components.map((c) => c.latent))
  const isWeight = d.lifted.some(
    (f) =>
      f.factor.role === 'latent' &&
      of.has(f.factor.target.name) &&
      collectNodes(f.expr, (n) => n.kind === 'ref' && n.space === 'latent' && n.name === name).length > 0,
  )
  if (isWeight) return 'weight'
  const besides = d.eStep.blocks.some(
    (b) =>
      b.kind === 'gaussian' &&
      b.latents.some((l) => componentDimensions('latent', l.latent.name, d).some((c) => of.has(c.latent))),
  )
  return block.family.rank === 0 && !besides ? 'location' : 'other'
}

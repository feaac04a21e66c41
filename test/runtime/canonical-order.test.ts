import { describe, expect, it } from 'vitest'
import { canonicalOrder, permuteFloors, permuteParams, permutePosterior } from '../../runtime/canonical-order.js'
import type { BoundModel, LatentLayout, ParamLayout } from '../../runtime/contract.js'
import { nestParam } from '../../runtime/nest.js'
import { gaussianMixture, latentLayout, layout } from './fake-models.js'

const base = gaussianMixture([[0], [1], [2]], 2)

function shape(params: ParamLayout[], latents: LatentLayout[]): BoundModel {
  return { ...base, params, latents, length: params.reduce((sum, param) => sum + param.length, 0) }
}

const z = (dimension: number): { latent: string; dimension: number } => ({ latent: 'z', dimension })
const simplex = { kind: 'simplex' } as const

describe('the canonical order', () => {
  it('sorts by location, first coordinate first, then the next ones', () => {
    const model = shape(
      [
        layout('pi', 0, [3], { components: [z(0)], role: 'weight', support: simplex }),
        layout('mu', 3, [3, 2], { components: [z(0)], role: 'location' }),
      ],
      [latentLayout('z', 4, 3)],
    )
    const params = Float64Array.of(0.5, 0.2, 0.3, 5, 2, 5, 1, 1, 9)
    const order = canonicalOrder(model, params)
    expect(order.get('z')).toEqual([2, 1, 0])
    expect([...permuteParams(model, params, order)]).toEqual([0.3, 0.2, 0.5, 1, 9, 5, 1, 5, 2])
  })

  it('sorts by weight, heaviest first, without a location', () => {
    const model = shape(
      [
        layout('theta', 0, [2, 2], { components: [z(0)], support: simplex }),
        layout('pi', 4, [2], { components: [z(0)], role: 'weight', support: simplex }),
      ],
      [latentLayout('z', 4, 2)],
    )
    const params = Float64Array.of(0.1, 0.9, 0.4, 0.6, 0.2, 0.8)
    expect([...permuteParams(model, params, canonicalOrder(model, params))]).toEqual([0.4, 0.6, 0.1, 0.9, 0.8, 0.2])
  })

  it('takes no weight of a dimension along which simplices add up to 1', () => {
    const model = shape(
      [
        layout('start', 0, [2, 3], { components: [z(0)], role: 'weight', support: simplex }),
        layout('pi', 6, [2], { components: [z(0)], role: 'weight', support: simplex }),
      ],
      [latentLayout('z', 4, 2)],
    )
    const params = Float64Array.of(0.7, 0.1, 0.2, 0.3, 0.3, 0.4, 0.2, 0.8)
    // 0.7 + 0.1 + 0.2 is a little less than 1
    expect(canonicalOrder(model, params).get('z')).toEqual([1, 0])
    expect(canonicalOrder(model, Float64Array.of(0.3, 0.3, 0.4, 0.7, 0.1, 0.2, 0.8, 0.2)).size).toBe(0)
  })

  it('is the same however other components are numbered', () => {
    const g = { latent: 'g', dimension: 0 }
    const model = shape(
      [layout('mu', 0, [2, 2], { components: [g, z(1)], role: 'location' })],
      [latentLayout('g', 4, 2), latentLayout('z', 4, 2)],
    )
    const inOrder = (...params: number[]): number[] => {
      const given = Float64Array.from(params)
      const moved = permuteParams(model, given, canonicalOrder(model, given))
      expect(canonicalOrder(model, moved).size).toBe(0)
      return [...moved]
    }
    expect(inOrder(9, 0, 3, 4)).toEqual([0, 9, 4, 3])
    expect(inOrder(0, 9, 4, 3)).toEqual([0, 9, 4, 3])
    expect(inOrder(3, 4, 9, 0)).toEqual([0, 9, 4, 3])
    expect(inOrder(4, 3, 0, 9)).toEqual([0, 9, 4, 3])
  })

  it('moves both dimensions of a transition matrix', () => {
    const model = shape(
      [
        layout('step', 0, [2, 2], { components: [z(0), z(1)], role: 'weight', support: simplex }),
        layout('rate', 4, [2], { components: [z(0)], role: 'location' }),
      ],
      [latentLayout('z', 4, 2)],
    )
    const params = Float64Array.of(0.9, 0.1, 0.3, 0.7, 8, 2)
    expect([...permuteParams(model, params, canonicalOrder(model, params))]).toEqual([0.7, 0.3, 0.1, 0.9, 2, 8])
  })

  it('moves a dimension in the middle, with the padding of a ragged one', () => {
    const model = shape(
      [
        layout('theta', 0, [2, 2, 3], { components: [z(0)], used: [2, 3, 2, 3], support: simplex }),
        layout('pi', 12, [2], { components: [z(0)], role: 'weight', support: simplex }),
      ],
      [latentLayout('z', 4, 2)],
    )
    const params = Float64Array.of(1, 2, 0, 3, 4, 5, 6, 7, 0, 8, 9, 10, 0.1, 0.9)
    const moved = permuteParams(model, params, canonicalOrder(model, params))
    const theta = model.params[0]
    expect(theta && nestParam(theta, moved)).toEqual([
      [
        [6, 7],
        [8, 9, 10],
      ],
      [
        [1, 2],
        [3, 4, 5],
      ],
    ])
  })

  it('keeps what is not exchangeable, and what is ordered', () => {
    const mu = layout('mu', 0, [2], { components: [z(0)], role: 'location' })
    expect(canonicalOrder(shape([mu], [latentLayout('z', 4, 2, false)]), Float64Array.of(5, 1)).size).toBe(0)
    const ordered: ParamLayout = { ...mu, support: { kind: 'ordered' } }
    expect(canonicalOrder(shape([ordered], [latentLayout('z', 4, 2)]), Float64Array.of(5, 1)).size).toBe(0)
  })

  it('lets names agree where values and another dimension share them', () => {
    const labels = ['no', 'yes']
    const model = shape(
      [
        layout('confusion', 0, [2, 2, 2], { components: [z(1)], support: simplex, labels: [null, labels, labels] }),
        layout('prior', 8, [2], { components: [z(0)], role: 'weight', support: simplex, labels: [labels] }),
      ],
      [latentLayout('z', 4, 2)],
    )
    const params = Float64Array.of(0.2, 0.8, 0.7, 0.3, 0.4, 0.6, 0.9, 0.1, 0.6, 0.4)
    const moved = permuteParams(model, params, canonicalOrder(model, params))
    expect([...moved]).toEqual([0.7, 0.3, 0.2, 0.8, 0.9, 0.1, 0.4, 0.6, 0.4, 0.6])
    expect(canonicalOrder(model, moved).size).toBe(0)
  })

  it('moves latents that share a dimension together', () => {
    const mu = layout('mu', 0, [2], { components: [z(0), { latent: 'y', dimension: 0 }], role: 'location' })
    const model = shape([mu], [latentLayout('z', 4, 2), latentLayout('y', 4, 2)])
    const order = canonicalOrder(model, Float64Array.of(5, 1))
    expect([...order]).toEqual([
      ['z', [1, 0]],
      ['y', [1, 0]],
    ])
    expect([...permuteParams(model, Float64Array.of(5, 1), order)]).toEqual([1, 5])
  })

  it('moves posteriors and floors alike', () => {
    const latent = latentLayout('z', 2, 3)
    const order = new Map([['z', [2, 0, 1]]])
    expect([...permutePosterior(latent, Float64Array.of(1, 2, 3, 4, 5, 6), order)]).toEqual([3, 1, 2, 6, 4, 5])
    const model = shape([layout('sigma', 0, [3], { components: [z(0)], role: 'spread' })], [latent])
    expect(permuteFloors(model, [{ param: 'sigma', index: [3], floor: 1 }], order)).toEqual([
      { param: 'sigma', index: [1], floor: 1 },
    ])
  })
})

import { describe, expect, it } from 'vitest'
import { Pictures } from '../../api/pictures.js'
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { boundExample } from './bound-example.js'

function iteratesOf(model: ProgramModel, start: Float64Array, count: number): readonly Float64Array[] {
  const out = [start]
  for (let t = 0; t < count; t++) {
    const theta = out[t] ?? start
    out.push(model.mStep(theta, model.eStep(theta)).params)
  }
  return out
}

describe('the curve of the bound', () => {
  it('touches the objective at θ(t) and has its top at θ(t+1) along the M-step', async () => {
    const { model, start } = boundExample('old-faithful/full.estep', 'old-faithful/faithful.csv')
    const theta = await start()
    const [, next = theta, , , end = theta] = iteratesOf(model, theta, 4)
    const q = { params: theta, expectation: model.eStep(theta) }
    const run = { q, next, start: theta, end }
    const pictures = new Pictures(model)
    expect(pictures.directions(run).map((d) => d.label)).toEqual([
      'the M-step',
      'start to end',
      ...['pi[1]', 'pi[2]', 'mu[1, 1]', 'mu[1, 2]', 'mu[2, 1]', 'mu[2, 2]'],
    ])
    const curve = pictures.boundCurve(run, { kind: 'step' }, 81)
    if (curve?.next == null) throw new Error('no curve')
    expect(curve.at.x).toBe(0)
    expect(curve.next.x).toBeCloseTo(1, 12)
    const touches = curve.x.indexOf(0)
    expect(curve.elbo[touches]).toBeCloseTo(curve.at.objective, 8)
    expect(curve.objective[touches]).toBeCloseTo(curve.at.objective, 8)
    const finite = curve.elbo.filter(Number.isFinite)
    expect(Math.max(...finite)).toBeCloseTo(curve.next.elbo, 8)
    expect(curve.next.objective).toBeGreaterThan(curve.next.elbo)
    curve.x.forEach((_, i) => {
      const [b, l] = [curve.elbo[i] ?? 0, curve.objective[i] ?? 0]
      if (Number.isFinite(b) && Number.isFinite(l)) expect(b).toBeLessThanOrEqual(l + 1e-9 * 3000)
    })
    for (const { direction } of pictures.directions(run)) {
      const along = pictures.boundCurve(run, direction, 15)
      expect(along?.x.length).toBeGreaterThanOrEqual(15)
      expect(along?.elbo.some(Number.isFinite)).toBe(true)
    }
  })

  it('is null where nothing moves', () => {
    const { model } = boundExample('grades/hidden.estep', 'grades/hidden.csv')
    const theta = Float64Array.of(0.1)
    const q = { params: theta, expectation: model.eStep(theta) }
    expect(new Pictures(model).boundCurve({ q, next: theta, start: theta, end: theta }, { kind: 'line' }, 9)).toBeNull()
  })
})

describe('the contours of J(q, θ)', () => {
  it('rise along the path of E and M', () => {
    const { model } = boundExample('grades/hidden.estep', { h: [20], c: [10], d: [10] })
    const iterates = iteratesOf(model, Float64Array.of(0.02), 6)
    const contour = new Pictures(model).boundContour(iterates, 31)
    if (contour === null) throw new Error('no contours')
    expect(contour.param).toBe('mu')
    expect(contour.path).toHaveLength(13)
    contour.path.forEach((p, i) => {
      const before = contour.path[i - 1]
      if (before === undefined) return
      expect(p.value).toBeGreaterThanOrEqual(before.value - 1e-12)
      // E moves q alone, M moves θ alone
      expect(i % 2 === 1 ? p.q : p.theta).toBe(i % 2 === 1 ? before.q : before.theta)
    })
    const visited = iterates.map((x) => x[0] ?? 0)
    expect(contour.q[0]).toBeLessThan(Math.min(...visited))
    expect(contour.q.at(-1)).toBeGreaterThan(Math.max(...visited))
    expect(contour.q[0]).toBeGreaterThan(0)
    expect(contour.q.at(-1)).toBeLessThan(1 / 6)
    expect(contour.values.every(Number.isFinite)).toBe(true)
    // E[b] = h μ / (1/2 + μ), or its complement
    const [v = 0] = contour.q
    const b = (20 * v) / (0.5 + v)
    expect(contour.expected?.values[0]).toBeCloseTo(contour.expected?.latent === 'b' ? b : 20 - b, 10)
  })

  it('are of models with one number as param and latents only', async () => {
    const two = boundExample('eight-schools/model.estep', 'eight-schools/schools.csv')
    expect(new Pictures(two.model).boundContour([await two.start()], 5)).toBeNull()
    const plain = boundExample('grades/plain.estep', 'grades/plain.csv')
    expect(new Pictures(plain.model).boundContour([Float64Array.of(0.1)], 5)).toBeNull()
  })
})

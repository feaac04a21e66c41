import { describe, expect, it } from 'vitest'
import { chiSquareDraw, gaussHermite, normalDraw } from '../../../compiler/numerics/index.js'

describe('gaussHermite', () => {
  it('has the nodes and weights of Abramowitz and Stegun (1964), table 25.10', () => {
    const { nodes, logWeights } = gaussHermite(5)
    const weights = logWeights.map((w, i) => Math.exp(w - (nodes[i] ?? 0) ** 2))
    const published = [
      [2.020182870456086, 0.01995324205904591],
      [0.958572464613819, 0.3936193231522412],
      [0, 0.9453087204829419],
    ]
    published.forEach(([z = 0, w = 0], i) => {
      expect(nodes[4 - i]).toBeCloseTo(z, 14)
      expect(weights[4 - i]).toBeCloseTo(w, 14)
    })
  })

  it.each([1, 2, 3, 7, 20, 64, 127, 200])('integrates the moments of a normal density with %i nodes', (n) => {
    const { nodes, logWeights } = gaussHermite(n)
    // ∫ z^{2p} exp(−z²) dz = Γ(p + 1/2)
    let gamma = Math.sqrt(Math.PI)
    for (let p = 0; p < Math.min(n, 12); p++) {
      const sum = nodes.reduce((s, z, i) => s + Math.exp((logWeights[i] ?? 0) - z * z) * z ** (2 * p), 0)
      expect(Math.abs(sum / gamma - 1)).toBeLessThan(1e-12)
      gamma *= p + 0.5
    }
    expect([...nodes]).toEqual([...nodes].sort((a, b) => a - b))
  })

  it('keeps the relative accuracy of weights in the tails', () => {
    // ∫ exp(−z²/8) dz: wider than the weight of the rule
    const { nodes, logWeights } = gaussHermite(150)
    const sum = nodes.reduce((s, z, i) => s + Math.exp((logWeights[i] ?? 0) - z ** 2 / 8), 0)
    expect(sum).toBeCloseTo(Math.sqrt(8 * Math.PI), 10)
  })
})

describe('draws of counters', () => {
  const N = 40_000
  const normals = Array.from({ length: N }, (_, i) => normalDraw(1, i % 200, Math.floor(i / 200), i % 3))
  const mean = (xs: readonly number[]): number => xs.reduce((a, b) => a + b, 0) / xs.length

  it('are normal and χ², to five standard errors', () => {
    const far = 5 / Math.sqrt(N)
    expect(Math.abs(mean(normals))).toBeLessThan(far)
    expect(Math.abs(mean(normals.map((z) => z * z)) - 1)).toBeLessThan(far * Math.sqrt(2))
    expect(Math.abs(mean(normals.map((z) => z ** 4)) - 3)).toBeLessThan(far * Math.sqrt(96))
    const squares = Array.from({ length: N }, (_, i) => chiSquareDraw(7, i, 3))
    expect(Math.abs(mean(squares) - 4)).toBeLessThan(far * Math.sqrt(8))
    expect(Math.abs(mean(squares.map((x) => (x - 4) ** 2)) - 8)).toBeLessThan(far * Math.sqrt(8 * 8 * 8))
  })

  it('are independent along every counter', () => {
    const far = 5 / Math.sqrt(N)
    const pairs: readonly ((i: number) => number)[] = [
      (i) => normalDraw(1, i, 0, 0) * normalDraw(1, i + 1, 0, 0),
      (i) => normalDraw(1, 0, i, 0) * normalDraw(1, 0, i + 1, 0),
      (i) => normalDraw(1, 0, i, 0) * normalDraw(1, 0, i, 1),
      (i) => normalDraw(1, i, 4, 0) * normalDraw(2, i, 4, 0),
      (i) => normalDraw(1, i, 4, 0) * (chiSquareDraw(1, i, 4) - 4) * 0.35,
    ]
    for (const pair of pairs) expect(Math.abs(mean(Array.from({ length: N }, (_, i) => pair(i))))).toBeLessThan(far)
  })

  it('are the same for the same counters', () => {
    expect(normalDraw(3, 1, 4, 1)).toBe(normalDraw(3, 1, 4, 1))
    expect(normalDraw(3, 1, 4, 1)).not.toBe(normalDraw(4, 1, 4, 1))
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inverseSpd, logdetSpd, SparseSpd } from '../../../compiler/numerics/index.js'
import { minimumDegree } from '../../../compiler/numerics/sparse/minimum-degree.js'
import { sparseGraph } from '../../../compiler/numerics/sparse/sparse-graph.js'

interface Entry {
  readonly i: number
  readonly j: number
  readonly q: number
}

interface Matrix {
  readonly order: number
  readonly entries: readonly Entry[]
}

/** Numbers in [0, 1), the same in every run. */
function stream(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

function build({ order, entries }: Matrix): SparseSpd {
  return new SparseSpd(
    order,
    Int32Array.from(entries, ({ i }) => i),
    Int32Array.from(entries, ({ j }) => j),
  )
}

function run(matrix: Matrix, spd = build(matrix)): SparseSpd {
  spd.clear()
  spd.add(
    Float64Array.from(matrix.entries, ({ q }) => q),
    matrix.entries.length,
    0,
  )
  spd.factor()
  return spd
}

/** Row by row; cells that no entry names have 1 on the diagonal. */
function dense({ order, entries }: Matrix): Float64Array {
  const out = new Float64Array(order * order)
  const named = new Set<number>()
  const add = (i: number, j: number, q: number): void => {
    out[i * order + j] = (out[i * order + j] ?? 0) + q
    named.add(i)
  }
  for (const { i, j, q } of entries) {
    if (i < 0 || j < 0) continue
    add(i, j, q)
    add(j, i, q)
  }
  for (let i = 0; i < order; i++) if (!named.has(i)) out[i * order + i] = 1
  return out
}

/** Compares solution, log-determinant and every element of the inverse that is there with dense routines. */
function expectDense(matrix: Matrix, spd: SparseSpd, tolerance: number): void {
  const { order, entries } = matrix
  const a = dense(matrix)
  const inverse = new Float64Array(order * order)
  expect(inverseSpd(a, 0, inverse, 0, order)).toBe(true)
  const scale = inverse.reduce((most, value) => Math.max(most, Math.abs(value)), 0)
  const logdet = logdetSpd(a, 0, order)
  expect(Math.abs(spd.logdet() - logdet)).toBeLessThan(tolerance * (1 + Math.abs(logdet)))
  let pairs = 0
  let error = 0
  let symmetric = true
  for (let i = 0; i < order; i++) {
    for (let j = 0; j < order; j++) {
      const pair = spd.pair(i, j)
      symmetric &&= spd.pair(j, i) === pair
      if (pair < 0) continue
      pairs += 1
      error = Math.max(error, Math.abs(spd.inverseAt(pair) - (inverse[i * order + j] ?? 0)))
    }
  }
  expect(symmetric).toBe(true)
  expect(error).toBeLessThan(tolerance * scale)
  expect(pairs).toBe(order + 2 * spd.entries)
  expect(entries.every(({ i, j }) => i < 0 || j < 0 || spd.pair(i, j) >= 0)).toBe(true)
  const named = new Set(entries.flatMap(({ i, j }) => (i < 0 || j < 0 ? [] : [i, j])))
  const right = Float64Array.from({ length: order }, (_, i) => Math.sin(i + 1))
  const mean = new Float64Array(order)
  spd.solve(right, mean)
  const misses = mean.map((value, i) => {
    let sum = 0
    for (let j = 0; j < order; j++) if (named.has(j)) sum += (inverse[i * order + j] ?? 0) * (right[j] ?? 0)
    return Math.abs(value - (named.has(i) ? sum : 0))
  })
  expect(misses.every((miss) => miss < tolerance * scale * order)).toBe(true)
}

/** Off-diagonal entries with what makes their cells dominant; places where an entry is passed over; unnamed cells. */
const random: fc.Arbitrary<Matrix> = fc.integer({ min: 1, max: 24 }).chain((order) => {
  const cell = fc.integer({ min: -1, max: order - 1 })
  const entry = fc.record({ i: cell, j: cell, q: fc.double({ min: -1, max: 1, noNaN: true }) })
  return fc.array(entry, { maxLength: 3 * order }).map((entries) => ({
    order,
    entries: entries.flatMap(({ i, j, q }) => {
      if (i < 0 || j < 0) return [{ i, j, q: Number.NaN }]
      const weight = Math.abs(q) / 2 + 0.01
      return [
        { i, j, q: i === j ? weight : q },
        { i, j: i, q: weight },
        { i: j, j, q: weight },
      ]
    }),
  }))
})

function chain(order: number, diagonal: number, beside: readonly number[]): Matrix {
  const entries: Entry[] = []
  for (let i = 0; i < order; i++) {
    entries.push({ i, j: i, q: diagonal / 2 })
    beside.forEach((q, lag) => {
      if (i > lag) entries.push({ i, j: i - lag - 1, q })
    })
  }
  return { order, entries }
}

/** y = a + u[g] + v[h] + noise: `count` rows at random, every cell with a prior. */
function crossed(groups: readonly number[], count: number, seed: number): Matrix {
  const next = stream(seed)
  const order = groups.reduce((sum, size) => sum + size, 0)
  const entries: Entry[] = Array.from({ length: order }, (_, i) => ({ i, j: i, q: 0.4 }))
  for (let n = 0; n < count; n++) {
    let from = 0
    const cells = groups.map((size) => {
      const cell = from + Math.floor(next() * size)
      from += size
      return cell
    })
    for (const i of cells) for (const j of cells) if (i <= j) entries.push({ i, j, q: i === j ? 0.5 : 1 })
  }
  return { order, entries }
}

describe('sparse positive definite matrices', () => {
  it('agree with dense ones', () => {
    fc.assert(
      fc.property(random, (matrix) => {
        const spd = run(matrix)
        expectDense(matrix, spd, 1e-12)
        const doubled = { ...matrix, entries: matrix.entries.map((entry) => ({ ...entry, q: 2 * entry.q })) }
        expectDense(doubled, run(doubled, spd), 1e-12)
      }),
      { numRuns: 300 },
    )
  })

  it('agree with dense ones: bands, nested and crossed groups, a hub, a grid', () => {
    const hub = chain(150, 3, [-0.5])
    const grid: Entry[] = []
    for (let at = 0; at < 225; at++) {
      grid.push({ i: at, j: at, q: 1.1 })
      if (at % 15 > 0) grid.push({ i: at, j: at - 1, q: -0.5 })
      if (at >= 15) grid.push({ i: at - 15, j: at, q: -0.5 })
    }
    const cases: readonly Matrix[] = [
      chain(200, 3, [-0.9, -0.4]),
      { ...hub, entries: [...hub.entries, ...Array.from({ length: 149 }, (_, i) => ({ i: 0, j: i + 1, q: 0.001 }))] },
      crossed([60, 12], 300, 1),
      crossed([90, 30, 5], 200, 2),
      crossed([100, 70], 900, 4),
      { order: 100, entries: crossed([40, 40], 1500, 6).entries },
      { order: 225, entries: grid },
    ]
    for (const matrix of cases) expectDense(matrix, run(matrix), 1e-12)
  })

  it('keep a band as it is and undo a shuffle of it', () => {
    const order = 2000
    const band = chain(order, 4, [-0.9, -0.4])
    expect(build(band).entries).toBe(2 * order - 3)
    const next = stream(5)
    const keys = Array.from({ length: order }, () => next())
    const shuffled = Array.from({ length: order }, (_, i) => i).sort((i, j) => (keys[i] ?? 0) - (keys[j] ?? 0))
    const entries = band.entries.map(({ i, j, q }) => ({ i: shuffled[i] ?? 0, j: shuffled[j] ?? 0, q }))
    const spd = run({ order, entries })
    expect(spd.entries).toBeLessThan(2.2 * order)
    expect(Math.abs(spd.logdet() - run(band).logdet())).toBeLessThan(1e-10)
  })

  it('eliminate a hub last, wherever it stands', () => {
    const order = 5000
    for (const hub of [0, 2500, order - 1]) {
      const entries = Array.from({ length: order }, (_, i) => ({ i, j: hub, q: i === hub ? order : 1 }))
      expect(build({ order, entries }).entries).toBe(order - 1)
    }
  })

  it('eliminate the many before the few in crossed groups', () => {
    const matrix = crossed([2000, 200], 10_000, 3)
    const pairs = new Set(matrix.entries.filter(({ i, j }) => i !== j).map(({ i, j }) => i * matrix.order + j))
    expect(build(matrix).entries).toBeLessThanOrEqual(pairs.size + (200 * 199) / 2)
  })

  it('find an order for any graph', () => {
    fc.assert(
      fc.property(random, ({ order, entries }) => {
        const [rows, columns] = [entries.map(({ i }) => i), entries.map(({ j }) => j)]
        const sequence = minimumDegree(sparseGraph(order, Int32Array.from(rows), Int32Array.from(columns)))
        expect([...sequence].sort((i, j) => i - j)).toEqual(Array.from({ length: order }, (_, i) => i))
      }),
    )
  })

  it('find the same order where lists have to be moved together on the way', () => {
    const { order, entries } = crossed([400, 300, 200], 1500, 8)
    const [rows, columns] = [entries.map(({ i }) => i), entries.map(({ j }) => j)]
    const graph = sparseGraph(order, Int32Array.from(rows), Int32Array.from(columns))
    expect(minimumDegree(graph, 0)).toEqual(minimumDegree(graph, 100 * order))
  })

  it('are as fast as the length of a chain', () => {
    const order = 100_000
    const next = stream(9)
    const diagonal = Float64Array.from({ length: order }, () => 2 + next())
    const beside = Float64Array.from({ length: order - 1 }, () => next() - 1)
    const entries: Entry[] = []
    for (let i = 0; i < order; i++) {
      entries.push({ i, j: i, q: (diagonal[i] ?? 0) / 2 })
      if (i > 0) entries.push({ i: i - 1, j: i, q: beside[i - 1] ?? 0 })
    }
    const begin = performance.now()
    const spd = build({ order, entries })
    const analysed = performance.now()
    const right = new Float64Array(order).fill(1)
    const mean = new Float64Array(order)
    const times: number[] = []
    for (let repeat = 0; repeat < 4; repeat++) {
      const start = performance.now()
      run({ order, entries }, spd).solve(right, mean)
      spd.inverseAt(0)
      times.push(performance.now() - start)
    }
    const milliseconds = (time: number): string => `${time.toFixed(1)} ms`
    console.log(
      `chain of ${order}: pattern ${milliseconds(analysed - begin)}, then ${times.map(milliseconds).join(', ')}`,
    )
    expect(Math.max(...times)).toBeLessThan(5000)
    // Pivots of the elimination from either end; V_ii = 1 / (forward + backward − diagonal).
    const forward = new Float64Array(order)
    const backward = new Float64Array(order)
    for (let i = 0; i < order; i++) {
      const [left, right] = [beside[i - 1] ?? 0, beside[order - 1 - i] ?? 0]
      forward[i] = (diagonal[i] ?? 0) - (i > 0 ? left ** 2 / (forward[i - 1] ?? 1) : 0)
      const at = order - 1 - i
      backward[at] = (diagonal[at] ?? 0) - (i > 0 ? right ** 2 / (backward[at + 1] ?? 1) : 0)
    }
    let logdet = 0
    for (let i = 0; i < order; i++) {
      const variance = 1 / ((forward[i] ?? 0) + (backward[i] ?? 0) - (diagonal[i] ?? 0))
      logdet += Math.log(forward[i] ?? 0)
      if (Math.abs(spd.inverseAt(spd.pair(i, i)) - variance) > 1e-12 * variance) throw new Error(`variance ${i}`)
      if (i === 0) continue
      const covariance = (-(beside[i - 1] ?? 0) / (forward[i - 1] ?? 1)) * variance
      if (Math.abs(spd.inverseAt(spd.pair(i - 1, i)) - covariance) > 1e-12) throw new Error(`covariance ${i}`)
      const [before, here, after] = [mean[i - 1] ?? 0, mean[i] ?? 0, mean[i + 1] ?? 0]
      const back = (beside[i - 1] ?? 0) * before + (diagonal[i] ?? 0) * here + (beside[i] ?? 0) * after
      if (Math.abs(back - 1) > 1e-12) throw new Error(`mean ${i}`)
    }
    expect(Math.abs(spd.logdet() - logdet)).toBeLessThan(1e-9 * logdet)
  })

  it('are NaN where they are not positive definite, and recover', () => {
    const walk = (order: number, step: number): Matrix => ({
      order,
      entries: Array.from({ length: order - 1 }, (_, i) => [
        { i, j: i, q: step / 2 },
        { i: i + 1, j: i + 1, q: step / 2 },
        { i, j: i + 1, q: -step },
      ]).flat(),
    })
    const bad: readonly Matrix[] = [
      walk(5, 1),
      walk(1000, 0.1),
      walk(20_000, 1 / 3),
      { order: 2, entries: [{ i: 0, j: 1, q: 1 }] },
      { order: 1, entries: [{ i: 0, j: 0, q: 0 }] },
      { order: 1, entries: [{ i: 0, j: 0, q: -1 }] },
      { order: 1, entries: [{ i: 0, j: 0, q: Number.NaN }] },
      { order: 2, entries: [0, 1].map((i) => ({ i, j: i, q: i === 0 ? 1 : Number.POSITIVE_INFINITY })) },
      { order: 3, entries: chain(3, 1, [-0.9]).entries },
      // Every pair once, so rank one; and every cell of two crossed groups without a prior.
      { order: 50, entries: Array.from({ length: 2500 }, (_, at) => ({ i: Math.floor(at / 50), j: at % 50, q: 0.1 })) },
      { order: 120, entries: crossed([70, 50], 2000, 7).entries.slice(120) },
    ]
    for (const matrix of bad) {
      const spd = run(matrix)
      const mean = new Float64Array(matrix.order)
      spd.solve(new Float64Array(matrix.order), mean)
      expect(mean.every(Number.isNaN)).toBe(true)
      expect(spd.logdet()).toBeNaN()
      expect(spd.inverseAt(spd.pair(0, 0))).toBeNaN()
    }
    const better = walk(1000, 0.1)
    const spd = build({ order: 1000, entries: [...better.entries, { i: 7, j: 7, q: 0 }] })
    const mean = new Float64Array(1000)
    for (const [anchor, definite] of [[0, false] as const, [0.5, true] as const, [0, false] as const]) {
      run({ order: 1000, entries: [...better.entries, { i: 7, j: 7, q: anchor }] }, spd).solve(mean, mean)
      expect(Number.isNaN(spd.logdet())).toBe(!definite)
      if (definite) expect(Math.abs(spd.inverseAt(spd.pair(999, 999)) - (1 + 992 / 0.1))).toBeLessThan(1e-6)
      mean.fill(1)
    }
  })

  it('hold nothing', () => {
    const spd = run({ order: 0, entries: [{ i: -1, j: -1, q: 1 }] })
    expect(spd.logdet()).toBe(0)
    expect(spd.pair(0, 0)).toBe(-1)
  })
})

import { describe, expect, test } from 'vitest'
import { add, call, log, mul, neg, num, pow, square, sub } from '../../../compiler/algebra/build.js'
import { derivativeByScalar } from '../../../compiler/algebra/differentiate.js'
import type { Expr } from '../../../compiler/algebra/types.js'
import type { Solve } from '../../../compiler/lower/program.js'
import type { StationaryStep } from '../../../compiler/mstep/types.js'
import { chartOf } from '../../../compiler/targets/solve/charts.js'
import { floorSpectrum } from '../../../compiler/targets/solve/floor-spectrum.js'
import { isotonic } from '../../../compiler/targets/solve/isotonic.js'
import {
  type FreeBlock,
  maximise,
  NEWTON_LIMIT,
  type Objective,
  type Piece,
} from '../../../compiler/targets/solve/newton.js'
import { solveStationary } from '../../../compiler/targets/solve/stationary.js'
import type { ParamLayout } from '../../../runtime/contract.js'

const layout = (support: ParamLayout['support'], shape: readonly number[] = []): ParamLayout => ({
  name: 'p',
  offset: 0,
  length: shape.reduce((a, b) => a * b, 1),
  shape,
  used: null,
  labels: shape.map(() => null),
  support,
  components: [],
  role: 'other',
})

/** Supports laid end to end, all of them in one group. */
function block(...supports: readonly ParamLayout[]): FreeBlock {
  let from = 0
  const pieces = supports.flatMap((l) => {
    const found = chartOf(l)
    if (found === null) throw new Error('no chart')
    return Array.from({ length: found.blocks }, (): Piece => {
      const piece = { chart: found.chart, from, group: 0, at: from }
      from += found.chart.size
      return piece
    })
  })
  return { pieces, size: from, groups: [from] }
}

/** Most steps of either method. */
const upTo = (n: number) => ({ newton: n, quasi: 4 * n })

type Function = (t: Float64Array) => number
type Vector = (t: Float64Array) => Float64Array

function objective(value: Function, gradient: Vector, hessian: Vector): Objective {
  return {
    value,
    derivatives: (t, second) => ({
      value: value(t),
      gradient: gradient(t),
      hessian: second ? [hessian(t)] : null,
    }),
  }
}

const get = (x: Float64Array, i: number): number => x[i] ?? Number.NaN

describe('Newton', () => {
  /** a log p1 + b log p2 + c log p3 on the simplex. */
  const counts = [2, 5, 3]
  const simplex = objective(
    (t) => counts.reduce((s, c, i) => s + c * Math.log(get(t, i)), 0),
    (t) => Float64Array.from(counts, (c, i) => c / get(t, i)),
    (t) => {
      const h = new Float64Array(9)
      counts.forEach((c, i) => {
        h[i * 4] = -c / get(t, i) ** 2
      })
      return h
    },
  )

  test('the mode of a Dirichlet to the last digits', () => {
    const end = maximise(block(layout({ kind: 'simplex' }, [3])), simplex, Float64Array.of(0.6, 0.2, 0.2), upTo(50))
    counts.forEach((c, i) => {
      expect(get(end, i)).toBeCloseTo(c / 10, 12)
    })
  })

  test('an indefinite start is left uphill', () => {
    // −(x² − 1)²: a local minimum at 0 between maxima at ±1
    const well = objective(
      (t) => -((get(t, 0) ** 2 - 1) ** 2),
      (t) => Float64Array.of(-4 * get(t, 0) * (get(t, 0) ** 2 - 1)),
      (t) => Float64Array.of(-12 * get(t, 0) ** 2 + 4),
    )
    expect(get(maximise(block(layout({ kind: 'real' })), well, Float64Array.of(0.1), upTo(50)), 0)).toBeCloseTo(1, 10)
    expect(get(maximise(block(layout({ kind: 'real' })), well, Float64Array.of(-0.1), upTo(50)), 0)).toBeCloseTo(-1, 10)
  })

  test('where a function is taken for +∞ there is no maximum', () => {
    // −(x − 3)², whose first step leads beyond 2.5
    const cut = objective(
      (t) => (get(t, 0) > 2.5 ? Number.POSITIVE_INFINITY : -((get(t, 0) - 3) ** 2)),
      (t) => Float64Array.of(-2 * (get(t, 0) - 3)),
      () => Float64Array.of(-2),
    )
    const end = maximise(block(layout({ kind: 'real' })), cut, Float64Array.of(-4), upTo(50))
    expect(get(end, 0)).toBeGreaterThan(-1)
    expect(get(end, 0)).toBeLessThanOrEqual(2.5)
  })

  test('an unidentified direction is not moved along', () => {
    // depends on x − y only
    const flat = objective(
      (t) => -((get(t, 0) - get(t, 1) - 3) ** 2) - 500,
      (t) => Float64Array.of(-2 * (get(t, 0) - get(t, 1) - 3), 2 * (get(t, 0) - get(t, 1) - 3)),
      () => Float64Array.of(-2, 2, 2, -2),
    )
    const end = maximise(
      block(layout({ kind: 'real' }), layout({ kind: 'real' })),
      flat,
      Float64Array.of(10, -4),
      upTo(50),
    )
    expect(get(end, 0) - get(end, 1)).toBeCloseTo(3, 12)
    expect(get(end, 0) + get(end, 1)).toBeCloseTo(6, 10)
  })

  test('a maximum is not left', () => {
    const start = Float64Array.of(0.2, 0.5, 0.3)
    const end = maximise(block(layout({ kind: 'simplex' }, [3])), simplex, start, upTo(50))
    expect(simplex.value(end)).toBeGreaterThanOrEqual(simplex.value(start) - 1e-14)
  })

  test('no step is taken where there is no number', () => {
    const none = objective(
      () => Number.NEGATIVE_INFINITY,
      () => Float64Array.of(Number.NaN),
      () => Float64Array.of(Number.NaN),
    )
    expect([...maximise(block(layout({ kind: 'real' })), none, Float64Array.of(2), upTo(50))]).toEqual([2])
  })

  test('groups that share nothing are stepped apart, together beyond the limit', () => {
    const n = NEWTON_LIMIT + 20
    let passes = 0
    const apart: Objective = {
      value: (t) => {
        passes += 1
        return -t.reduce((s, x, i) => s + Math.cosh(x - i / 10), 0)
      },
      derivatives: (t, second) => {
        passes += 1
        return {
          value: -t.reduce((s, x, i) => s + Math.cosh(x - i / 10), 0),
          gradient: t.map((x, i) => -Math.sinh(x - i / 10)),
          hessian: second ? Array.from(t, (x, i) => Float64Array.of(-Math.cosh(x - i / 10))) : null,
        }
      },
    }
    const one = block(layout({ kind: 'real' }, [n]))
    const parted: FreeBlock = {
      ...one,
      pieces: one.pieces.map((p, i) => ({ ...p, group: i, at: 0 })),
      groups: one.pieces.map(() => 1),
    }
    const end = maximise(parted, apart, new Float64Array(n), upTo(50))
    for (let i = 0; i < n; i++) expect(get(end, i)).toBeCloseTo(i / 10, 12)
    expect(passes).toBeLessThan(20)
  })

  test('one step takes two passes: one with derivatives, one without', () => {
    const asked: string[] = []
    const bowl: Objective = {
      value: (t) => {
        asked.push('value')
        return -Math.cosh(get(t, 0))
      },
      derivatives: (t, second) => {
        asked.push(second ? 'second' : 'first')
        const x = get(t, 0)
        return {
          value: -Math.cosh(x),
          gradient: Float64Array.of(-Math.sinh(x)),
          hessian: [Float64Array.of(-Math.cosh(x))],
        }
      },
    }
    maximise(block(layout({ kind: 'real' })), bowl, Float64Array.of(1), { newton: 1, quasi: 1 })
    expect(asked).toEqual(['second', 'value'])
  })

  test('L-BFGS beyond the limit', () => {
    const n = NEWTON_LIMIT + 20
    const scale = (i: number): number => 1 + (i % 7)
    const far = objective(
      (t) => -t.reduce((s, x, i) => s + scale(i) * (x - i / 10) ** 2 + 0.1 * (x - i / 10) ** 4, 0),
      (t) => t.map((x, i) => -2 * scale(i) * (x - i / 10) - 0.4 * (x - i / 10) ** 3),
      () => {
        throw new Error('curvature is not asked for')
      },
    )
    const end = maximise(block(layout({ kind: 'real' }, [n])), far, new Float64Array(n), upTo(200))
    for (let i = 0; i < n; i++) expect(get(end, i)).toBeCloseTo(i / 10, 6)
  })
})

describe('isotonic regression', () => {
  const fit = (values: readonly number[], weights: readonly number[]): readonly number[] =>
    isotonic(Float64Array.from([9, ...values]), 1, weights)

  test('what is in order stays', () => {
    expect(fit([1, 2, 2, 5], [1, 1, 1, 1])).toEqual([1, 2, 2, 5])
  })

  test('violators are pooled by weight', () => {
    expect(fit([1, 4, 2, 5], [1, 1, 3, 1])).toEqual([1, 2.5, 2.5, 5])
    expect(fit([3, 2, 1], [1, 1, 1])).toEqual([2, 2, 2])
  })

  test('it is the least-squares fit among non-decreasing sequences', () => {
    const values = [2, 1, 4, 3, 3.5, 0.5]
    const weights = [1, 2, 1, 3, 1, 1]
    const best = fit(values, weights)
    const loss = (x: readonly number[]): number =>
      x.reduce((s, v, i) => s + (weights[i] ?? 0) * (v - (values[i] ?? 0)) ** 2, 0)
    for (let i = 0; i < best.length; i++)
      for (const by of [-0.01, 0.01]) {
        const moved = best.map((v, j) => (j === i ? v + by : v))
        if (moved.every((v, j) => j === 0 || v >= (moved[j - 1] ?? 0)))
          expect(loss(moved)).toBeGreaterThanOrEqual(loss(best))
      }
  })

  test('weights of zero', () => {
    expect(fit([2, 1], [0, 0])).toEqual([1.5, 1.5])
  })
})

describe('the floor of a spectrum', () => {
  const floored = (
    m: readonly number[],
    floors: readonly number[],
  ): { readonly lifted: boolean; readonly m: readonly number[] } => {
    const matrix = Float64Array.from(m)
    const lifted = floorSpectrum(matrix, Math.sqrt(m.length), Float64Array.from(floors), 0)
    return { lifted, m: [...matrix] }
  }

  test('leaves alone what is above', () => {
    expect(floored([2, 0.5, 0.5, 1], [0.1, 0.1])).toEqual({ lifted: false, m: [2, 0.5, 0.5, 1] })
  })

  test('lifts the small eigenvalue and keeps its direction', () => {
    const { lifted, m } = floored([1, 1, 1, 1], [0.01, 0.01])
    expect(lifted).toBe(true)
    const [a = 0, b = 0, c = 0, d = 0] = m
    expect([a, d]).toEqual([expect.closeTo(1.005, 12), expect.closeTo(1.005, 12)])
    expect([b, c]).toEqual([expect.closeTo(0.995, 12), expect.closeTo(0.995, 12)])
  })

  test.each([1 + 1e-9, 1 - 1e-9])('of order 20, the least eigenvalue %d times the floor', (least) => {
    // H diag(1, …, 20) H with H = I − 2 v vᵀ / 20 a reflection, its first eigenvalue replaced
    const n = 20
    const sign = (i: number): number => (i % 3 === 0 ? -1 : 1)
    const H = (i: number, j: number): number => Number(i === j) - (2 * sign(i) * sign(j)) / n
    const before = Array.from({ length: n * n }, (_, p) => {
      const [i, j] = [Math.floor(p / n), p % n]
      return Array.from({ length: n }, (_, k) => H(i, k) * (k === 0 ? least : k + 1) * H(k, j)).reduce((a, b) => a + b)
    })
    const { lifted, m } = floored(before, Array(n).fill(1))
    expect(lifted).toBe(least < 1)
    m.forEach((x, p) => {
      expect(x).toBeCloseTo(before[p] ?? Number.NaN, 8)
    })
    if (!lifted) expect(m).toEqual(before)
  })

  test('measures each coordinate by its own floor', () => {
    const { m } = floored([1e-9, 0, 0, 1], [1e-6, 1e-2])
    expect(m[0]).toBeCloseTo(1e-6, 15)
    expect(m[3]).toBeCloseTo(1, 12)
  })

  test('without a floor nothing is done', () => {
    expect(floored([0, 0, 0, 0], [0, 1]).lifted).toBe(false)
  })
})

describe('the best stationary point', () => {
  const u: Expr = { kind: 'index', var: 'u', name: 'u' }

  /** The maximum of Σ C_i g_i(u) found from `start`. */
  function best(terms: readonly (readonly [number, Expr])[], support: ParamLayout['support'], start: number): number {
    const step: StationaryStep = {
      kind: 'stationary',
      id: 'p',
      params: ['p'],
      rule: 'symbolic-stationarity',
      closedForm: true,
      exact: 'joint',
      declined: [],
      dependsOn: [],
      family: 'one-dimensional',
      variable: 'u',
      profiles: [],
      terms: terms.map(([, value]) => {
        const first = derivativeByScalar(value, 'u')
        return { value, first, second: derivativeByScalar(first, 'u'), coefficients: [] }
      }),
    }
    const trial = Float64Array.of(start)
    const buffers = new Map<string, Float64Array>([
      ['trial:p', trial],
      ...terms.map(([c], i) => [`t${i}`, Float64Array.of(c)] as const),
    ])
    const solve = { tables: new Map(terms.map((_, i) => [`term${i}`, `t${i}`])) } as unknown as Solve
    const context = {
      memory: { buffers },
      layouts: new Map([['p', layout(support)]]),
      floorOf: () => null,
      onFloor: () => undefined,
      onSystem: () => undefined,
    }
    solveStationary(step, solve, context as unknown as Parameters<typeof solveStationary>[2], () => 0)
    return get(trial, 0)
  }

  test('a Beta between other ends', () => {
    expect(
      best(
        [
          [3, log(u)],
          [1, log(sub(num(1), u))],
        ],
        { kind: 'unit' },
        0.1,
      ),
    ).toBeCloseTo(0.75, 12)
  })

  test('the higher of two maxima, wherever it starts', () => {
    // −(u² − 1)² + u/2
    const terms = [
      [-1, square(sub(square(u), num(1)))],
      [0.5, u],
    ] as const
    for (const start of [-1, 0, 1]) expect(best(terms, { kind: 'real' }, start)).toBeCloseTo(1.0574, 3)
  })

  test('an end of the support where Q still rises', () => {
    expect(best([[1, u]], { kind: 'interval', low: -1, high: 2 }, 0)).toBe(2)
    expect(best([[-1, square(u)]], { kind: 'nonnegative' }, 1)).toBe(0)
  })

  test('the shape of a Gamma', () => {
    // n(a log b̄ …): Σ log Γ: maximum where log a − ψ(a) = 0.2
    const a = best(
      [
        [10, mul(u, log(u))],
        [-10, call('lgamma', u)],
        [-12, u],
      ],
      { kind: 'positive' },
      1,
    )
    const slope = Math.log(a) + 1 - 1.2
    expect(slope).toBeCloseTo(digammaOf(a), 9)
  })

  test('no coefficients leave the param where it is', () => {
    expect(
      best(
        [
          [0, neg(u)],
          [0, pow(u, 2)],
        ],
        { kind: 'real' },
        0.4,
      ),
    ).toBe(0.4)
    expect(best([[Number.NaN, add(u, num(1))]], { kind: 'real' }, 0.4)).toBe(0.4)
  })
})

/** ψ by its recurrence and asymptotic series. */
function digammaOf(x: number): number {
  let shift = 0
  let y = x
  for (; y < 12; y++) shift -= 1 / y
  const s = 1 / (y * y)
  return shift + Math.log(y) - 1 / (2 * y) - s * (1 / 12 - s * (1 / 120 - s / 252))
}

import { describe, expect, test } from 'vitest'
import { type Chart, chartOf } from '../../../compiler/targets/solve/charts.js'
import type { ParamLayout } from '../../../runtime/contract.js'
import { seededRandom } from '../../laws/support/random.js'

const layout = (support: ParamLayout['support'], shape: readonly number[]): ParamLayout => ({
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

const CHARTS: readonly (readonly [string, ParamLayout, number])[] = [
  ['real', layout({ kind: 'real' }, []), 1],
  ['positive', layout({ kind: 'positive' }, []), 1],
  ['unit', layout({ kind: 'unit' }, []), 1],
  ['interval', layout({ kind: 'interval', low: -2, high: 5 }, []), 1],
  ['nonnegative', layout({ kind: 'nonnegative' }, []), 1],
  ['above a number', layout({ kind: 'interval', low: 2, high: Number.POSITIVE_INFINITY }, []), 1],
  ['below a number', layout({ kind: 'interval', low: Number.NEGATIVE_INFINITY, high: -1 }, []), 1],
  ['simplex', layout({ kind: 'simplex' }, [4]), 3],
  ['ordered', layout({ kind: 'ordered' }, [4]), 4],
  ['covariance', layout({ kind: 'covariance' }, [3, 3]), 6],
  ['correlation', layout({ kind: 'correlation' }, [4, 4]), 6],
]

const shift = (x: Float64Array, i: number, by: number): Float64Array => x.map((v, j) => (j === i ? v + by : v))
const get = (x: Float64Array, i: number): number => x[i] ?? Number.NaN

function made(l: ParamLayout): Chart {
  const found = chartOf(l)
  if (found === null) throw new Error('no chart')
  return found.chart
}

describe.each(CHARTS)('%s', (name, l, free) => {
  const chart = made(l)
  const random = seededRandom(8)
  const eta = Float64Array.from({ length: chart.free }, () => 2 * random() - 1)

  test('has as many coordinates as freedom', () => {
    expect(chart.free).toBe(free)
  })

  test('there and back again', () => {
    const again = chart.toFree(chart.fromFree(eta))
    again.forEach((x, i) => {
      expect(x).toBeCloseTo(get(eta, i), 10)
    })
  })

  test('the Jacobian agrees with differences', () => {
    const j = chart.jacobian(eta)
    const h = 1e-5
    for (let a = 0; a < chart.free; a++) {
      const [up, down] = [chart.fromFree(shift(eta, a, h)), chart.fromFree(shift(eta, a, -h))]
      for (let i = 0; i < chart.size; i++)
        expect(get(j, i * chart.free + a), `${name} ${i},${a}`).toBeCloseTo((get(up, i) - get(down, i)) / (2 * h), 8)
    }
  })

  test('the curvature agrees with differences of the Jacobian', () => {
    const g = Float64Array.from({ length: chart.size }, () => 2 * random() - 1)
    const c = chart.curvature(eta, g)
    const h = 1e-5
    const pulled = (e: Float64Array, a: number): number => {
      const j = chart.jacobian(e)
      return g.reduce((s, x, i) => s + x * get(j, i * chart.free + a), 0)
    }
    for (let a = 0; a < chart.free; a++)
      for (let b = 0; b < chart.free; b++)
        expect(get(c, a * chart.free + b), `${name} ${a},${b}`).toBeCloseTo(
          (pulled(shift(eta, b, h), a) - pulled(shift(eta, b, -h), a)) / (2 * h),
          7,
        )
  })
})

test('every value is in the support, however far the coordinates go', () => {
  for (const e of [-800, -30, 0, 30, 800]) {
    expect(
      [...made(layout({ kind: 'simplex' }, [3])).fromFree(Float64Array.of(e, -e))].every((p) => p >= 0 && p <= 1),
    ).toBe(true)
    const [u = Number.NaN] = made(layout({ kind: 'unit' }, [])).fromFree(Float64Array.of(e))
    expect(u >= 0 && u <= 1).toBe(true)
  }
})

test('a point on the boundary has finite coordinates', () => {
  const simplex = CHARTS.find(([name]) => name === 'simplex')
  if (simplex === undefined) throw new Error('no simplex')
  expect([...made(simplex[1]).toFree(Float64Array.of(0, 1, 0, 0))].every(Number.isFinite)).toBe(true)
  expect([...made(layout({ kind: 'unit' }, [])).toFree(Float64Array.of(0))].every(Number.isFinite)).toBe(true)
})

test('what has no unconstrained form has no chart', () => {
  expect(chartOf(layout({ kind: 'count' }, []))).toBeNull()
})

/** Filtered states against the smoother on every prefix of the data. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { filteredPosteriors, posteriorsOf } from '../../api/posterior.js'
import { compileOrThrow, DataError } from '../../index.js'
import { seededRandom } from '../laws/support/random.js'
import { named } from './fit-at.js'

const modelText = (name: string): string =>
  readFileSync(new URL(`../certify/models/${name}.estep`, import.meta.url), 'utf8')

type Columns = Readonly<Record<string, readonly unknown[]>>

const counts = [3, 0, 5, 1, 1, 7, 2]
const reals = [0.3, -1.2, 0.8, 2.1, 1.7, -0.4, 0.2]
const pairs = reals.map((x, i) => [x, reals[(i + 3) % 7] ?? 0])
const hole = (x: readonly unknown[], ...at: readonly number[]) => x.map((v, i) => (at.includes(i) ? null : v))

/** Rows up to a place of each sequence; `id` tells sequences apart. */
function prefix(data: Columns, places: number): Columns {
  const seen = new Map<unknown, number>()
  const rows = Object.values(data)[0]?.length ?? 0
  const keep = Array.from({ length: rows }, (_, i) => {
    const id = data.id?.[i] ?? null
    seen.set(id, (seen.get(id) ?? 0) + 1)
    return (seen.get(id) ?? 0) <= places
  })
  return Object.fromEntries(Object.entries(data).map(([name, column]) => [name, column.filter((_, i) => keep[i])]))
}

const twoSequences = { id: ['a', 'a', 'b', 'b', 'b'], y: [0.3, -1.2, 0.8, 2.1, 1.7] }

const withIntercept = `model Drift
data  y : real[T]
param q, s : positive
latent c ~ Normal(1, 2)
latent m[1] ~ Normal(0, 1)
for t in 2..T { latent m[t] ~ Normal(m[t-1], q) }
for t in 1..T { y[t] ~ Normal(c + m[t], s) }`

/** Models of the certificates, or `text`; a chain of some order has prefixes from `from` on. */
interface Case {
  readonly name: string
  readonly data: Columns
  readonly text?: string
  readonly from?: number
}

const cases: readonly Case[] = [
  { name: 'chain-order-2', data: { y: reals }, from: 2 },
  { name: 'chain-mixture-emissions', data: { y: counts } },
  { name: 'chains-coupled', data: { y: counts, x: counts.toReversed() } },
  { name: 'chain-missing', data: { x: pairs.map(([a, b], i) => [i === 2 ? null : a, i % 3 === 1 ? null : b]) } },
  { name: 'chain-children', data: { y: counts.map((c, i) => [c, counts[(i + 2) % 7] ?? 0]) } },
  { name: 'chain-varying-steps', data: { y: reals, x: reals.toReversed() } },
  { name: 'chain-autoregressive', data: { y: reals, x: reals } },
  { name: 'gamma-chain', data: { y: counts } },
  { name: 'local-level', data: { y: hole(reals, 2, 3) } },
  { name: 'local-trend', data: { y: reals } },
  { name: 'autoregressive-order-2-noise', data: { y: reals }, from: 2 },
  { name: 'autoregressive-noise', data: twoSequences },
  { name: 'autoregressive-2-missing', data: { y: hole(reals, 3, 4, 6) }, from: 2 },
  { name: 'vector-chain', data: { y: pairs } },
  { name: 'a level beside an intercept', data: { y: reals }, text: withIntercept },
]

describe('filtered states are the smoothed ones of the data up to their place', () => {
  test.each(cases)('$name', ({ name, data, text, from = 1 }) => {
    const model = compileOrThrow(text ?? modelText(name))
    const wanted = model.declarations().map((d) => d.name)
    const own = Object.fromEntries(Object.entries(data).filter(([n]) => n === 'id' || wanted.includes(n)))
    const options = 'id' in data ? { groupBy: 'id' } : {}
    const whole = model.bind(own, options)
    const params = whole.model.separated(seededRandom(5))
    const filtered = filteredPosteriors(whole.model, params)
    const chained = filtered.filter((l) => l.shape.length > 0)
    expect(chained.length).toBeGreaterThan(0)
    let compared = 0
    let changed = 0
    const smoothedAll = posteriorsOf(whole.model, params)
    const longest = 'id' in data ? 3 : 7
    for (let t = from; t <= longest; t++) {
      const bound = model.bind(prefix(own, t), options)
      const smoothed = posteriorsOf(bound.model, params)
      for (const l of chained) {
        const at = named(smoothed, l.name)
        for (const [row, before] of rowsAt(l, at, t))
          for (const part of ['probability', 'mean', 'variance', 'covariance'] as const) {
            const [a, b] = [l[part], at[part]]
            if (a === null || b === null) continue
            const width = a.length / l.rows
            for (let i = 0; i < width; i++) {
              const [x, y] = [a[row * width + i] ?? Number.NaN, b[before * width + i] ?? Number.NaN]
              expect(Math.abs(x - y), `${l.name} at ${t}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(y)))
              compared++
              if (Math.abs(x - (named(smoothedAll, l.name)[part]?.[row * width + i] ?? 0)) > 1e-6) changed++
            }
          }
      }
    }
    expect(compared).toBeGreaterThan(0)
    expect(changed).toBeGreaterThan(0)
  })
})

/** Rows at place t of a posterior over all data, and where the same rows lie in that of a prefix. */
function rowsAt(
  whole: { readonly shape: readonly number[]; readonly lengths: readonly number[] | null },
  short: { readonly lengths: readonly number[] | null },
  t: number,
): readonly (readonly [number, number])[] {
  if (whole.lengths === null || short.lengths === null) {
    const inner = whole.shape.slice(1).reduce((a, b) => a * b, 1)
    return Array.from({ length: inner }, (_, i) => [(t - 1) * inner + i, (t - 1) * inner + i] as const)
  }
  const out: (readonly [number, number])[] = []
  let [a, b] = [0, 0]
  whole.lengths.forEach((n, r) => {
    const here = short.lengths?.[r] ?? 0
    if (n >= t) out.push([a + t - 1, b + t - 1])
    a += n
    b += here
  })
  return out
}

test('at the last place the two are the same, and a latent without a place is given all data', () => {
  const bound = compileOrThrow(withIntercept).bind({ y: reals }, {})
  const params = bound.model.separated(seededRandom(5))
  const [filtered, smoothed] = [filteredPosteriors(bound.model, params), posteriorsOf(bound.model, params)]
  for (const [name, row] of [
    ['m', 6],
    ['c', 0],
  ] as const)
    for (const part of ['mean', 'variance'] as const)
      expect(named(filtered, name)[part]?.[row]).toBeCloseTo(named(smoothed, name)[part]?.[row] ?? Number.NaN, 10)
})

test.each([
  ['chain-backwards', { y: counts }, 'comes after'],
  [
    'chain-classes-of-sequences',
    {
      subject: ['a', 'b'],
      y: [
        [1, 2, 3],
        [4, 0, 1],
      ],
    },
    'class',
  ],
  ['factor-analysis', { x: pairs }, 'no latent'],
  ['switching-level', { y: reals }, 'the posterior is factorised'],
])('%s has no filtered states, or is refused as a whole', (name, data, reason) => {
  let model: ReturnType<typeof compileOrThrow>
  try {
    model = compileOrThrow(modelText(name))
  } catch {
    expect(reason).toBe('')
    return
  }
  const bound = model.bind(data, {})
  const params = bound.model.separated(seededRandom(5))
  expect(() => filteredPosteriors(bound.model, params)).toThrow(DataError)
  expect(() => filteredPosteriors(bound.model, params)).toThrow(reason)
})

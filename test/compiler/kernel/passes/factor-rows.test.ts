import { describe, expect, test } from 'vitest'
import type { ProgramModel } from '../../../../compiler/bind/bound-model.js'
import { specialiseRows } from '../../../../compiler/bind/specialise-rows.js'
import { k } from '../../../../compiler/kernel/index.js'
import { DataCache } from '../../../../compiler/kernel/passes/data-cache.js'
import { factorRows } from '../../../../compiler/kernel/passes/factor-rows.js'
import { rowFactors } from '../../../../compiler/kernel/passes/row-factors.js'
import { rolesOf } from '../../../../compiler/kernel/passes/row-roles.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../../../../compiler/kernel/types.js'
import { compileOrThrow } from '../../../../index.js'
import { seededRandom } from '../../../laws/support/random.js'
import { QUADRATIC } from './factor-models.js'
import { bound, difference, rowPasses, rowPassesAt, sumsOf, TARGETS } from './row-passes.js'

const ROWS = 400

/** Params after some steps, and from there aside, so that neither sums of residuals nor spreads are 0. */
function near(model: ProgramModel): Float64Array {
  let params = model.separated(seededRandom(1))
  for (let i = 0; i < 3; i++) params = model.mStep(params, model.eStep(params)).params
  const out = params.slice()
  for (const p of model.params)
    if (p.support.kind === 'positive')
      for (let i = 0; i < p.length; i++) out[p.offset + i] = Math.max(0.2, params[p.offset + i] ?? 0)
    else if (p.support.kind === 'real')
      for (let i = 0; i < p.length; i++) out[p.offset + i] = (params[p.offset + i] ?? 0) + 0.3
  return out
}

/** Rows that are left of 400. */
const LEFT: Readonly<Record<keyof typeof QUADRATIC, number>> = {
  'factor analysis': 6,
  'factor analysis, columns far from 0': 5,
  'factor analysis, cells missing': 28,
  'factor analysis, one dependent column': 6,
  'a Gaussian': 5,
  'a Gaussian, cells missing': 20,
  'a regression': 6,
  'a regression with an interaction': 12,
  'levels by group, weighted, cells missing': 32,
  'offsets and slopes along a row': 5,
}

describe.each(Object.entries(QUADRATIC))('%s', (name, { text, table }) => {
  const model = bound(text, table(ROWS))
  const passes = rowPassesAt(model, near(model), true)

  test.each(Object.entries(TARGETS))('%s: rows of factors leave the same sums', (_, compile) => {
    expect(passes.length).toBeGreaterThan(0)
    for (const rows of passes) {
      const made = factorRows(rows.program, rows.context, rows.data)
      if (made.kind === 'declined') throw new Error(made.declined)
      expect(made.of).toBe(ROWS)
      expect(made.rows).toBe(LEFT[name as keyof typeof QUADRATIC])
      const written = new Map(sumsOf(rows, ROWS, compile))
      const data = new Map([...rows.data, ...made.data])
      const sums = sumsOf({ ...made, data, memory: rows.memory }, made.rows, compile)
      const [loglik = 0] = written.get('loglik') ?? []
      const [scale = 0] = sums.get('scale') ?? []
      expect(scale).toBeGreaterThanOrEqual((1 - 1e-12) * Math.abs(loglik))
      expect(scale).toBeLessThanOrEqual(100 * (1 + (written.get('scale')?.[0] ?? 0)))
      written.delete('scale')
      expect(difference(written, sums)).toBeLessThan(1e-12)
    }
  })
})

describe('roles of columns', () => {
  const n: Axis = { id: 'n', name: 'n', size: 'N' }
  const c: Axis = { id: 'c', name: 'c', size: 'K' }
  const buffers: readonly Buffer[] = [
    { id: 'x', space: 'data', type: 'f64', shape: ['N', 'K'] },
    { id: 'y', space: 'data', type: 'f64', shape: ['N'] },
    { id: 'v', space: 'data', type: 'f64', shape: ['N'] },
    { id: 'g', space: 'data', type: 'i32', shape: ['N'] },
    { id: 'theta', space: 'param', type: 'f64', shape: ['K'] },
    { id: 'p', space: 'scratch', type: 'f64', shape: ['N', 'K'], rows: 'rows' },
    { id: 'flag', space: 'scratch', type: 'f64', shape: [] },
    { id: 's', space: 'sum', type: 'f64', shape: ['K'] },
    { id: 'sizes', space: 'sum', type: 'f64', shape: [], magnitude: true },
  ]
  const rows = { table: 'rows', axis: 'n' }
  const x = k.load('x', k.axis(n), k.axis(c))
  const y = k.load('y', k.axis(n))
  const v = k.load('v', k.axis(n))
  const g = k.load('g', k.axis(n))
  const p = k.load('p', k.axis(n), k.axis(c))
  const theta = k.load('theta', k.axis(c))
  const fill = (value: KExpr): KernelOp => k.mapOver('p', [n, c], value)
  const add = (value: KExpr): KernelOp => ({ op: 'scatterAdd', out: 's', axes: [n, c], at: [k.axis(c)], value })
  const of = (...ops: readonly KernelOp[]): string => {
    const found = rolesOf(ops, buffers, rows, ['x', 'y', 'v', 'g'])
    if (found.kind === 'declined') return found.declined
    const weight = (w: string | null): string => (w === null ? '' : `, weight ${w}`)
    return found.choices
      .map(({ roles, holes }) => [...roles.polynomial].filter((id) => !holes.has(id)).join() + weight(roles.weight))
      .join(' or ')
  }

  test('columns in products of two are polynomial, whatever happens to params', () => {
    const square = k.mul(k.sub(x, theta), k.sub(y, k.call('exp', theta)))
    expect(of(add(k.div(square, k.call('lgamma', theta))))).toBe('x,y')
    expect(of(fill(k.add(x, k.num(1))), add(k.mul(p, p)))).toBe('x')
    expect(of(add(k.select(k.compare('==', g, k.num(1)), k.pow(x, 2), y)))).toBe('x,y')
    expect(of(add(k.select(k.not(k.call('isNaN', x)), k.mul(x, y), k.num(0))))).toBe('x,y')
  })

  test('what multiplies all that a row adds is its weight', () => {
    expect(of(add(k.mul(v, k.pow(k.sub(x, y), 2))), add(k.mul0(v, x)), add(v))).toBe('x,y, weight v')
  })

  test('where there is no weight, each column of a product of three may belong to the key', () => {
    expect(of(add(k.mul(v, k.pow(y, 2))), add(k.pow(y, 2)))).toBe('y or v')
    expect(of(add(k.mul(y, y, y)))).toBe('y enter products of 3')
  })

  test.each<readonly [string, KExpr]>([
    ['what depends on y has exp taken', k.call('exp', y)],
    ['what depends on y has abs taken', k.call('abs', y)],
    ['what depends on y has isNaN taken', k.call('isNaN', k.add(y, k.num(1)))],
    ['what depends on y is divided by', k.div(theta, y)],
    ['what depends on y is raised to the power of -1', k.pow(y, -1)],
    ['what depends on y is compared', k.select(k.compare('>', y, k.num(0)), theta, k.num(0))],
    ['what depends on y decides', k.select(y, theta, k.num(0))],
    ['what depends on y decides', k.not(y)],
    ['what depends on y has its maximum taken', k.logSumExp({ ...c, id: 'd' }, y)],
    ['what depends on y is a position', k.load('theta', y)],
  ])('belongs to the key: %s', (why, value) => {
    expect(of(add(value))).toBe(why)
    // what stays polynomial beside it
    expect(of(add(value), add(k.pow(x, 2)))).toBe('x')
  })

  test('scratch has the degree of all that is written to it', () => {
    const loop: KernelOp = { op: 'scan', axis: c, reverse: false, carry: ['p'], step: [fill(k.add(p, y))] }
    expect(of(fill(theta), loop, add(k.pow(p, 2)))).toBe('y')
    const grows: KernelOp = { ...loop, step: [fill(k.add(k.num(1), k.mul(p, y)))] }
    expect(of(grows, add(p))).toBe('y enter products of 3')
    const most: KernelOp = {
      op: 'reduce',
      kind: 'logSumExp',
      out: 'p',
      axes: [n, c],
      over: [],
      at: [k.axis(n), k.axis(c)],
      value: theta,
    }
    expect(of(most, fill(y), add(p))).toBe('what depends on y is written over numbers')
    expect(of({ op: 'fill', out: 'p', value: 1 }, { ...most, op: 'scatterAdd', value: y }, add(p))).toBe(
      'what depends on y is written over numbers',
    )
  })

  test('what rows share does not depend on cells; the size of a term counts as the term in sums of magnitudes', () => {
    expect(of({ op: 'scatterAdd', out: 'flag', axes: [n], at: [], value: y })).toBe(
      'what depends on y is shared by rows',
    )
    const size: KernelOp = { op: 'contract', out: 'sizes', axes: [n], at: [], factors: [k.call('abs', k.pow(y, 2))] }
    expect(of(size)).toBe('y')
  })
})

describe('rows of factors', () => {
  const random = seededRandom(3)
  const reals = (rows: number, stride: number) => ({
    values: Float64Array.from({ length: rows * stride }, () => random() - 0.5),
    stride,
  })
  const none = { key: [], holes: [], weight: null }

  test('are declined where they are too many, where cells are infinite, and where a weight is negative', () => {
    const x = reals(100, 3)
    const declined = (columns: Partial<Parameters<typeof rowFactors>[0]>, most = 25): string => {
      const made = rowFactors({ polynomial: [x], ...none, ...columns }, 100, most)
      return made.kind === 'declined' ? made.declined : `${made.rows} rows`
    }
    expect(declined({})).toBe('4 rows')
    const groups = (levels: number) => [{ values: Int32Array.from({ length: 100 }, (_, i) => i % levels), stride: 1 }]
    expect(declined({ key: groups(6) })).toBe('24 rows')
    expect(declined({ key: groups(7) })).toBe('28 rows would stand for 100')
    expect(declined({ key: groups(30) })).toBe('the 100 rows have more than 25 keys')
    expect(declined({ polynomial: [{ ...x, values: x.values.with(7, Number.NEGATIVE_INFINITY) }] })).toBe(
      'a cell is infinite',
    )
    const weight = new Float64Array(100).fill(1)
    expect(declined({ weight: weight.with(40, -1) })).toBe('a weight is negative')
    expect(declined({ weight: new Float64Array(100) })).toBe('0 rows would stand for 100')
    expect(declined({ polynomial: [{ ...x, values: x.values.map((v) => 1e160 * v) }] })).toBe(
      'cells are too far from 1 for their squares',
    )
  })

  test('count exactly, and keep small groups as they are', () => {
    const x = reals(1003, 2)
    const key = [{ values: Int32Array.from({ length: 1003 }, (_, i) => (i < 3 ? 1 : 0)), stride: 1 }]
    const made = rowFactors({ polynomial: [x], ...none, key }, 1003, 250)
    if (made.kind === 'declined') throw new Error(made.declined)
    expect([...made.square]).toEqual([1000, 0, 0, 1, 1, 1])
    expect([...made.like]).toEqual([3, 3, 3, 0, 1, 2])
    const [own = new Float64Array(0)] = made.own
    const [centre = new Float64Array(0)] = made.centre
    for (let i = 0; i < 6; i++) expect((own[6 + i] ?? 0) + (centre[6 + i] ?? 0)).toBeCloseTo(x.values[i] ?? 0, 15)
  })
})

describe('is declined', () => {
  test('for mixtures, from their operations alone', () => {
    const text = `model Mixture
const K = 2
data  x : real[N, D]
param pi : simplex[K]
param mu : real[K, D]
param sigma : positive[K, D]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], sigma[z])
}`
    const random = seededRandom(1)
    const [rows] = rowPasses(text, { x: Array.from({ length: 60 }, () => [random(), random()]) })
    if (rows === undefined) throw new Error('no pass')
    const untouched = new Map([...rows.data].map(([id, values]) => [id, forbidden(values)]))
    expect(factorRows(rows.program, rows.context, untouched)).toEqual({
      kind: 'declined',
      declined: expect.stringContaining('what depends on data:x'),
    })
  })

  test('where cells of a row are as many as rows, or a factor costs more than it saves', () => {
    const { text, table } = QUADRATIC['a regression']
    const [few] = rowPassesAt(bound(text, table(20)), bound(text, table(20)).separated(seededRandom(1)), true)
    if (few === undefined) throw new Error('no pass')
    expect(factorRows(few.program, few.context, few.data)).toEqual({
      kind: 'declined',
      declined: 'factors of 5 columns have more than 5 rows',
    })
    const wide = QUADRATIC['factor analysis'].text
    const random = seededRandom(1)
    const x = Array.from({ length: 900 }, () => Array.from({ length: 120 }, () => random()))
    const model = bound(wide, { x })
    const [posterior, residuals] = rowPassesAt(model, model.separated(seededRandom(1)), true)
    if (posterior === undefined || residuals === undefined) throw new Error('no passes')
    const cache = new DataCache()
    const cheap = (): string => factorRows(residuals.program, residuals.context, residuals.data, cache).kind
    expect(cheap()).toBe('declined')
    expect(factorRows(posterior.program, posterior.context, posterior.data, cache).kind).toBe('factored')
    // the factor is there now
    expect(cheap()).toBe('factored')
  })
})

/** Numbers that must not be looked at. */
function forbidden<T extends Float64Array | Int32Array>(values: T): T {
  return new Proxy(values, {
    get: (_, key) => {
      throw new Error(`data was asked for ${String(key)}`)
    },
  })
}

describe('fits', () => {
  const names = [
    'factor analysis, columns far from 0',
    'a Gaussian, cells missing',
    'levels by group, weighted, cells missing',
    'offsets and slopes along a row',
  ] as const
  test.each(names)('%s: WebAssembly, over factors, and the interpreter end at the same params', async (name) => {
    const { text, table } = QUADRATIC[name]
    const rows = table(300)
    // the first steps from far away lose digits in their M-step
    const start = name.includes('far') ? { start: { mu: [1e4, 1e4, 1e4, 1e4] } } : {}
    const options = { restarts: 1, seed: 4, maxIterations: 30, tolerance: 0, ...start }
    const fit = (backend: 'wasm' | 'interpret') => compileOrThrow(text).fit(rows as never, { backend, ...options })
    const [found, wanted] = [await fit('wasm'), await fit('interpret')]
    expect(Math.abs(found.logLikelihood - wanted.logLikelihood)).toBeLessThan(1e-9 * Math.abs(wanted.logLikelihood))
    const flat = (of: unknown): readonly number[] => (Array.isArray(of) ? of.flatMap(flat) : [Number(of)])
    for (const [param, value] of Object.entries(wanted.params)) {
      const [a, b] = [flat(found.params[param]), flat(value)]
      const most = b.reduce((m, v) => Math.max(m, Math.abs(v)), 1e-300)
      a.forEach((v, i) => {
        expect(Math.abs(v - (b[i] ?? Number.NaN)) / most, `${param}[${i}]`).toBeLessThan(1e-7)
      })
    }
  })

  test('run over the rows of factors where passes are run again, and over all rows where they are not', () => {
    const { text, table } = QUADRATIC['factor analysis']
    const model = bound(text, table(ROWS))
    const pass = model.program.passes.find((p) => p.rows !== null)
    if (pass?.rows == null) throw new Error('no pass over rows')
    const rows = pass.rows
    const sizes = [true, false].map((again) => {
      const { blocks } = model.memory
      const made = specialiseRows(
        [...pass.posterior, ...pass.objective, ...pass.statistics],
        model.program.buffers,
        rows,
        blocks,
        { cache: new DataCache(), again },
      )
      return [made.program.sizes.get(made.rows.size), made.onlyFinite]
    })
    expect(sizes).toEqual([
      [6, true],
      [ROWS, false],
    ])
  })

  test('where a density is infinite, sums are those of the rows as they are', () => {
    const { text, table } = QUADRATIC['factor analysis, one dependent column']
    const bind = (backend: 'wasm' | 'js') =>
      compileOrThrow(text).bind(table(ROWS) as never, { backend }).model as ProgramModel
    const [found, wanted] = [bind('wasm'), bind('js')]
    const params = near(found)
    const set = (name: string, from: number, values: readonly number[]): void => {
      const p = found.params.find((own) => own.name === name)
      params.set(values, (p?.offset ?? 0) + from)
    }
    // the last column is 7 in every row
    set('mu', 4, [7])
    set('W', 8, [0, 0])
    set('psi', 4, [0])
    const [a, b] = [found.eStep(params), wanted.eStep(params)]
    expect(b.logLikelihood).toBe(Number.POSITIVE_INFINITY)
    expect(a.logLikelihood).toBe(Number.POSITIVE_INFINITY)
    a.statistics.forEach((v, i) => {
      const wanted = b.statistics[i] ?? Number.NaN
      const isNear = Object.is(v, wanted) || Math.abs(v - wanted) < 1e-12 * (1 + Math.abs(v)) * ROWS
      expect(isNear, `${i}: ${v}, wanted ${wanted}`).toBe(true)
    })
  })
})

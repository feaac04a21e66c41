/** Places that a model names, against data that has them or has not. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow, DataError } from '../../../index.js'

/** The message of the error of data, or null where the data can be bound. */
function complaint(source: string, data: unknown): string | null {
  try {
    compileOrThrow(source).bind(data, {})
    return null
  } catch (e) {
    if (!(e instanceof DataError)) throw e
    expect(e.problems.map((p) => p.code)).toEqual(['E419'])
    expect(e.problems[0]?.help).toMatch(/\S/)
    return e.problems[0]?.message ?? ''
  }
}

const chain = (family: string): string => `model Order2
data  y : real[R][T]
param a, s : positive
param f : simplex[2]
param p : simplex[2, 2]
param q : simplex[2, 2, 2]
for r in 1..R {
  ${family}
}`
const discrete = chain(`latent z[1] ~ Categorical(f)
  latent z[2] ~ Categorical(p[z[1]])
  for t in 3..T { latent z[t] ~ Categorical(q[z[t-2], z[t-1]]) }
  for t in 1..T { y[r, t] ~ Normal(a * z[t], s) }`)
const gaussian = chain(`latent z[1] ~ Normal(0, 1)
  latent z[2] ~ Normal(a * z[1], 1)
  for t in 3..T { latent z[t] ~ Normal(a * z[t-2], 1) }
  for t in 1..T { y[r, t] ~ Normal(z[t], s) }`).replace(/param [fpq].*\n/g, '')

const observed = (statements: string): string => `model Observed
data  y : real[R][T]
param m : real
param s : positive
for r in 1..R {
  ${statements}
}`

describe('a sequence that is too short', () => {
  const short = {
    y: [[1, 2, 0.5], [1.5, 0.4], [0.3]],
  }
  const long = { y: short.y.slice(0, 2) }

  it.each([
    ['a discrete chain', discrete],
    ['a Gaussian chain', gaussian],
  ])('for %s', (_, source) => {
    expect(complaint(source, short)).toBe('sequence 3 has length 1, and the model names place 2 of it: `z[2]`')
    expect(complaint(source, long)).toBeNull()
  })

  it('for data at a fixed place', () => {
    const source = observed('y[r, 2] ~ Normal(m, s)')
    expect(complaint(source, short)).toBe('sequence 3 has length 1, and the model names place 2 of it: `y[r, 2]`')
    expect(complaint(source, long)).toBeNull()
  })

  it('for data that a mean, a let or a comprehension reads', () => {
    const read = (mean: string, before = ''): string =>
      observed(`${before}
  for t in 1..T { y[r, t] ~ Normal(${mean}, s) }`)
    expect(complaint(read('m * y[r, 2]'), short)).toContain('`y[r, 2]`')
    expect(complaint(read('m * u', 'let u = y[r, 2] ^ 2'), short)).toContain('`y[r, 2]`')
    expect(complaint(read('m * sum([y[r, j + 1] for j in 1..T])'), long)).toBe(
      'sequence 1 has length 3, and the model names place 4 of it: `y[r, j + 1]` (at j = 3)',
    )
    expect(complaint(read('m * sum([y[r, j + 1] for j in 1..T-1])'), short)).toBeNull()
  })

  it('is no matter where a condition or a loop excludes it', () => {
    expect(complaint(observed('for t in 1..T { if t > 1 { y[r, t] ~ Normal(m * y[r, t-1], s) } }'), short)).toBeNull()
    expect(
      complaint(observed('for t in 1..T { y[r, t] ~ Normal(m if t == 1 else m * y[r, t-1], s) }'), short),
    ).toBeNull()
    expect(complaint(observed('for t in 2..T { y[r, t] ~ Normal(m * y[r, t-1], s) }'), short)).toBeNull()
    expect(complaint(observed('if T >= 2 { y[r, 2] ~ Normal(m, s) }'), short)).toBeNull()
    expect(complaint(observed('if T >= 1 { y[r, 2] ~ Normal(m, s) }'), short)).toContain('sequence 3 has length 1')
    expect(complaint(observed('for t in 1..T { if t > 1 { y[r, t] ~ Normal(m * y[r, t-2], s) } }'), short)).toBe(
      '`y[r, t-2]` is place 0 of `y` (at t = 2), before its first',
    )
  })
})

describe('an array that is too short', () => {
  const source = `model Dense
data  x : real[N, D]
param m : real
param s : positive
for n in 1..N { x[n, 3] ~ Normal(m * x[n, 1], s) }`

  it('in its columns', () => {
    const rows = (d: number): unknown => ({ x: [1, 2, 3].map((n) => [n, 2, 0.5].slice(0, d)) })
    expect(complaint(source, rows(2))).toBe('`x[n, 3]` is place 3 of `x`, but D is 2')
    expect(complaint(source, rows(3))).toBeNull()
  })

  it('in its rows', () => {
    const first = `model Dense
data  x : real[N]
param m : real
x[1] ~ Normal(0, 1)
x[2] ~ Normal(m * x[1], 1)
for n in 3..N { x[n] ~ Normal(m * x[n-2], 1) }`
    expect(complaint(first, { x: [1] })).toBe('`x[2]` is place 2 of `x`, but N is 1')
    expect(complaint(first, { x: [1, 2] })).toBeNull()
  })

  it('backwards', () => {
    const mirrored = (from: string): string => `model Dense
data  x : real[N]
data  y : real[N]
param m : real
for n in 1..N { y[n] ~ Normal(m * x[${from} - n], 1) }`
    const data = { x: [1, 2, 3], y: [1, 0, 2] }
    expect(complaint(mirrored('N + 1'), data)).toBeNull()
    expect(complaint(mirrored('N'), data)).toBe('`x[N - n]` is place 0 of `x` (at n = 3), before its first')
    expect(complaint(mirrored('N + 2'), data)).toBe('`x[N + 2 - n]` is place 4 of `x` (at n = 1), but N is 3')
  })
})

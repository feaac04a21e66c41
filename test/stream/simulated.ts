/** Tables of any length for the models of these tests, and the same as rows that do not lie in memory. */
import type { RowColumn, RowSource } from '../../index.js'
import { randomSource } from '../../runtime/random.js'

export type Columns = Readonly<Record<string, readonly (number | string | null)[]>>

export interface Simulated {
  readonly model: string
  readonly columns: Columns
  /** Names of columns of levels. */
  readonly levels: readonly string[]
  readonly start: Readonly<Record<string, unknown>>
}

function normals(seed: number): () => number {
  const random = randomSource(seed, 7)
  return () => Math.sqrt(-2 * Math.log(random.uniform())) * Math.cos(2 * Math.PI * random.uniform())
}

/** Two Gaussian clusters in the plane. */
export function clusters(rows: number): Simulated {
  const normal = normals(1)
  const x1: number[] = []
  const x2: number[] = []
  for (let n = 0; n < rows; n++) {
    const late = n % 3 === 0
    x1.push((late ? 2 : 4.3) + 0.3 * normal())
    x2.push((late ? 55 : 80) + 6 * normal())
  }
  return {
    model: `model Clusters
const K = 2
data  x : real[N, D]
param pi    : simplex[K]
param mu    : real[K, D]
param Sigma : covariance[K, D]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ MvNormal(mu[z], Sigma[z])
}`,
    columns: { x1, x2 },
    levels: [],
    start: {
      pi: [0.5, 0.5],
      mu: [
        [2.5, 60],
        [4, 75],
      ],
      Sigma: [
        [
          [1, 0],
          [0, 100],
        ],
        [
          [1, 0],
          [0, 100],
        ],
      ],
    },
  }
}

/** A mixture of two regressions, with weighted rows. */
export function regressions(rows: number): Simulated {
  const normal = normals(2)
  const [x, y, w]: [number[], number[], number[]] = [[], [], []]
  for (let n = 0; n < rows; n++) {
    const at = normal()
    x.push(at)
    y.push((n % 2 === 0 ? 1 + 2 * at : -1 - at) + 0.4 * normal())
    w.push(1 + (n % 3))
  }
  return {
    model: `model Regressions
const K = 2
data  x, y : real[N]
data  w : count[N]
param pi    : simplex[K]
param a, b  : real[K]
param sigma : positive[K]
for n in 1..N weight w[n] {
  latent z ~ Categorical(pi)
  y[n] ~ Normal(a[z] + b[z] * x[n], sigma[z])
}`,
    columns: { x, y, w },
    levels: [],
    start: { pi: [0.5, 0.5], a: [0.5, -0.5], b: [1, -0.5], sigma: [1, 1] },
  }
}

/** Latent classes behind three items, some of them missing. */
export function classes(rows: number): Simulated {
  const random = randomSource(3, 7)
  const columns: Record<string, (string | null)[]> = { y1: [], y2: [], y3: [] }
  for (let n = 0; n < rows; n++)
    for (const [j, cells] of Object.values(columns).entries()) {
      const often = ['red', 'blue', 'green'][(n % 2) + (j % 2)] ?? 'red'
      const u = random.uniform()
      cells.push(u < 0.02 ? null : u < 0.7 ? often : (['blue', 'green', 'red'][random.integer(3)] ?? 'red'))
    }
  const even = [1 / 3, 1 / 3, 1 / 3]
  return {
    model: `model Classes
const K = 2
data  y : category?[N, J]
param pi    : simplex[K]
param theta : simplex[K, J, levels(y)]
for n in 1..N {
  latent z ~ Categorical(pi)
  for j in 1..J { y[n, j] ~ Categorical(theta[z, j]) }
}`,
    columns,
    levels: ['y1', 'y2', 'y3'],
    start: {
      pi: [0.4, 0.6],
      theta: [
        [[0.2, 0.3, 0.5], even, even],
        [even, [0.5, 0.3, 0.2], even],
      ],
    },
  }
}

/** Counts of one Poisson regression: sums without latents, and covariates. */
export function counts(rows: number): Simulated {
  const random = randomSource(4, 7)
  const [x, y]: [number[], number[]] = [[], []]
  for (let n = 0; n < rows; n++) {
    const at = random.uniform()
    x.push(at)
    y.push(Math.floor(3 * random.exponential() + at))
  }
  return {
    model: `model Counts
data  x : real[N]
data  y : count[N]
let   low = min(x)
param a, b : real
for n in 1..N { y[n] ~ Poisson(exp(a + b * (x[n] - low))) }`,
    columns: { x, y },
    levels: [],
    start: { a: 0, b: 0 },
  }
}

/** The columns as rows to be read, the levels in an order of their own. */
export function rowsOf({ columns, levels }: Simulated): RowSource & { reads: number } {
  const names = Object.keys(columns)
  const kinds = names.map((name): RowColumn => {
    if (!levels.includes(name)) return { name, kind: 'number' }
    const labels = new Set(columns[name]?.flatMap((c) => (c === null ? [] : [String(c)])))
    return { name, kind: 'levels', levels: [...labels] }
  })
  const rows = columns[names[0] ?? '']?.length ?? 0
  const source = {
    rows,
    reads: 0,
    columns: kinds,
    read(column: number, from: number, to: number, into: Float64Array | Int32Array) {
      source.reads++
      const kind = kinds[column]
      const cells = columns[names[column] ?? ''] ?? []
      for (let i = from; i < to; i++) {
        const cell = cells[i] ?? null
        if (kind?.kind === 'levels') into[i - from] = cell === null ? -1 : kind.levels.indexOf(String(cell))
        else into[i - from] = cell === null ? Number.NaN : Number(cell)
      }
    },
  }
  return source
}

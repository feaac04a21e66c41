/** Models of every kind of E-step, with a few data. */
import { compileOrThrow, type FitCallOptions } from '../../index.js'
import { randomSource } from '../../runtime/random.js'

export interface Case {
  readonly source: string
  readonly data: Readonly<Record<string, unknown>>
  readonly options?: FitCallOptions
}

const random = randomSource(7, 1)
const normal = (): number => Math.sqrt(-2 * Math.log(random.uniform())) * Math.cos(2 * Math.PI * random.uniform())
const times = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i))

/** Two clouds, rows mixed. */
export const clouds = (n: number, apart: number): readonly number[] =>
  times(n, (i) => (i % 3 === 0 ? apart : 0) + normal())

export const mixture: Case = {
  source: `model Mixture
const K = 2
data  x : real[N]
param w : simplex[K]
param mu : real[K]
param s : positive[K]
for n in 1..N {
  latent z ~ Categorical(w)
  x[n] ~ Normal(mu[z], s[z])
}`,
  data: { x: clouds(60, 4) },
}

/** Two latents of a row that depend on each other. */
export const pairs: Case = {
  source: `model Pairs
data  x, y : real[N]
param p : simplex[2]
param T : simplex[2, 3]
param m : real[2]
param v : real[3]
for n in 1..N {
  latent a ~ Categorical(p)
  latent b ~ Categorical(T[a])
  x[n] ~ Normal(m[a], 1)
  y[n] ~ Normal(v[b], 1)
}`,
  data: { x: clouds(40, 3), y: clouds(40, 3).map((v, i) => v + (i % 4)) },
}

export const chain: Case = {
  source: `model Chain
const S = 3
data  y : real[T]
param first : simplex[S]
param step : simplex[S, S]
param mu : real[S]
latent z[1] ~ Categorical(first)
for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }
for t in 1..T { y[t] ~ Normal(mu[z[t]], 1) }`,
  data: { y: times(50, (t) => 2 * (Math.floor(t / 9) % 3) + normal()) },
}

/** A latent of a group that its rows read. */
export const groups: Case = {
  source: `model Raters
data  item, rater, label : category[N]
param prior : simplex[levels(label)]
param confusion : simplex[levels(rater), levels(label), levels(label)]
for i in levels(item) { latent truth[i] ~ Categorical(prior) }
for n in 1..N { label[n] ~ Categorical(confusion[rater[n], truth[item[n]]]) }`,
  data: {
    item: times(60, (n) => `i${Math.floor(n / 3)}`),
    rater: times(60, (n) => `r${n % 3}`),
    label: times(60, (n) => ((Math.floor(n / 3) % 2 === 0) !== random.uniform() < 0.25 ? 'a' : 'b')),
  },
}

/** A Normal vector for each row. */
export const factors: Case = {
  source: `model Factors
data  x : real[N, D]
param W : real[D, 2]
param psi : positive
for n in 1..N {
  latent f : real[2] ~ Normal(0, 1)
  x[n] ~ Normal(W * f, psi)
}`,
  data: {
    x: times(40, () => {
      const [a, b] = [normal(), normal()]
      return [a, a - b, b, a + b, a, 0.5 * b].map((mean) => mean + 0.7 * normal())
    }),
  },
}

/** One Normal system over all cells. */
export const level: Case = {
  source: `model Level
data  y : real[T]
param a, b : positive
latent m[1] ~ Normal(0, 10)
for t in 2..T { latent m[t] ~ Normal(m[t-1], a) }
for t in 1..T { y[t] ~ Normal(m[t], b) }`,
  data: { y: times(40, (t) => Math.sin(t / 6) + 0.5 * normal()) },
}

/** A Gamma posterior. */
export const robust: Case = {
  source: `model Robust
data  x : real[N]
param mu : real
param sigma : positive
for n in 1..N {
  latent u ~ Gamma(2, rate=2)
  x[n] ~ Normal(mu, sigma / sqrt(u))
}`,
  data: { x: clouds(50, 6) },
}

/** Missing cells of a vector. */
export const holes: Case = {
  source: `model Holes
data  x : real?[N, D]
param mu : real[D]
param Sigma : covariance[D]
for n in 1..N { x[n] ~ MvNormal(mu, Sigma) }`,
  data: {
    x: times(40, (n) => {
      const a = normal()
      const row: (number | null)[] = [a + 0.4 * normal(), a + 0.4 * normal(), 0.5 * a + normal()]
      if (n % 4 === 1) row[n % 3] = null
      return row
    }),
  },
}

/** Discrete and Normal latents of the same row. */
export const mixed: Case = {
  source: `model Mixed
data  x : real[N, D]
param w : simplex[2]
param mu : real[2, D]
param s : positive
param t : positive
for n in 1..N {
  latent z ~ Categorical(w)
  latent u ~ Normal(0, t)
  for d in 1..D { x[n, d] ~ Normal(mu[z, d] + u, s) }
}`,
  data: {
    x: times(40, (n) => {
      const u = 1.5 * normal()
      return times(3, (d) => 3 * (n % 2) * (d - 1) + u + normal())
    }),
  },
}

const logistic = (x: number): number => 1 / (1 + Math.exp(-x))
const groupOf = (n: number, size: number): string => `g${Math.floor(n / size)}`

/** Intercepts of groups under a logit: posteriors by nodes. */
export const intercepts: Case = {
  source: `model Intercepts
data  g : category[N]
data  y : bool[N]
param b : real
param s : positive
for i in levels(g) { latent u ~ Normal(b, s) }
for n in 1..N { y[n] ~ Bernoulli(logit = u[g[n]]) }`,
  data: (() => {
    const u = times(40, () => 0.4 + 1.2 * normal())
    return {
      g: times(480, (n) => groupOf(n, 12)),
      y: times(480, (n) => random.uniform() < logistic(u[Math.floor(n / 12)] ?? 0)),
    }
  })(),
}

/** Classes and abilities of the same rows, with a posterior by nodes for each class. */
export const abilities: Case = {
  source: `model Abilities
const ease = [-0.8, -0.4, 0, 0.4, 0.8]
data  q : bool[N, J]
param w : simplex[2]
param m : real[2]
param s : positive
for n in 1..N {
  latent z ~ Categorical(w)
  latent u ~ Normal(m[z], s)
  for j in 1..J { q[n, j] ~ Bernoulli(logit = u + ease[j]) }
}`,
  data: {
    q: times(40, (n) => {
      const u = (n % 3 === 0 ? 2 : -1) + 0.6 * normal()
      return times(5, (j) => random.uniform() < logistic(u + 0.4 * (j - 2)))
    }),
  },
}

/** More coordinates than a product rule serves: the nodes themselves are drawn. */
export const manyNodes: Case = {
  source: `model ManyNodes
data  y : count[N, J]
param m : real
param s, t : positive
for n in 1..N {
  latent u : real[5] ~ Normal(0, t)
  latent v ~ Normal(m, s)
  for j in 1..J { y[n, j] ~ Poisson(exp(u[j] + v)) }
}`,
  data: {
    y: times(12, () => {
      const v = 0.8 + 0.5 * normal()
      return times(5, () => Math.round(Math.exp(v + 0.4 * normal())))
    }),
  },
}

/** The mean and the precision of each group, which are of Normal and Gamma together. */
export const precisions: Case = {
  source: `model Precisions
data  x : real[G, J]
param m : real
param k, a, b : positive
for g in 1..G {
  latent tau ~ Gamma(a, b)
  latent mu ~ Normal(m, precision=k * tau)
  for j in 1..J { x[g, j] ~ Normal(mu, precision=tau) }
}`,
  data: {
    x: times(15, () => {
      const sd = Math.exp(0.5 * normal())
      const mu = 2 + sd * normal()
      return times(6, () => mu + sd * normal())
    }),
  },
}

/** One system over all cells with a variance for all of it. */
export const scaledLevel: Case = {
  source: `model ScaledLevel
data  y : real[T]
param a, w : positive
latent v ~ InverseGamma(3, a)
latent m[1] ~ Normal(0, var=v)
for t in 2..T { latent m[t] ~ Normal(m[t-1], var=w * v) }
for t in 1..T { y[t] ~ Normal(m[t], var=v) }`,
  data: level.data,
}

/** The mean and the matrix of each group. */
const matrices = (prior: string, ofMean: string, spread: string): Case => ({
  source: `model Matrices
const S = [[0.5, 0.1], [0.1, 0.7]]
data  x : real[G, J, 2]
param m : real[2]
param c : positive
for g in 1..G {
  latent U ~ ${prior}(5, S)
  latent mu ~ MvNormal(m, ${ofMean})
  for j in 1..J { x[g, j] ~ MvNormal(mu, ${spread}) }
}`,
  data: {
    x: times(8, () => {
      const [a, b] = [normal(), normal()]
      return times(5, () => {
        const e = normal()
        return [a + e, 1 + b + 0.5 * e + normal()]
      })
    }),
  },
})

export const precisionMatrices = matrices('Wishart', 'precision=c * U', 'precision=U')
export const covarianceMatrices = matrices('InverseWishart', 'U / c', 'U')

/** Coefficients of a regression, vectors with one matrix over all rows. */
export const coefficients: Case = {
  source: `model Coefficients
const S = [[0.5, 0.1], [0.1, 0.7]]
data  w : real[N]
data  x : real[N, 2]
param c : positive
latent Lambda ~ Wishart(5, S)
latent a ~ MvNormal([0.1, 0.2], precision=c * Lambda)
latent b ~ MvNormal([0, 0], precision=2 * c * Lambda)
for n in 1..N { x[n] ~ MvNormal(a + w[n] * b, precision=Lambda) }`,
  data: (() => {
    const w = times(12, () => normal())
    return { w, x: w.map((v) => [1 + v + normal(), 0.5 * v + normal()]) }
  })(),
}

/** Counts of which each had left a trace with a probability, and none was found. */
export const unseen: Case = {
  source: `model Unseen
data  c : count[N]
data  t : positive[N]
param l : positive
for n in 1..N {
  latent k ~ Poisson(l)
  c[n] ~ Poisson(l)
  t[n] ~ Custom(logpdf = -k * t[n])
}`,
  data: { c: times(30, () => Math.floor(Math.exp(1 + normal()))), t: times(30, () => random.uniform()) },
}

export const all: ReadonlyMap<string, Case> = new Map([
  ['a mixture', mixture],
  ['two latents of a row', pairs],
  ['a chain', chain],
  ['latents of groups', groups],
  ['Normal vectors of rows', factors],
  ['one Normal system', level],
  ['a Gamma posterior', robust],
  ['missing cells', holes],
  ['discrete and Normal latents', mixed],
  ['nodes of groups', intercepts],
  ['classes and nodes', abilities],
  ['nodes that are drawn', manyNodes],
  ['means with their precisions', precisions],
  ['one Normal system with its variance', scaledLevel],
  ['means with matrices of precision', precisionMatrices],
  ['means with covariance matrices', covarianceMatrices],
  ['vectors with one matrix', coefficients],
  ['a Poisson posterior', unseen],
])

/** The model over its data, and params after a few iterations. */
export async function bound({ source, data, options = {} }: Case) {
  const model = compileOrThrow(source)
  const own = model.bind(data, options)
  const fit = await model.fit(data, { restarts: 1, maxIterations: 4, ...options })
  const params = new Float64Array(own.model.length)
  let at = 0
  const put = (value: unknown): void => {
    if (Array.isArray(value)) for (const v of value) put(v)
    else params[at++] = Number(value)
  }
  for (const p of own.model.params) put(fit.params[p.name])
  return { model, bound: own, params }
}

/** Discrete latents of two groupings that cross: their posterior is a product of factors. */
export const crossedGroups = `model Crossed
data g, h : category[N]
data y : bool[N]
param p, q : simplex[2]
param r : unit[2, 2]
for i in levels(g) { latent a[i] ~ Categorical(p) }
for j in levels(h) { latent b[j] ~ Categorical(q) }
for n in 1..N { y[n] ~ Bernoulli(r[a[g[n]], b[h[n]]]) }`

/** Topics of documents; the words of topics are latents too, or params. */
export const topicsOf = (latentWords: boolean): string => `model Topics
data doc, word : category[N]
${latentWords ? 'for k in 1..2 { latent words_of : simplex[levels(word)] ~ Dirichlet(0.5) }' : 'param words_of : simplex[2, levels(word)]'}
for d in levels(doc) { latent topics_of : simplex[2] ~ Dirichlet(0.5) }
for n in 1..N {
  latent z ~ Categorical(topics_of[doc[n]])
  word[n] ~ Categorical(words_of[z])
}`

/** Normal latents of one grouping given their discrete ones in one factor, those of the other grouping in another. */
export const groupsOfKinds = `model Kinds
data g, h : category[N]
data y : real[N]
param p : simplex[2]
param m : real[2]
param t, s : positive
for i in levels(g) {
  latent a[i] ~ Categorical(p)
  latent e[i] ~ Normal(m[a[i]], 1)
}
for j in levels(h) { latent f[j] ~ Normal(0, t) }
for n in 1..N { y[n] ~ Normal(e[g[n]] + f[h[n]], s) }`

/** Two chains side by side, and a Normal latent of all places. */
export const twoChains = `model Factorial
data y : real[T]
param A, B : simplex[2, 2]
param m, d : real[2]
param s : positive
latent u[1] ~ Categorical([0.5, 0.5])
latent v[1] ~ Categorical([0.5, 0.5])
for t in 2..T { latent u[t] ~ Categorical(A[u[t-1]]) }
for t in 2..T { latent v[t] ~ Categorical(B[v[t-1]]) }
latent e ~ Normal(0, 1)
for t in 1..T { y[t] ~ Normal(m[u[t]] + d[v[t]] + e, s) }`

/** BIC and ICL beside mclust's tables, for the covariance structures that the language states. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compileOrThrow, readTable, select } from '../../index.js'

interface Row {
  readonly structure: string
  readonly k: number
  readonly bic: number
  readonly icl: number
  readonly parameters: number
  readonly logLikelihood: number
}

const peer: { readonly iris: readonly Row[]; readonly faithful: readonly Row[] } = JSON.parse(
  readFileSync(new URL('peers/criteria.json', import.meta.url), 'utf8'),
)

/** mclust's names: volume, shape, orientation, each Equal or Variable; I for spherical, or along the axes. */
const structures: ReadonlyMap<string, readonly [declaration: string, statement: string]> = new Map([
  ['EII', ['param s : positive', 'x[n] ~ Normal(mu[z], s)']],
  ['VII', ['param s : positive[K]', 'x[n] ~ Normal(mu[z], s[z])']],
  ['EEI', ['param s : positive[D]', 'x[n] ~ Normal(mu[z], s)']],
  ['VVI', ['param s : positive[K, D]', 'x[n] ~ Normal(mu[z], s[z])']],
  ['EEE', ['param S : covariance[D]', 'x[n] ~ MvNormal(mu[z], S)']],
  ['VVV', ['param S : covariance[K, D]', 'x[n] ~ MvNormal(mu[z], S[z])']],
])

const model = ([declaration, statement]: readonly [string, string]) =>
  compileOrThrow(`model Mixture
const K = 2
data  x : real[N, D]
param pi : simplex[K]
param mu : real[K, D]
${declaration}
for n in 1..N {
  latent z ~ Categorical(pi)
  ${statement}
}`)

const data = {
  iris: ['examples/iris/iris.csv', ['sl', 'sw', 'pl', 'pw']],
  faithful: ['examples/old-faithful/faithful.csv', ['eruptions', 'waiting']],
} as const

/** A maximum of ours may lie above mclust's, which begins from one hierarchical clustering; never below. */
const SLACK = 2e-3

describe.each(['iris', 'faithful'] as const)('%s', (name) => {
  const [path, columns] = data[name]
  const { value } = readTable(path, readFileSync(path))
  test.each([...structures.keys()])('%s', { timeout: 60_000 }, async (structure) => {
    const rows = peer[name].filter((r) => r.structure === structure && r.k <= 3)
    const written = structures.get(structure)
    if (value === undefined || written === undefined) throw new Error('no table')
    const chosen = await select(model(written), [value], {
      columns: { x: columns },
      over: { K: rows.map((r) => r.k) },
      folds: 0,
      restarts: 10,
    })
    let equal = 0
    for (const row of rows) {
      const own = chosen.candidates.find((c) => c.set.K === row.k)?.figures
      const where = `${structure}, ${row.k}`
      expect(own?.parameters, where).toBe(row.parameters)
      expect(own?.logLikelihood, where).toBeGreaterThan(row.logLikelihood - SLACK)
      // the same maximum: the same figures
      if (Math.abs((own?.logLikelihood ?? 0) - row.logLikelihood) > SLACK) continue
      equal++
      expect(Math.abs((own?.bic ?? 0) - row.bic), where).toBeLessThan(2.1 * SLACK)
      expect(Math.abs((own?.icl ?? 0) - row.icl), where).toBeLessThan(0.05)
    }
    expect(equal).toBeGreaterThanOrEqual(2)
  })
})

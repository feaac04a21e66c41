/** One test per code of the derivation, and the catalogue against the codes that the sources use. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { compile, compileOrThrow, DataError, loadFit } from '../../../index.js'
import { allEntries } from '../../../lang/diagnostics/catalogue.js'
import { boundDerivationEntries, modelDerivationEntries } from '../../../lang/diagnostics/catalogue-derivation.js'
import { warningExplanations } from '../../../runtime/warnings.js'

/** Code, the text that is marked, and the sentence. */
const GOLDEN: Readonly<Record<string, readonly [string, string]>> = {
  E401: [
    'Mixture([0.5, 0.5], Normal(0, 1), Normal(9, 1))',
    'a Mixture as a prior or as the distribution of a latent has no derivation in this version',
  ],
  E402: [
    'latent u ~ Uniform(-1, 1)',
    'the log density of `u` is not linear in statistics of a known family: this statement brings in another function of it, and its posterior has no closed form; a density that is cut off has no quadrature to a stated error, and this Uniform is: without one, an exact E-step would need an integral over 1 dimension for each of N rows',
  ],
  E403: [
    'x[n] ~ Normal(mu[z[s]], 1)',
    'a latent that picks which latent is read has no exact E-step in this version: an exact E-step would carry K^N = 2^N joint values',
  ],
  E404: [
    'latent z ~ Bernoulli(logistic(f[person[n]]))',
    '`z` and `f` are coupled over several rows: `f` at one place depends on `z` at many: its exact posterior would be a mixture of 2^N densities, one for each combination of their values, each of levels(person) dimensions; a factorised posterior has no closed form either: the log density of `f` is not linear in statistics of a known family: this statement brings in another function of it, and its posterior has no closed form',
  ],
  E405: [
    'latent z[i, j] ~ Categorical(step[z[i-1, j], z[i, j-1]])',
    '`z` at one place depends on `z` at others along two loops, so all of its places are coupled: an exact E-step would carry K^min(M, N) = 2^min(M, N) joint values',
  ],
  E406: ['observe difference = a - b', 'only a plain sum of latent counts can be observed in this version'],
  E407: [
    'there',
    'the latent count `there` is unbounded: no `observe` gives a sum that contains it, and its posterior would be a sum over 0, 1, 2, … without end',
  ],
  E408: [
    'x[n] ~ Truncated(Gamma(shape, 1), low=1)',
    'no M-step rule applies to `shape`: the incomplete gamma function has no derivative rule in its shape',
  ],
  E409: [
    'x[n] ~ Uniform(0, top)',
    'the ends of this Uniform depend on the param `top`, so the likelihood is not smooth in it and EM has no M-step for it',
  ],
}

describe('refused by the derivation', () => {
  for (const { code, title, example, fixed } of modelDerivationEntries)
    test(`${code}: ${title}`, () => {
      const { ok, diagnostics } = compile(example)
      expect(ok).toBe(false)
      expect(diagnostics.map((d) => [d.code, example.slice(d.span.start, d.span.end), d.message])).toEqual([
        [code, ...(GOLDEN[code] ?? [])],
      ])
      expect(compile(fixed).diagnostics).toEqual([])
      expect(compile(fixed).ok).toBe(true)
    })
})

/** Codes of the problems when data is bound. */
function problems(f: () => unknown): readonly (readonly [string, string])[] {
  try {
    f()
  } catch (e) {
    if (e instanceof DataError) return e.problems.map((p) => [p.code, p.message])
    throw e
  }
  return []
}

describe('refused when data is bound', () => {
  const labelled = compileOrThrow(
    'model A\ndata group : category[N]\ndata x : real[N]\nparam a, b : real\nfor n in 1..N {\n  if group[n] == "treated" { x[n] ~ Normal(a, 1) }\n  else { x[n] ~ Normal(b, 1) }\n}',
  )

  test('E410', () => {
    const data = { group: ['control', 'Treated'], x: [1, 2] }
    expect(problems(() => labelled.bind(data, {}))).toEqual([
      ['E410', 'the label "treated" is none of levels(group): Treated, control'],
    ])
    expect(problems(() => labelled.bind({ ...data, group: ['control', 'treated'] }, {}))).toEqual([])
    const help = (group: readonly string[]): string | null | undefined => {
      try {
        labelled.bind({ ...data, group }, {})
      } catch (e) {
        return e instanceof DataError ? e.problems[0]?.help : undefined
      }
      return undefined
    }
    expect(help(['control', 'Treated'])).toContain('did you mean "Treated"?')
    expect(help(['control', 'placebo'])).toContain('leave the comparison out')
  })

  test('E412', () => {
    const model = compileOrThrow(
      'model A\nconst K = 3\ndata x : real[N]\nparam mu : real[K]\nfor n in 1..N { x[n] ~ Normal(sum(mu), 1) }',
    )
    expect(problems(() => model.bind({ x: [1, 2] }, { set: { K: [1, 2] } }))).toEqual([
      ['E412', '--set K needs a number'],
    ])
    expect(problems(() => model.bind({ x: [1, 2] }, { set: { K: 4 } }))).toEqual([])
  })

  test('E413', async () => {
    const model = compileOrThrow(
      'model A\ndata x : real[N]\nparam mu : real\nparam s : positive\nfor n in 1..N { x[n] ~ Normal(mu, s) }',
    )
    const fit = await model.fit({ x: [1, 2, 4] })
    const document = JSON.parse(JSON.stringify(fit))
    document.params.mu = [1, 2]
    const edited = loadFit(document)
    await expect(edited.predict({ x: [1] })).rejects.toSatisfy(
      (e) => e instanceof DataError && e.problems.every((p) => p.code === 'E413'),
    )
  })

  test('E414', () => {
    const model = compileOrThrow(
      'model A\ndata y : category[N]\nparam p : unit\nfor n in 1..N { y[n] ~ Categorical([p, 1 - p]) }',
    )
    const found = problems(() => model.bind({ y: ['no', 'unsure', 'yes'] }, {}))
    expect(found).toEqual([['E414', '`y` has 3 levels (no, unsure, yes), but its distribution has 2 probabilities']])
    expect(problems(() => model.bind({ y: ['no', 'yes'] }, {}))).toEqual([])
  })

  test('E415', () => {
    const model = compileOrThrow(
      'model A\nconst K = 3\ndata x : real[N]\nparam mu : real[K - 2]\nfor n in 1..N { x[n] ~ Normal(sum(mu), 1) }',
    )
    const bind = (K: number) => problems(() => model.bind({ x: [1, 2] }, { set: { K } }))
    expect(bind(2).map(([code]) => code)).toEqual(['E415'])
    expect(bind(2.5).map(([code]) => code)).toEqual(['E415'])
    expect(bind(4)).toEqual([])
  })

  test('E416', async () => {
    const model = compileOrThrow(
      'model A\ndata x, w : nonnegative[N]\nparam r : positive\nfor n in 1..N weight w[n] { x[n] ~ Exponential(r) }',
    )
    const nothing = model.fit({ x: [1, 2], w: [0, 0] })
    await expect(nothing).rejects.toSatisfy((e) => e instanceof DataError && e.problems.every((p) => p.code === 'E416'))
    expect((await model.fit({ x: [1, 2], w: [0, 1] })).params.r).toBeCloseTo(0.5, 9)
  })

  test('E417', async () => {
    const model = compileOrThrow(
      'model A\ndata y : real?[N]\nparam m : real\nfor n in 1..N { y[n] ~ Truncated(Normal(m, 1), low=0) }',
    )
    const fit = await model.fit({ y: [1, 2] })
    await expect(fit.impute({ y: [1, null] })).rejects.toSatisfy(
      (e) => e instanceof DataError && e.problems.every((p) => p.code === 'E417'),
    )
    expect((await fit.impute({ y: [1, 2] })).arrays).toEqual([])
  })

  test('E419', () => {
    const source = 'model Two\ndata x : real[N]\nparam m : real\nx[1] ~ Normal(m, 1)\nx[2] ~ Normal(m, 2)'
    expect(() => compileOrThrow(source).bind({ x: [1] }, {})).toThrow(
      expect.toSatisfy((e) => e instanceof DataError && e.problems[0]?.code === 'E419'),
    )
  })

  test('E418', async () => {
    const chain = (step: string) =>
      compileOrThrow(`model A
data  y : count[T]
param p : unit
param r : positive[2]
${step}
for t in 1..T { y[t] ~ Poisson(r[1 + z[t]]) }`).fit({ y: [1, 2, 5] }, { maxIterations: 2, restarts: 1 })
    const backwards = await chain(
      'latent z[T] ~ Bernoulli(p)\nfor t in 1..T-1 { latent z[t] ~ Bernoulli(0.1 + 0.8 * z[t+1]) }',
    )
    const forwards = await chain(
      'latent z[1] ~ Bernoulli(p)\nfor t in 2..T { latent z[t] ~ Bernoulli(0.1 + 0.8 * z[t-1]) }',
    )
    const predict = (fit: typeof forwards) => fit.predict({ y: [1, 2, 3] }, { filtered: true })
    await expect(predict(backwards)).rejects.toSatisfy(
      (e) => e instanceof DataError && e.problems.every((p) => p.code === 'E418' && p.message.includes('comes after')),
    )
    expect((await predict(forwards)).latents.map((l) => l.name)).toEqual(['z'])
  })

  test('E421', () => {
    const model = compileOrThrow(
      'model A\ndata y : count[N, D]\nparam s : positive\nfor n in 1..N {\n  latent u : real[D] ~ Normal(0, s)\n  latent v ~ Normal(0, 1)\n  for d in 1..D { y[n, d] ~ Poisson(exp(u[d] + v)) }\n}',
    )
    const rows = (d: number) => ({ y: [Array.from({ length: d }, (_, i) => i), Array.from({ length: d }, () => 1)] })
    expect(problems(() => model.bind(rows(210), {}))).toEqual([
      [
        'E421',
        '`u`, `v` has 211 coordinates in one posterior that is no family, and draws that are weighted by importance serve up to 200',
      ],
    ])
    expect(problems(() => model.bind(rows(5), {}))).toEqual([])
  })

  test('each has a test', () => {
    const here = readFileSync(new URL(import.meta.url), 'utf8')
    for (const { code } of boundDerivationEntries) expect(here).toContain(`test('${code}'`)
  })
})

// -- the catalogue and the sources ---------------------------------------------------------------------------------------

const root = new URL('../../../', import.meta.url)

/** Codes that stand as string literals in the sources, with the catalogue and ranges in comments left out. */
function codesInSources(): ReadonlySet<string> {
  const out = new Set<string>()
  const visit = (url: URL): void => {
    for (const entry of readdirSync(url, { withFileTypes: true })) {
      if (entry.isDirectory()) visit(new URL(`${entry.name}/`, url))
      else if (entry.name.endsWith('.ts') && !entry.name.startsWith('catalogue') && !url.pathname.endsWith('/dist/'))
        scan(new URL(entry.name, url), out)
    }
  }
  for (const folder of ['lang/', 'compiler/', 'oracle/', 'runtime/', 'cli/', 'api/']) visit(new URL(folder, root))
  scan(new URL('index.ts', root), out)
  return out
}

function scan(file: URL, out: Set<string>): void {
  for (const m of readFileSync(file, 'utf8').matchAll(/'([EWI]\d{3})'/g)) if (m[1] !== undefined) out.add(m[1])
}

test('every code that is used is in the catalogue, and every entry is used', () => {
  const used = codesInSources()
  const known = new Set([...allEntries(), ...warningExplanations].map((e) => e.code))
  expect([...used].filter((c) => !known.has(c))).toEqual([])
  expect([...known].filter((c) => !used.has(c))).toEqual([])
})

import { describe, expect, test } from 'vitest'
import { printKernelOp } from '../../../../compiler/kernel/index.js'
import { carefulPasses, optimiseRows, rowPasses } from '../../../../compiler/kernel/passes/index.js'
import type { KernelOp } from '../../../../compiler/kernel/types.js'
import { compileJavaScript } from '../../../../compiler/targets/javascript/index.js'
import { deriveText } from '../../../support/derive.js'
import { bindText, rowOps, runAsWritten, runRewritten } from './rows.js'

const EXTENTS = new Map([
  ['N', 1000],
  ['D', 4],
  ['P', 6],
  ['K', 3],
  ['Q', 2],
])

/** Names as a reader would write them. */
const short = (text: string): string =>
  text
    .replace(/(?:size|const)\."(?:size|const):(\w+)"\[\]/g, '$1')
    .replace(/(?:data|param):(\w)/g, '$1')
    .replace(/:param:param\."Sigma"\[[^\]]*\]/g, '')
    .replace(/(\w+) (?:n1 z|block 1)/g, '$1')

/** The passes over a model's rows at extents, without data. */
function rewritten(source: string, complete = true, passes = rowPasses) {
  const { program } = deriveText(source)
  const sizes = new Map([...program.sizes.keys()].map((key) => [key, EXTENTS.get(short(key)) ?? 2]))
  const pass = program.passes.find((p) => p.rows !== null)
  if (pass === undefined || pass.rows === null) throw new Error('no pass over rows')
  let made = 0
  const context = {
    sizes,
    rows: pass.rows,
    fresh: (prefix: string) => `${prefix}_${++made}`,
    isComplete: () => complete,
  }
  const done = optimiseRows(rowOps(pass), program.buffers, context, passes)
  const text = (ops: readonly KernelOp[]): readonly string[] => ops.map((op) => short(printKernelOp(op)))
  return {
    rows: text(done.program.rows),
    postlude: text(done.program.postlude),
    growth: done.program.growth,
    declined: done.records.flatMap((r) => r.declined.map(short)),
    features: [...done.program.sizes].filter(([key]) => key.startsWith('size of')).map(([, n]) => n),
  }
}

const mixture = (params: string, density: string): string => `model Mixture
  const K = 3
  data  x : real[N, D]
  param pi : simplex[K]
  ${params}
  for n in 1..N {
    latent z ~ Categorical(pi)
    x[n] ~ ${density}
  }`

const FULL = mixture('param mu : real[K, D]\n  param Sigma : covariance[K, D]', 'MvNormal(mu[z], Sigma[z])')
const DIAGONAL = mixture('param mu : real[K, D]\n  param sigma : positive[K, D]', 'Normal(mu[z], sigma[z])')

describe('a mixture of Gaussians', () => {
  test('is two contractions with features, the products of a symmetric form once', () => {
    const { rows, features } = rewritten(FULL)
    expect(features).toEqual([4 + 10, 10])
    expect(rows.filter((op) => op.includes('features'))).toEqual([
      expect.stringMatching(
        /^map {7}for n1 < #N, column 0 < #D: features_\d+\[n1, column 0\] = x\[n1, column 0\] - centre_\d+\[column 0\]$/,
      ),
      expect.stringMatching(
        /^map {7}for n1 < #N, g_\d+ < #size of products_\d+: features_(\d+)\[n1, g_\d+ \+ 4\] = features_\1\[n1, left_\d+\[g_\d+\]\] \* features_\1\[n1, right_\d+\[g_\d+\]\]$/,
      ),
      expect.stringMatching(
        /^map {7}for n1 < #N, value z < #K: psi\[n1, value z\] = fixed_\d+\[value z\] \+ sum\[f_\d+ < #size of features_\d+\]\(coefficients_\d+\[value z, f_\d+\] \* features_\d+\[n1, f_\d+\]\)$/,
      ),
      expect.stringMatching(
        /^contract {2}for n1 < #N, weight 0 < #K, f_\d+ < #size of features_\d+: total_\d+\[weight 0, f_\d+\] \+= post\[n1, weight 0\] \* features_\d+\[n1, f_\d+\]$/,
      ),
    ])
    // their sums, and the counts
    expect(rows.filter((op) => /^(contract|scatter).* post\[/.test(op))).toHaveLength(2)
  })

  test('has squares and no mixed products where coordinates are independent', () => {
    expect(rewritten(DIAGONAL).features).toEqual([4 + 4, 4])
  })

  test('stays as it is where cells are missing, and where terms may not grow', () => {
    for (const got of [rewritten(DIAGONAL, false), rewritten(DIAGONAL, true, carefulPasses)]) {
      expect(got.growth).toBeNull()
      expect(got.rows.some((op) => op.includes('features'))).toBe(false)
    }
    expect(rewritten(DIAGONAL, false).declined.join()).toContain('is no column of complete data')
  })

  test('grows beyond every limit where a coefficient is infinite', () => {
    const lines = ['a,b,c,d', '1,2,3,4', '2,3,4,5', '3,3,3,3', '0,1,0,1']
    const model = bindText(DIAGONAL, [{ name: 'x.csv', text: lines.join('\n') }], ['--columns', 'x=a,b,c,d'])
    const { buffers } = model.memory.blocks
    buffers.get('param:pi')?.fill(1 / 3)
    buffers.get('param:sigma')?.fill(1)
    const pass = model.program.passes.find((p) => p.rows !== null)
    if (pass === undefined || pass.rows === null) throw new Error('no pass over rows')
    const blocks = { length: 4, most: 4 }
    const growth = (): number =>
      runRewritten(model, rowOps(pass), pass.rows ?? { table: '', axis: '', size: '' }, compileJavaScript, blocks)
        .growth
    expect(growth()).toBeLessThan(1e3)
    // sigma = 0 and x = mu: the density as it is written is infinite there, by 0 · ∞ = 0
    buffers.get('param:sigma')?.fill(0, 0, 4)
    buffers.get('param:mu')?.set([1, 2, 3, 4])
    expect(growth() < 1e300).toBe(false)
    const before = runAsWritten(model, rowOps(pass), pass.rows, compileJavaScript, { length: 4, most: 1 })
    expect(before.get('loglik')?.[0]).toBe(Number.POSITIVE_INFINITY)
  })
})

test('a mixture of regressions keeps its residuals, and sums products of its data once for all statistics', () => {
  const { rows, features, growth } = rewritten(`model Lines
    const K = 3
    data  x : real[N, P]
    data  y : real[N]
    param pi    : simplex[K]
    param beta  : real[K, P]
    param sigma : positive[K]
    for n in 1..N {
      latent z ~ Categorical(pi)
      y[n] ~ Normal(dot(x[n], beta[z]), sigma[z])
    }`)
  expect(growth).toBeNull()
  expect(features).toEqual([6 + 1 + 21, 7])
  expect(rows.find((op) => op.includes(': psi['))).toMatch(
    /\(y\[n1\] \+ -sum\[j\d+ < #P\]\(columns_\d+\[n1, j\d+ \+ 1\] \* beta\[value z, j\d+\]\)\)\^2/,
  )
  expect(rows.filter((op) => op.startsWith('contract') && op.includes('post'))).toEqual([
    expect.stringMatching(/: s1\[k\d+\] \+= post\[n1, k\d+\]$/),
    // features that only this sum reads are made in it
    expect.stringMatching(
      /\] \+= post\[n1, weight 0\] \* \(columns_\d+\[n1, left_\d+\[f_\d+\]\] \* columns_\d+\[n1, right_\d+\[f_\d+\]\]\)$/,
    ),
  ])
})

test('factor analysis sums second moments once for all coordinates, and data times means as one product', () => {
  const { rows, postlude } = rewritten(`model Factors
    const Q = 2
    data  x : real[N, D]
    param mu  : real[D]
    param W   : real[D, Q]
    param psi : positive[D]
    for n in 1..N {
      latent f : real[Q]
      for q in 1..Q { f[q] ~ Normal(0, 1) }
      for d in 1..D { x[n, d] ~ Normal(mu[d] + dot(W[d], f), psi[d]) }
    }`)
  expect(rows.filter((op) => op.startsWith('contract') && op.includes('mean'))).toEqual([
    expect.stringMatching(
      /weight 0 < #Q, f_\d+ < #size of features_\d+: total_\d+\[weight 0, f_\d+\] \+= mean\[n1, weight 0\] \* features_\d+\[n1, f_\d+\]$/,
    ),
    expect.stringMatching(/weight 0 < #Q: total_\d+\[weight 0\] \+= mean\[n1, weight 0\]$/),
    expect.stringMatching(
      /weight 0 < #Q, weight 1 < #Q: total_\d+\[weight 0, weight 1\] \+= mean\[n1, weight 0\] \* mean\[n1, weight 1\]$/,
    ),
  ])
  // what is no longer added for each row: the posterior covariance times the number of rows
  const counts = rows.filter((op) => op.startsWith('contract') && op.endsWith('+= 1'))
  expect(counts).toHaveLength(1)
  expect(postlude.some((op) => /\+= covariance\[j\d+, j\d+\] \* total_\d+$/.test(op))).toBe(true)
  // emptied and added to before, written once now, about the params
  expect(rows.find((op) => op.includes('features'))).toMatch(/= x\[n1, column 0\] \+ -mu\[column 0\]$/)
  expect(rows.some((op) => op.startsWith('fill') || op.startsWith('scatter'))).toBe(false)
})

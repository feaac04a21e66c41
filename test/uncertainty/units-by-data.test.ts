/** Units that rows and groups make together, where neither a plate nor one column of the data says which they are. */
import { expect, test } from 'vitest'
import { nestedUnits } from '../../compiler/bind/nested-units.js'
import { compileOrThrow } from '../../index.js'

test('a factorised posterior has units all the same: documents are drawn with all of their words', async () => {
  const model = compileOrThrow(`model Topics
const K = 2
data  doc, word : category[N]
data  times : count[N]
param words_of : simplex[K, levels(word)]
for d in levels(doc) { latent topics_of : simplex[K] ~ Dirichlet(0.5) }
for n in 1..N weight times[n] {
  latent z ~ Categorical(topics_of[doc[n]])
  word[n] ~ Categorical(words_of[z])
}`)
  const rows = Array.from({ length: 60 }, (_, i) => ({ doc: `d${i % 12}`, word: `w${Math.floor(i / 12)}`, i }))
  const data = {
    doc: rows.map((r) => r.doc),
    word: rows.map((r) => r.word),
    times: rows.map((r) => 1 + ((r.i * 7 + (r.i % 12 < 6 ? 3 * Math.floor(r.i / 12) : 0)) % 11)),
  }
  const { model: bound } = model.bind(data, {}, null)
  const units = nestedUnits(bound)
  expect(units?.count).toBe(12)
  // units in another order are the same data in another order, whatever q begins with
  const other = units?.take(Int32Array.from({ length: 12 }, (_, i) => (i * 5) % 12))
  const drawn = units?.take([3, 3])
  expect(drawn?.sizes.get('N')).toBe(10)
  const [first, second, third] = drawn?.levels.get('levels(doc)')?.[0] ?? []
  expect([second, third]).toEqual([first, undefined])
  expect([...(drawn?.arrays.get('doc')?.values ?? [])]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1])
  const fit = await model.fit(data, { restarts: 2, tolerance: 1e-11 })
  if (other === undefined) throw new Error('no units')
  const params = bound.params.reduce((at, { name, offset, length }) => {
    at.set([fit.params[name]].flat(3).map(Number).slice(0, length), offset)
    return at
  }, new Float64Array(bound.length))
  const again = bound.over(other).eStep(params).logLikelihood
  expect(again / bound.eStep(params).logLikelihood).toBeCloseTo(1, 6)
  const { fields } = await fit.standardErrors('bootstrap', { replicates: 20 })
  expect(fields.errors.units).toBe(12)
})

test('groups that cross, and rows that say their number, have none', () => {
  const crossed = (mean: string) => `model Crossed
data g, h : category[N]
data y : real[N]
param m : real
for i in levels(g) { latent a[i] ~ Normal(0, 1) }
for j in levels(h) { latent b[j] ~ Normal(0, 1) }
for n in 1..N { y[n] ~ Normal(${mean} + a[g[n]] + b[h[n]], 1) }`
  const of = (text: string, h: readonly string[]) => {
    const rows = Array.from({ length: 12 }, (_, i) => i)
    const data = { g: rows.map((i) => `g${i % 4}`), h: rows.map((i) => h[i % h.length] ?? ''), y: rows }
    return nestedUnits(compileOrThrow(text).bind(data, {}, null).model)
  }
  expect(of(crossed('m'), ['a', 'b', 'a', 'b'])?.count).toBe(2)
  expect(of(crossed('m'), ['a', 'b', 'c'])).toBe(null)
  expect(of(crossed('m * n'), ['a', 'b', 'a', 'b'])).toBe(null)
})

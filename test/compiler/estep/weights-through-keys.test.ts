import { expect, test } from 'vitest'
import { compileOrThrow } from '../../../index.js'

const head = `model Topics
const K = 2
data doc, word : category[N]
data times : count[N]
for d in levels(doc) { latent topics_of : simplex[K] ~ Dirichlet(0.5) }
for k in 1..K { latent words_of : simplex[levels(word)] ~ Dirichlet(0.3) }
`
const together = `${head}for n in 1..N weight times[n] {
  latent z ~ Categorical(topics_of[doc[n]])
  word[n] ~ Categorical(words_of[z])
}
`
const apart = `${head}for n in 1..N weight times[n] { latent z ~ Categorical(topics_of[doc[n]]) }
for m in 1..N { word[m] ~ Categorical(words_of[z[m]]) }
`

test('a row that reads a weighted latent stands for as many copies in the other factors of q', async () => {
  const data = { doc: [1, 1, 2, 2, 3, 3], word: [1, 2, 1, 3, 2, 3], times: [3, 1, 4, 2, 1, 5] }
  const [a, b] = await Promise.all([together, apart].map((text) => compileOrThrow(text).fit(data, { restarts: 3 })))
  expect(a?.result.bound).toBe('variational')
  expect(b?.objective).toBeCloseTo(a?.objective ?? Number.NaN, 8)
})

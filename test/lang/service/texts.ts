/** A text with `|` where the cursor is. */
import { signatures } from '../../../compiler/distributions/index.js'
import { type Analysis, analyse } from '../../../lang/service/analyse.js'

export function at(marked: string): { readonly a: Analysis; readonly offset: number } {
  const offset = marked.indexOf('|')
  if (offset === -1) throw new Error('the text has no |')
  return { a: read(marked.replace('|', '')), offset }
}

export const read = (text: string): Analysis => analyse({ name: 'model.estep', text }, signatures)

/** The text of a span. */
export const under = (a: Analysis, span: { readonly start: number; readonly end: number }): string =>
  a.source.text.slice(span.start, span.end)

export const mixture = `model OldFaithful
const K = 2
data  x : real[N, D]
param pi    : simplex[K]
param mu    : real[K, D]
param sigma : positive[K]
for n in 1..N {
  latent z ~ Categorical(pi)
  x[n] ~ Normal(mu[z], sigma[z])
}
`

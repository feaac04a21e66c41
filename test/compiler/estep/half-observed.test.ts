import { expect, test } from 'vitest'
import { compile } from '../../../index.js'

/** Codes of the errors that a half-observed column gives which another statement reads. */
const codes = (type: string, distribution: string, reader: string): readonly string[] =>
  compile(`model HalfObserved
data  y : ${type}?[N]
data  c : count[N]
param a, b : positive
for n in 1..N {
  y[n] ~ ${distribution}
  c[n] ~ ${reader}
}`)
    .diagnostics.filter((d) => d.severity === 'error')
    .map((d) => d.code)

test.each([
  ['positive', 'Gamma(a, b)', 'Poisson(y[n])'],
  ['unit', 'Beta(a, b)', 'Binomial(9, y[n])'],
])('observed cells of %s data cannot stay at their data in %s: refused, not fitted', (type, distribution, reader) => {
  expect(codes(type, distribution, reader)).toEqual(['E402'])
})

test('a column that nothing else reads has its missing cells left out', () => {
  expect(codes('positive', 'Gamma(a, b)', 'Poisson(b)')).toEqual([])
})

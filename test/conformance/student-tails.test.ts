/** Tails of StudentT beside SciPy's (peers/student_tails.py): values that are censored, truncated, and residuals. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { compileOrThrow } from '../../index.js'

interface Peer {
  readonly params: readonly number[]
  readonly logLikelihood: number
}
const peer: {
  readonly x: readonly number[]
  readonly y: readonly number[]
  readonly tobit: Peer
  readonly truncated: Peer
  readonly plain: Peer & { readonly pits: readonly number[] }
} = JSON.parse(readFileSync(new URL('./peers/student-tails.json', import.meta.url), 'utf8'))

const regression = (statements: string): string => `model Robust
const nu = 4
data  x, y : real[N]
param a, b : real
param s    : positive
for n in 1..N { ${statements} }`

async function agrees(statements: string, data: Readonly<Record<string, readonly number[]>>, known: Peer) {
  const fit = await compileOrThrow(regression(statements)).fit(data, { seed: 1 })
  expect(Math.abs((fit.logLikelihood ?? 0) - known.logLikelihood)).toBeLessThan(1e-7)
  ;['a', 'b', 's'].forEach((name, i) => {
    expect(Math.abs(Number(fit.params[name]) - (known.params[i] ?? 0)), name).toBeLessThan(1e-4)
  })
  return fit
}

test('a censored regression', async () => {
  const { x, y } = peer
  await agrees(
    `if y[n] > 0 { y[n] ~ StudentT(nu, a + b*x[n], s) } else { y[n] ~ Censored(StudentT(nu, a + b*x[n], s), below) }`,
    { x, y: y.map((v) => Math.max(v, 0)) },
    peer.tobit,
  )
})

test('a truncated regression', async () => {
  const kept = peer.y.map((v) => v > -0.5)
  const of = (values: readonly number[]): readonly number[] => values.filter((_, i) => kept[i])
  await agrees(
    `y[n] ~ Truncated(StudentT(nu, a + b*x[n], s), low = -0.5)`,
    { x: of(peer.x), y: of(peer.y) },
    peer.truncated,
  )
})

test('residuals', async () => {
  const { x, y } = peer
  const fit = await agrees(`y[n] ~ StudentT(nu, a + b*x[n], s)`, { x, y }, peer.plain)
  const [own] = (await fit.residuals({ x, y })).arrays
  expect(own?.reason).toBeNull()
  expect(own?.cells.length).toBe(80)
  own?.cells.forEach(({ pit }, i) => {
    expect(Math.abs((pit ?? Number.NaN) - (peer.plain.pits[i] ?? 0))).toBeLessThan(1e-5)
  })
})

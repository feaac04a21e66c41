/** Data whose covariance is singular: the spread stops at its floor, and a warning says so. */
import { describe, expect, it } from 'vitest'
import { clouds, codes, fitOf, numbers } from './support.js'

const rows = clouds(40)
const cases: readonly (readonly [string, readonly (readonly number[])[]])[] = [
  ['a constant column', rows.map(([a]) => [a ?? 0, 7])],
  ['a column of zeros', rows.map(([a]) => [a ?? 0, 0])],
  ['points on a line', rows.map(([a]) => [a ?? 0, 2 * (a ?? 0) + 1])],
  ['few points, each ten times', Array.from({ length: 40 }, (_, i) => rows[i % 4] ?? [])],
  ['fewer rows than columns', clouds(5, 12)],
  ['three rows', rows.slice(0, 3)],
  ['equal rows', rows.map(() => [1, 2])],
  ['rows of zeros', rows.map(() => [0, 0])],
  ['one row', rows.slice(0, 1)],
  ['two rows', rows.slice(0, 2)],
  ['columns of very different scale', rows.map(([a, b]) => [(a ?? 0) * 1e-6, (b ?? 0) * 1e6])],
]

describe.each(cases)('%s', (name, x) => {
  const harmless = name === 'columns of very different scale'

  it('with full covariances', async () => {
    const fit = await fitOf('full', { x })
    if (harmless) expect(codes(fit)).toEqual([])
    else expect(codes(fit)).toContain('W523')
  })

  it('with one covariance', async () => {
    const fit = await fitOf('multivariate', { x: [...x, ...x.map((row) => row.map((v, j) => v + j + 1))] })
    expect(numbers(fit, 'Sigma').length).toBe((x[0]?.length ?? 0) ** 2)
  })

  it('with one spread a component', async () => {
    await fitOf('spherical', { x })
  })
})

it('a floor of 0 is none: a likelihood without bound fails in words', async () => {
  const x = rows.map(() => [1, 2])
  await expect(fitOf('full', { x }, { floor: 0 })).rejects.toThrow()
})

it('names the column that is constant', async () => {
  const fit = await fitOf('full', { x: rows.map(([a]) => [a ?? 0, 7]) })
  const warning = fit.warnings.find(({ code }) => code === 'W530')
  expect(warning?.message).toBe('column 2 of `x` is 7 in every row: it has no spread to estimate')
  const named = { a: rows.map(([a]) => a ?? 0), c: rows.map(() => 7) }
  for (const standardize of [false, true]) {
    const { warnings } = await fitOf('full', named, {
      columns: { x: ['a', 'c'] },
      standardize,
      restarts: 1,
      maxIterations: 9,
    })
    expect(warnings.find(({ code }) => code === 'W530')?.message).toBe(
      'column `c` of `x` is 7 in every row: it has no spread to estimate',
    )
    const floor = warnings.find(({ code }) => code === 'W523')?.message
    expect(floor?.endsWith('the floor is that of standardised columns')).toBe(standardize)
  }
})

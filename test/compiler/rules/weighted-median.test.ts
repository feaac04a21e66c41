/** The M-step of a location within absolute values: a weighted median, exactly. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../../index.js'
import { seededRandom } from '../../laws/support/random.js'

const ONE = `model L
data x : real[N]
param m : real
param s : positive
for n in 1..N { x[n] ~ Laplace(m, s) }
`

describe('weighted median', () => {
  it('is the middle value of an odd number of values, and the scale their mean distance from it', async () => {
    const x = [9, 1, 4.5, 4.25, 1000, 2, 7]
    const fit = await compileOrThrow(ONE).fit({ x }, {})
    expect(fit.params.m).toBe(4.5)
    const scale = x.reduce((sum, v) => sum + Math.abs(v - 4.5), 0) / x.length
    expect(Number(fit.params.s) / scale).toBeCloseTo(1, 7)
    expect(JSON.stringify(fit.toJSON().plan)).toContain('"rule":"weighted-median"')
  })

  it('counts a value as often as its weight says', async () => {
    const weighted = ONE.replace('data x', 'data w : count[N]\ndata x').replace('1..N {', '1..N weight w[n] {')
    const fit = await compileOrThrow(weighted).fit({ x: [1, 2, 3, 10, 20], w: [1, 1, 1, 1, 9] }, {})
    expect(fit.params.m).toBe(20)
  })

  it('stays in the support of the location', async () => {
    const bounded = ONE.replace('m : real', 'm : real in (0, 3)')
    const fit = await compileOrThrow(bounded).fit({ x: [4, 5, 6, 7, 1] }, {})
    expect(fit.params.m).toBe(3)
  })

  it('is found over more rows than a block holds, at a data value, with the best likelihood of its neighbours', async () => {
    const random = seededRandom(5)
    const x = Array.from({ length: 1501 }, () => Math.log(random() / random()) * 3 + 5)
    const fit = await compileOrThrow(ONE).fit({ x }, {})
    const middle = [...x].sort((a, b) => a - b)[750]
    expect(fit.params.m).toBe(middle)
  })

  it('declines a location that is a regression, which is refused with the reason', () => {
    const line = ONE.replace('param m : real', 'data z : real[N]\nparam a, m : real').replace('(m,', '(a + m * z[n],')
    expect(() => compileOrThrow(line)).toThrow(/kink/)
  })
})

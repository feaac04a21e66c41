import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../cli/exit-codes.js'
import { parseLiteral } from '../../cli/literal.js'
import { nodeHost } from '../../cli/node-host.js'
import { createProgress } from '../../cli/progress.js'
import { fitReport } from '../../cli/render/fit-report.js'
import { formatNumber } from '../../cli/render/numbers.js'
import { createPaint } from '../../cli/render/paint.js'
import { sparkline } from '../../cli/render/sparkline.js'
import { startsLine } from '../../cli/render/starts-line.js'
import { adjustedRand } from '../../runtime/adjusted-rand.js'
import { bestMatching } from '../../runtime/best-matching.js'
import { columnsLine, parseColumnsOption } from '../../runtime/data/columns-option.js'
import type { FitResult } from '../../runtime/result.js'
import { fakeHost, fakeResult } from './fake.js'

function permutations(n: number): number[][] {
  if (n === 0) return [[]]
  return permutations(n - 1).flatMap((rest) =>
    Array.from({ length: n }, (_, i) => [...rest.slice(0, i), n - 1, ...rest.slice(i)]),
  )
}

describe('bestMatching', () => {
  it('finds the least cost of all assignments', () => {
    const square = fc.integer({ min: 1, max: 5 }).chain((n) =>
      fc.array(fc.array(fc.integer({ min: -9, max: 9 }), { minLength: n, maxLength: n }), {
        minLength: n,
        maxLength: n,
      }),
    )
    fc.assert(
      fc.property(square, (cost) => {
        const total = (order: readonly number[]) => order.reduce((sum, j, i) => sum + (cost[i]?.[j] ?? 0), 0)
        expect(total(bestMatching(cost))).toBe(Math.min(...permutations(cost.length).map(total)))
      }),
      { numRuns: 100 },
    )
  })

  it('leaves rows over where they are more', () => {
    expect(bestMatching([[5], [1], [3]])).toEqual([-1, 0, -1])
  })
})

it('adjustedRand is 1 for equal partitions and that of a known table', () => {
  expect(
    adjustedRand([
      [0, 3],
      [2, 0],
    ]),
  ).toBe(1)
  // Pairs: both 1, rows 6, columns 4, all 15, so (1 − 24/15) / (5 − 24/15).
  expect(
    adjustedRand([
      [1, 1, 1],
      [2, 0, 1],
    ]),
  ).toBeCloseTo(-0.6 / 3.4, 12)
})

describe('parseLiteral', () => {
  it.each<[string, unknown]>([
    ['0', 0],
    ['-1e-3', -0.001],
    ['1/6', 1 / 6],
    [
      '[[1,2],[3,4]]',
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [' [ 1 , -Infinity ] ', [1, Number.NEGATIVE_INFINITY]],
    ['true', true],
  ])('reads %s', (text, value) => {
    expect(parseLiteral('--start', text)).toEqual(value)
  })

  it.each(['', '[]', '[1', '1]', '[1 2]', 'x', '1/0', '0x10', '['.repeat(30)])('refuses %s', (text) => {
    expect(() => parseLiteral('--start', text)).toThrow(UsageError)
  })
})

it('a printed --columns line reads back', () => {
  const name = fc.string({ minLength: 1 }).filter((text) => text.trim() === text)
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 1, maxLength: 4 }), (columns) => {
      const line = columnsLine('x', columns).slice('--columns '.length)
      const bare = line.startsWith("'") ? line.slice(1, -1).replaceAll("'\\''", "'") : line
      expect(parseColumnsOption(bare)).toEqual({ name: 'x', columns })
    }),
  )
})

it('numbers have six significant digits', () => {
  expect([0.1 + 0.2, 1e-12, 123456789, 2, -0.00012345678, '-Infinity' as const, null].map(formatNumber)).toEqual([
    '0.3',
    '1e-12',
    '1.23457e+8',
    '2',
    '-0.000123457',
    '−∞',
    'NA',
  ])
})

it('a sparkline rises from the start to the end', () => {
  const line = sparkline([-100, -20, -11, -10.1, -10.01, -10], 40)
  expect(line).toMatch(/^-100\.0000 ▁.*█ -10\.0000$/)
  expect(sparkline([-5], 10)).toBe('')
})

describe('progress', () => {
  const params = new Float64Array()
  const step = { phase: 'main', start: 0, starts: 1, iteration: 5, objective: -1, logLikelihood: -1, params } as const
  it('shows after a second on a terminal only', () => {
    for (const terminal of [true, false]) {
      let now = 0
      const host = Object.assign(fakeHost(), { stderrIsTerminal: terminal, now: () => now })
      const progress = createProgress(host, () => ({ text: 'working', share: 0.5 }))
      now = 900
      progress.update(step)
      expect(host.err).toBe('')
      now = 1500
      progress.update(step)
      progress.clear()
      expect(host.err.includes('working')).toBe(terminal)
    }
  })
})

describe('nodeHost', () => {
  it('writes files whole, leaving no temporary ones', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'estep-'))
    try {
      const host = nodeHost()
      await host.write(join(folder, 'a.json'), 'one')
      await host.write(join(folder, 'a.json'), 'two')
      expect(readFileSync(join(folder, 'a.json'), 'utf8')).toBe('two')
      await expect(host.write(join(folder, 'no', 'a.json'), 'x')).rejects.toThrow('its directory does not exist')
      expect(readdirSync(folder)).toEqual(['a.json'])
      await expect(host.read(join(folder, 'b.json'))).rejects.toThrow('there is no file')
      await expect(host.read(folder)).rejects.toThrow('is a directory')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

it('says what a log-likelihood is that is not exact', () => {
  const line = (result: Partial<FitResult>): string =>
    fitReport({ ...fakeResult, ...result }, [], null, 80, createPaint(false)).split('\n')[1] ?? ''
  expect(line({})).toBe('log-likelihood -1709.5293')
  expect(line({ bound: 'variational' })).toBe('log-likelihood (variational: a lower bound) ≥ -1709.5293')
  expect(line({ bound: 'quadrature', accuracy: { error: 2.3e-10, points: 15 } })).toBe(
    'log-likelihood (quadrature, 15 points, error ≤ 2e-10) -1709.5293',
  )
  expect(line({ bound: 'monte-carlo', accuracy: { error: 0.02, standardError: 0.01, draws: 4000 } })).toBe(
    'log-likelihood (Monte Carlo, 4000 draws, error ≤ 0.02) -1709.5293',
  )
})

it('says of starts that were given up how many were as high as the best by then', () => {
  const line = (objectives: readonly number[], runs: number): string =>
    startsLine(
      objectives.map((objective, i) => {
        const brief = i >= runs
        return { seed: i + 1, objective, degenerate: false, iterations: 12, stop: brief ? null : 'tolerance', brief }
      }),
    )
  expect(line([-10, -10, -12, -10.0001, -11], 2)).toBe(
    '5 starts: 2 came to the best, 3 given up after a brief run (1 of them about as high by then)',
  )
  expect(line([-10, -9, -11], 1)).toBe('3 starts: 1 came to the best, 2 given up after a brief run')
})

import { afterAll, describe, expect, test } from 'vitest'
import { ownShare, peerShares, sharedCases } from './seed-share.js'

/**
 * Cases that give a start, from our own starts instead: one start a seed, as the peers have, and the default 20.
 * `degenerate` counts ends by each program's own rule: a component of the equal-variance reference has 2.0 rows.
 */
const rows: {
  readonly id: string
  readonly who: string
  readonly reached: number
  readonly degenerate: number
  readonly above: number
  readonly of: number
}[] = []

describe('cases with a start, without it', () => {
  test('are those with start values for all components', () => {
    expect(sharedCases.length).toBe(6)
  })

  for (const id of sharedCases) {
    test(id, { timeout: 120_000 }, async () => {
      const one = await ownShare(id, 20, 1)
      const twenty = await ownShare(id, 8, 20)
      expect(twenty.degenerate).toBe(0)
      rows.push({ id, who: 'estep, 1 start', of: one.seeds, ...one })
      rows.push({ id, who: 'estep, 20 starts', of: twenty.seeds, ...twenty })
      for (const peer of peerShares.filter((p) => p.case === id))
        rows.push({ id, who: peer.peer.replace(/[({,].*$/u, '').trim(), of: peer.seeds, ...peer })
    })
  }

  afterAll(() => {
    const lines = rows.map((r) =>
      [
        r.id.padEnd(26),
        r.who.padEnd(38),
        `${r.reached} of ${r.of}`.padStart(9),
        String(r.degenerate).padStart(10),
        String(r.above).padStart(6),
      ].join(' '),
    )
    const head = `${'case'.padEnd(26)} ${'who'.padEnd(38)} ${'reached'.padStart(9)} degenerate  above`
    console.log([head, ...lines].join('\n'))
  })
})

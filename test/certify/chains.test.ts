/** Chains by forward–backward against enumeration of all paths, on short sequences. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { certifyText, complaints } from './certified.js'

const folder = new URL('models/', import.meta.url)
const files = readdirSync(folder).filter((f) => /^(chains?-|latent-in-branch).*\.estep$/.test(f))

/** Figures that are sums over the same paths on both sides. */
const exact = ['log-likelihood', 'posterior of discrete latents']

describe('chains', () => {
  it.each(files)('%s', { timeout: 60_000 }, (file) => {
    const outcome = certifyText(readFileSync(new URL(file, folder), 'utf8'), { replicates: 3 })
    if (outcome.kind === 'refused') throw new Error(outcome.text)
    expect(complaints(outcome.certificate)).toEqual([])
    expect(outcome.certificate.passed).toBe(true)
    for (const c of outcome.certificate.checks.filter((x) => exact.includes(x.name)))
      expect(c.error, c.name).toBeLessThanOrEqual(1e-10)
    expect(outcome.certificate.checks.map((c) => c.name)).toEqual(expect.arrayContaining(exact))
  })

  it('has models of every kind', () => {
    expect(files.length).toBeGreaterThanOrEqual(28)
  })
})

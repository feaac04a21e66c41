/** Small models of every latent structure, each by a name of its own, against brute force. */
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { certifyText, complaints } from './certified.js'

const folder = new URL('models/', import.meta.url)

/** Models that have no derivation, and the code of the reason. */
const refused: ReadonlyMap<string, string> = new Map([
  ['heaped.estep', 'E401'],
  ['laplace-regression.estep', 'E408'],
  ['missing-count-read.estep', 'E402'],
])

/** Densities that the brute force of a posterior in two dimensions takes. */
const evaluations: ReadonlyMap<string, number> = new Map([
  ['nodes-chain.estep', 4000],
  ['nodes-random-slopes.estep', 4000],
])

// chains have a test of their own
const files = readdirSync(folder).filter((f) => !/^(chains?-|latent-in-branch).*\.estep$/.test(f))

describe('latent structures', () => {
  it.each(files)('%s', { timeout: 60_000 }, (file) => {
    const outcome = certifyText(readFileSync(new URL(file, folder), 'utf8'), {
      replicates: 1,
      ...(evaluations.has(file) ? { evaluations: evaluations.get(file) ?? 0 } : {}),
    })
    const code = refused.get(file)
    if (outcome.kind === 'refused' || code !== undefined) {
      expect(outcome).toMatchObject({ kind: 'refused', by: 'derive', codes: [code] })
      return
    }
    expect(complaints(outcome.certificate)).toEqual([])
    expect(outcome.certificate.passed).toBe(true)
  })
})

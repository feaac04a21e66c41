import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { certifyText, complaints } from './certified.js'

const root = new URL('../../', import.meta.url)

function modelsIn(folder: string): readonly string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.estep'))
    .map((f) => `${folder}${f}`)
    .sort()
}

describe.each(['examples/', 'test/lang/models/', 'test/conformance/models/'])('models of %s', (folder) => {
  it.each(modelsIn(folder))('%s is certified where it derives', (file) => {
    const outcome = certifyText(readFileSync(new URL(file, root), 'utf8'), { replicates: 2 })
    if (folder === 'examples/') expect(outcome.kind).toBe('certificate')
    if (outcome.kind === 'refused') return
    expect(complaints(outcome.certificate)).toEqual([])
    expect(outcome.certificate.passed).toBe(true)
    const names = outcome.certificate.checks.map((c) => c.name)
    expect(names).toContain('log-likelihood')
    expect(names).toContain("Fisher's identity")
    expect(names).toContain('M-step: Q is not lower')
    expect(names).toContain('targets agree')
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

/** What the pages are made of is read within the test, so that a definition that cannot be read fails it. */
describe('reference pages', () => {
  it('has the distributions that `npm run docs` writes', async () => {
    const { distributionsPage } = await import('../../compiler/distributions/reference-page.js')
    expect(page('distributions.md')).toBe(distributionsPage())
  })

  it('has the rules that `npm run docs` writes', async () => {
    const { rulesPage } = await import('../../compiler/rules/reference-page.js')
    expect(page('derivation-rules.md')).toBe(rulesPage())
  })

  it('has the diagnostics that `npm run docs` writes', async () => {
    const { diagnosticsPage } = await import('../../lang/diagnostics/reference-page.js')
    expect(page('diagnostics.md')).toBe(diagnosticsPage())
  })
})

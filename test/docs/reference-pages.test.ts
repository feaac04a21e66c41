import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rulesPage } from '../../compiler/rules/reference-page.js'
import { diagnosticsPage } from '../../lang/diagnostics/reference-page.js'

const page = (name: string): string => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

describe('reference pages', () => {
  it('are what `npm run docs` writes', () => {
    expect(page('diagnostics.md')).toBe(diagnosticsPage())
    expect(page('derivation-rules.md')).toBe(rulesPage())
  })
})

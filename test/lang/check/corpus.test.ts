import { describe, expect, test } from 'vitest'
import { check } from '../../../lang/check.js'
import { languageModels, referenceModels } from '../corpus.js'
import { signatures } from '../signatures.js'

describe('every model of the language page type-checks', () => {
  for (const source of languageModels.filter((s) => s.name !== 'every-construct.estep')) {
    test(source.name, () => {
      const { value, diagnostics } = check(source, signatures)
      expect(diagnostics).toEqual([])
      expect(value).toBeDefined()
    })
  }
})

describe('every reference model type-checks', () => {
  for (const source of referenceModels) {
    test(source.name, () => {
      const { value, diagnostics } = check(source, signatures)
      expect(diagnostics).toEqual([])
      expect(value).toBeDefined()
    })
  }
})

import { describe, expect, test } from 'vitest'
import { check } from '../../../lang/check.js'
import { typeEntries } from '../../../lang/diagnostics/catalogue-types.js'
import { modelWarningEntries } from '../../../lang/diagnostics/catalogue-warnings.js'
import { signatures } from '../signatures.js'

const codesOf = (text: string) => check({ name: 'example.estep', text }, signatures).diagnostics.map((d) => d.code)

describe('each error of names, types and shapes, each warning of a model', () => {
  for (const { code, example, fixed, title } of [...typeEntries, ...modelWarningEntries]) {
    test(`${code}: ${title}`, () => {
      expect([...new Set(codesOf(example))]).toEqual([code])
      expect(codesOf(fixed)).toEqual([])
    })
  }
})

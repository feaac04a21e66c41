import { describe, expect, test } from 'vitest'
import { allEntries, lookUp } from '../../lang/diagnostics/catalogue.js'
import { syntaxEntries } from '../../lang/diagnostics/catalogue-syntax.js'
import { maxFileBytes, parse } from '../../lang/syntax/parse.js'

const codesOf = (text: string) => parse({ name: 'example.estep', text }).diagnostics.map((d) => d.code)

describe('the catalogue', () => {
  test('has no code twice, and each in its form', () => {
    const codes = allEntries().map((entry) => entry.code)
    expect(codes.filter((code, i) => codes.indexOf(code) !== i)).toEqual([])
    for (const { code, severity, title, explanation } of allEntries()) {
      expect(code).toMatch(severity === 'warning' ? /^W[1-9]\d\d$/ : /^[EI][1-9]\d\d$/)
      expect(title).not.toBe('')
      expect(explanation).toMatch(/[.?]$/)
    }
  })

  test('is found by code in any case', () => {
    expect(lookUp(' e104 ')?.code).toBe('E104')
    expect(lookUp('E000')).toBeUndefined()
    expect(lookUp('__proto__')).toBeUndefined()
  })
})

describe('each syntax error', () => {
  for (const { code, example, fixed, title } of syntaxEntries.filter((e) => e.code !== 'E125')) {
    test(`${code}: ${title}`, () => {
      expect(codesOf(example)).toEqual([code])
      expect(codesOf(fixed)).toEqual([])
    })
  }

  test('E125: the file is too large', () => {
    const filling = (bytes: number) => `model A\n#${'x'.repeat(bytes - 9)}`
    expect(codesOf(filling(maxFileBytes))).toEqual([])
    expect(codesOf(filling(maxFileBytes + 1))).toEqual(['E125'])
    expect(parse({ name: '', text: filling(maxFileBytes + 1) }).value).toBeUndefined()
  })
})

/** Models with one mistake each; their first line says which diagnostic comes first, and where. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { check } from '../../lang/check.js'
import type { Diagnostic } from '../../lang/diagnostics/types.js'
import { positionAt, type Source } from '../../lang/source.js'
import { parse } from '../../lang/syntax/parse.js'
import { signatures } from '../lang/signatures.js'

const folder = fileURLToPath(new URL('models', import.meta.url))
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.estep'))
  .sort()
  .map((name) => {
    const text = readFileSync(`${folder}/${name}`, 'utf8')
    const expected = /^# expect: ((E\d{3}) at \d+:\d+)/.exec(text)
    return { name, text, expected: expected?.[1] ?? '', code: expected?.[2] ?? '' }
  })

function firstError(source: Source, diagnostics: readonly Diagnostic[]): string {
  const [first] = diagnostics.filter((d) => d.severity === 'error').sort((a, b) => a.span.start - b.span.start)
  if (first === undefined) return 'no error'
  const { line, column } = positionAt(source.text, first.span.start)
  return `${first.code} at ${line}:${column}`
}

describe('malformed models', () => {
  for (const file of files) {
    test(file.name, () => {
      const checked = check(file, signatures)
      const { diagnostics } = file.code.startsWith('E1') ? parse(file) : checked
      expect(firstError(file, diagnostics)).toBe(file.expected)
      expect(checked.value).toBeUndefined()
    })
  }

  test('say in their first line what is expected, no more than three the same', () => {
    const counts = new Map<string, number>()
    for (const { name, code } of files) {
      expect(code, name).not.toBe('')
      counts.set(code, (counts.get(code) ?? 0) + 1)
    }
    for (const [code, count] of counts) expect(count, code).toBeLessThanOrEqual(3)
    expect(files.length).toBeGreaterThanOrEqual(15)
  })
})

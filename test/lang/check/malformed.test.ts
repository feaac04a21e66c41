import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { check } from '../../../lang/check.js'
import { positionAt } from '../../../lang/source.js'
import { signatures } from '../signatures.js'

const folder = fileURLToPath(new URL('../../errors/models', import.meta.url))
const models = readdirSync(folder)
  .filter((name) => name.endsWith('.estep'))
  .map((name) => ({ name, text: readFileSync(`${folder}/${name}`, 'utf8') }))
  .filter(({ text }) => text.startsWith('# expect: E2'))

describe('one mistake makes one complaint', () => {
  for (const source of models) {
    test(source.name, () => {
      const errors = check(source, signatures).diagnostics.filter((d) => d.severity === 'error')
      const places = errors.map((d) => {
        const { line, column } = positionAt(source.text, d.span.start)
        return `# expect: ${d.code} at ${line}:${column}`
      })
      expect(places).toEqual([source.text.split('\n')[0]])
    })
  }

  test('is tried on at least 25 models', () => expect(models.length).toBeGreaterThanOrEqual(25))
})

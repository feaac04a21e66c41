import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { complete } from '../../../lang/service/completion.js'
import { hover } from '../../../lang/service/hover.js'
import { definition, references, rename } from '../../../lang/service/navigation.js'
import { quickFixes } from '../../../lang/service/quick-fixes.js'
import { semanticTokens } from '../../../lang/service/semantic-tokens.js'
import { signatureHelp } from '../../../lang/service/signature-help.js'
import type { Span } from '../../../lang/source.js'
import { mixture, read } from './texts.js'

const folder = join(import.meta.dirname, '../models')
const models = readdirSync(folder).filter((f) => f.endsWith('.estep'))

/** Every answer at one place, and the spans in them. */
function ask(text: string, offset: number): readonly Span[] {
  const a = read(text)
  const help = signatureHelp(a, offset)
  expect(help === null || help.signatures.length > 0).toBe(true)
  const renamed = rename(a, offset, 'another_name')
  return [
    ...[hover(a, offset)?.span ?? []].flat(),
    ...complete(a, offset).map((c) => c.span),
    ...definition(a, offset),
    ...references(a, offset, true),
    ...semanticTokens(a).map((t) => t.span),
    ...quickFixes(a, a.diagnostics, { start: 0, end: text.length }).flatMap((f) => f.edits.map((e) => e.span)),
    ...(renamed.kind === 'edits' ? renamed.edits.map((e) => e.span) : []),
  ]
}

test.each(models)('%s: half of it typed, at many places', (file) => {
  const text = readFileSync(join(folder, file), 'utf8')
  for (let end = 0; end <= text.length; end += 23) {
    const half = text.slice(0, end)
    for (const span of ask(half, end)) {
      expect(span.start).toBeGreaterThanOrEqual(0)
      expect(span.end).toBeLessThanOrEqual(half.length)
      expect(span.start).toBeLessThanOrEqual(span.end)
    }
  }
})

test('texts that are no model', () => {
  for (const text of [
    '',
    '\n',
    '}',
    '((((',
    'model',
    'data',
    'x ~',
    '\u0000',
    '"',
    '#',
    'latent z ~ \n}',
    'for for for {',
  ])
    for (let offset = 0; offset <= text.length; offset += 1) expect(() => ask(text, offset)).not.toThrow()
})

test('semantic tokens are in order, do not overlap, and tell roles apart', () => {
  const tokens = semanticTokens(read(mixture))
  for (const [i, t] of tokens.entries()) expect(t.span.start).toBeGreaterThanOrEqual(tokens[i - 1]?.span.end ?? 0)
  const of = (name: string) => tokens.filter((t) => mixture.slice(t.span.start, t.span.end) === name)
  expect(of('z').every((t) => t.modifiers.includes('latent'))).toBe(true)
  expect(of('x').every((t) => t.modifiers.includes('data'))).toBe(true)
  expect(of('mu').every((t) => t.modifiers.includes('param'))).toBe(true)
  expect(of('Normal')[0]?.type).toBe('class')
  expect(of('n').every((t) => t.type === 'parameter')).toBe(true)
})

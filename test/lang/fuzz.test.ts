import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { render } from '../../lang/diagnostics/render.js'
import { parse } from '../../lang/syntax/parse.js'
import { allModels } from './corpus.js'

/** Parses, and checks what holds for any text: a tree, and diagnostics that lie inside it and can be shown. */
function survives(text: string): void {
  const source = { name: 'fuzz.estep', text }
  const { value, diagnostics } = parse(source)
  if (value === undefined) expect(diagnostics.map((d) => d.code)).toEqual(expect.arrayContaining(['E124']))
  for (const d of diagnostics) {
    expect(d.code).toMatch(/^E1\d\d$/)
    expect(d.span.start).toBeGreaterThanOrEqual(0)
    expect(d.span.end).toBeGreaterThanOrEqual(d.span.start)
    expect(d.span.end).toBeLessThanOrEqual(text.length)
    expect(d.message).not.toMatch(/undefined|Token|NaN|\n/)
    expect(render(d, source)).toContain(d.code)
  }
}

const words = (
  'model const data param latent let observe fn for in if else and or not true false x mu Normal Phi weight levels real ' +
  '1 2.5 1. .5 1e999 "U" "open ( ) [ ] { } , ; : ? ~ .. = == != < <= > >= + - * / ^ .* ./ # // && ** – “ ” \' ` % \u200b é \n'
).split(' ')

describe('the parser never throws', () => {
  test('on any string', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), survives), { numRuns: 500 })
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), survives), { numRuns: 300 })
  })

  test('on any row of tokens', () => {
    const soup = fc.array(fc.constantFrom(...words), { maxLength: 60 }).map((list) => `model A\n${list.join(' ')}`)
    fc.assert(fc.property(soup, survives), { numRuns: 1500 })
  })

  test('on models with a part cut out, doubled or replaced', () => {
    const changed = fc
      .tuple(fc.constantFrom(...allModels), fc.nat(2000), fc.nat(40), fc.constantFrom('', ...words), fc.boolean())
      .map(([{ text }, at, length, word, doubled]) => {
        const start = at % text.length
        const part = text.slice(start, start + length)
        return text.slice(0, start) + word + (doubled ? part + part : '') + text.slice(start + length)
      })
    fc.assert(fc.property(changed, survives), { numRuns: 1500 })
  })

  test('on truncated models', () => {
    for (const { text } of allModels.slice(0, 12)) {
      for (let end = 0; end < text.length; end += 7) survives(text.slice(0, end))
    }
  })
})

describe('the parser is quick on long and deep input', () => {
  const long = (unit: string) => unit.repeat(Math.floor(150_000 / unit.length))
  const cases: [string, string][] = [
    ['open brackets', long('(')],
    ['brackets on lines', long('(\n')],
    ['open braces', long('{')],
    ['a sum', `let a = ${long('1+')}1`],
    ['minus signs', `let a = ${long('-')}1`],
    ['powers', `let a = ${long('2^')}1`],
    ['choices', `let a = ${long('1 if b else ')}1`],
    ['a vector', `let a = [${long('1,')}1]`],
    ['subscripts', `let a = b${long('[1]')}`],
    ['else if', `if a { }${long(' else if b { }')}`],
    ['strings', long('"')],
    ['single quotes', long("'")],
    ['quotes on lines', long('“\n')],
    ['newlines after an operator', `let a = 1 +${long('\n')}`],
    ['broken statements', long('a b\n')],
    ['unknown characters', long('@')],
    ['closing brackets', long(')')],
    ['points', long('.')],
    ['names', `let a = ${long('x')}`],
    ['digits', `let a = ${long('1')}`],
    ['comments', long('#\n')],
  ]
  test.each(cases)('%s', (_, body) => {
    const start = performance.now()
    const { diagnostics } = parse({ name: 'm', text: `model A\n${body}` })
    expect(performance.now() - start).toBeLessThan(3_000)
    expect(diagnostics.length).toBeLessThanOrEqual(200)
  })

  test.each([
    ['(', ')'],
    ['[', ']'],
    ['f(', ')'],
    ['x[', ']'],
    ['-(', ')'],
  ])('200 levels of %s', (open, close) => {
    const nested = (depth: number) => `model A\nlet a = ${open.repeat(depth)}1${close.repeat(depth)}`
    expect(parse({ name: 'm', text: nested(200) }).diagnostics).toEqual([])
    expect(parse({ name: 'm', text: nested(201) }).diagnostics.map((d) => d.code)).toEqual(['E124'])
  })

  test('200 blocks', () => {
    const nested = (depth: number) => `model A\n${'for n in 1..2 { '.repeat(depth)}${'}'.repeat(depth)}`
    expect(parse({ name: 'm', text: nested(200) }).diagnostics).toEqual([])
    expect(parse({ name: 'm', text: nested(201) }).diagnostics.map((d) => d.code)).toEqual(['E124'])
  })
})

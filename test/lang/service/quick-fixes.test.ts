import { expect, test } from 'vitest'
import { quickFixes } from '../../../lang/service/quick-fixes.js'
import { mixture, read } from './texts.js'

/** Titles of the fixes of all of a text, and the text after each. */
function fixesOf(text: string): readonly (readonly [string, string])[] {
  const a = read(text)
  return quickFixes(a, a.diagnostics, { start: 0, end: text.length }).map((fix) => {
    const edits = [...fix.edits].sort((x, y) => y.span.start - x.span.start)
    return [fix.title, edits.reduce((t, e) => t.slice(0, e.span.start) + e.text + t.slice(e.span.end), text)]
  })
}

test('a misspelt distribution has its fix, where it stands', () => {
  const text = mixture.replace('Normal(', 'Normall(')
  expect(fixesOf(text)).toEqual([['Write `Normal`', mixture]])
  const a = read(text)
  expect(quickFixes(a, a.diagnostics, { start: 0, end: 3 })).toEqual([])
})

test('the product of two vectors has two', () => {
  const model = (e: string): string =>
    `model M\ndata x : real[N, P]\ndata y : real[N]\nparam b : real[P]\nparam s : positive\nfor n in 1..N { y[n] ~ Normal(${e}, s) }\n`
  expect(fixesOf(model('x[n] * b'))).toEqual([
    ['Write `dot`', model('dot(x[n], b)')],
    ['Write `.*`', model('x[n] .* b')],
  ])
})

test('a question mark without meaning is taken out', () => {
  const model = (q: string): string =>
    `model M\ndata x : real[N]\nparam m : real${q}\nfor n in 1..N { x[n] ~ Normal(m, 1) }\n`
  expect(fixesOf(model('?'))).toContainEqual(['Leave the `?` out', model('')])
  const covariate = (q: string): string =>
    `model M\ndata x : real[N]\ndata w : real${q}[N]\nparam m : real\nfor n in 1..N { x[n] ~ Normal(m * w[n], 1) }\n`
  expect(fixesOf(covariate('?'))).toContainEqual(['Leave the `?` out', covariate('')])
})

test('a mended text has no fixes left', () => {
  for (const [, text] of fixesOf(mixture.replace('Normal(', 'Normall('))) expect(fixesOf(text)).toEqual([])
})

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { check } from '../../../lang/check.js'
import { printModel } from '../../../lang/typed/print.js'
import { allModels } from '../corpus.js'
import { signatures } from '../signatures.js'

/** What holds for any text: no exception, places inside of it, and a value exactly where there is no error. */
function survives(text: string): void {
  const { value, diagnostics } = check({ name: 'fuzz.estep', text }, signatures)
  expect(value === undefined).toBe(diagnostics.some((d) => d.severity === 'error'))
  for (const d of diagnostics) {
    expect(d.code).toMatch(/^[EW]\d\d\d$/)
    expect(d.span.start).toBeLessThanOrEqual(d.span.end)
    expect(d.span.end).toBeLessThanOrEqual(text.length)
    expect(`${d.message} ${d.help ?? ''}`).not.toMatch(/undefined|NaN|\[object|size:|param:|latent:|index:|\n/)
  }
  if (value === undefined) return
  expect(printModel(value)).not.toMatch(/undefined|\[object/)
  expect(JSON.parse(JSON.stringify(value))).toEqual(value)
}

const words = allModels.flatMap(({ text }) => text.match(/[A-Za-z_]\w*|\d[\d.]*|[^\sA-Za-z_]/g) ?? [])
const pieces = [...new Set(words), '__proto__', 'constructor', 'toString', '0', '-1', '2.5', '"U"']

describe('the type checker never throws', () => {
  test('on models with one word replaced by another', () => {
    const changed = fc
      .tuple(fc.constantFrom(...allModels), fc.nat(2000), fc.constantFrom(...pieces))
      .map(([{ text }, at, piece]) => {
        const found = [...text.matchAll(/[A-Za-z_]\w*|\d[\d.]*/g)]
        const word = found[at % found.length]
        if (word === undefined) return text
        return text.slice(0, word.index) + piece + text.slice(word.index + word[0].length)
      })
    fc.assert(fc.property(changed, survives), { numRuns: 1500 })
  })

  test('on models with a line left out, doubled or moved', () => {
    const changed = fc
      .tuple(fc.constantFrom(...allModels), fc.nat(100), fc.nat(100), fc.boolean())
      .map(([{ text }, from, to, keep]) => {
        const lines = text.split('\n')
        const [line = ''] = keep ? [lines[from % lines.length]] : lines.splice(from % lines.length, 1)
        lines.splice(to % (lines.length + 1), 0, line)
        return lines.join('\n')
      })
    fc.assert(fc.property(changed, survives), { numRuns: 700 })
  })
})

describe('the type checker is quick on long input', () => {
  const head = 'model Long\ndata x : real[N]\nparam a : real\n'
  const many = (line: (i: number) => string): string =>
    head + Array.from({ length: 5000 }, (_, i) => line(i)).join('\n')
  const cases: readonly (readonly [string, string])[] = [
    ['lets in a chain', many((i) => `let v${i} = ${i === 0 ? 'a' : `v${i - 1} + v${i - 1}`}`)],
    ['consts in a chain', many((i) => `const c${i} = ${i === 0 ? '1' : `c${i - 1} + c${i - 1}`}`)],
    ['consts in a chain from below', many((i) => `const c${i} = c${i + 1} + c${i + 1}`)],
    ['names that are not declared', many((i) => `let v${i} = w${i}`)],
    ['sizes', many((i) => `data y${i} : real[size${i}]`)],
    ['many targets', many((i) => `x[${i + 1}] ~ Normal(a, 1)`)],
    ['the same target', many(() => 'x[1] ~ Normal(a, 1)')],
    [
      'functions that double',
      `${head}fn f0(x) = x + x\n${Array.from({ length: 60 }, (_, i) => `fn f${i + 1}(x) = f${i}(f${i}(x))`).join('\n')}\nlet v = f60(a)`,
    ],
  ]
  for (const [name, text] of cases) {
    test(name, () => {
      const before = performance.now()
      const { diagnostics } = check({ name: 'long.estep', text }, signatures)
      expect(performance.now() - before).toBeLessThan(5000)
      expect(diagnostics.length).toBeGreaterThanOrEqual(0)
    })
  }
})

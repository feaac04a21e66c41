import { readFileSync } from 'node:fs'
import katex from 'katex'
import { describe, expect, it } from 'vitest'
import { compileOrThrow } from '../../index.js'
import { SMALLEST, scaleFor } from '../../playground/ui/fit-formulas.js'
import { heldTogether, looseBrackets } from '../../playground/ui/loose-brackets.js'

const source = (path: string): string => readFileSync(new URL(`../../examples/${path}`, import.meta.url), 'utf8')

describe('formulas in a narrow place', () => {
  it('leave brackets and fractions that fit as they are', () => {
    const latex = 'a = \\left(\\frac{b}{c} + d\\right)'
    expect(looseBrackets(latex, 40)).toBe(latex)
  })

  it('let go of what is wider than a line, and only of that', () => {
    expect(looseBrackets('\\sum_k \\left(aaaa + \\left(b\\right) + cccc\\right)', 8)).toBe(
      '\\sum_k \\bigl(aaaa + \\left(b\\right) + cccc\\bigr)',
    )
    expect(looseBrackets('x = \\frac{aaaaa + bbbbb}{N}', 8)).toBe(
      'x = \\bigl(aaaaa + bbbbb\\bigr) \\big/ \\allowbreak N',
    )
  })

  it('keep short round brackets on one line', () => {
    expect(heldTogether('\\log p(x, z \\mid \\theta) + f((a + b) c)')).toBe(
      '\\log p{(x, z \\mid \\theta)} + f{((a + b) c)}',
    )
    expect(heldTogether('\\left(a\\right) + \\bigl(b + c\\bigr)')).toBe('\\left(a\\right) + \\bigl(b + c\\bigr)')
    const long = 'f(aaaa + bbbb + cccc + dddd + eeee)'
    expect(heldTogether(long)).toBe(long)
    expect(heldTogether('\\frac{(a}{b)} (c')).toBe('\\frac{(a}{b)} (c')
  })

  it('leave alone what stands in a group that is one piece anyway', () => {
    const latex = '\\sqrt{\\left(aaaaaaaa + bbbbbbbb\\right)}'
    expect(looseBrackets(latex, 8)).toBe(latex)
  })

  it.each(['alarm/tables.estep', 'factor-analysers/analysers.estep', 'old-faithful/full.estep', 'nile/level.estep'])(
    'say the same, in shorter parts: %s',
    (path) => {
      let loosened = 0
      for (const step of compileOrThrow(source(path)).derivation.steps)
        for (const block of step.content)
          for (const { latex } of block.kind === 'formula' ? block.lines : []) {
            const loose = heldTogether(looseBrackets(latex, 27))
            // KaTeX throws where a bracket or a group is left open
            const parts = (text: string): number =>
              katex.renderToString(text, { displayMode: true, output: 'html' }).split('class="katex-base"').length
            expect(parts(loose)).toBeGreaterThanOrEqual(parts(heldTogether(latex)))
            if (loose !== heldTogether(latex)) loosened += 1
            const letters = (text: string): string => text.replaceAll(/\\[A-Za-z]+|[^A-Za-z0-9]/g, '')
            expect(letters(loose)).toBe(letters(latex))
          }
      expect(loosened).toBeGreaterThan(0)
    },
  )

  it('are made smaller only as far as can be read', () => {
    expect(scaleFor(100, 200)).toBe(1)
    expect(scaleFor(200, 180)).toBe(0.9)
    expect(scaleFor(2000, 180)).toBe(SMALLEST)
    expect(scaleFor(0, 180)).toBe(1)
  })
})

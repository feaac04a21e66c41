import { expect, test } from 'vitest'
import { syntaxEntries } from '../../lang/diagnostics/catalogue-syntax.js'
import { render } from '../../lang/diagnostics/render.js'
import { renderExplain } from '../../lang/diagnostics/render-explain.js'
import type { Diagnostic } from '../../lang/diagnostics/types.js'
import { parse } from '../../lang/syntax/parse.js'

const text = [
  'model Spherical',
  'const K = 2',
  'data  x : real[N, D]',
  'param pi    : simplex[K]',
  'param mu    : real[K, D]',
  'param sigma : positive[K]',
  'for n in 1..N {',
  '  latent z ~ Categorical(pi)',
  '  x[n] ~ MvNormal(mu[z], sigma[z])',
  '}',
].join('\n')
const source = { name: 'mixture.estep', text }
const start = text.indexOf('sigma[z]')
const diagnostic: Diagnostic = {
  code: 'E204',
  severity: 'error',
  span: { start, end: start + 8 },
  message: '`sigma` is positive[K] but the 2nd argument of MvNormal is a covariance[D]',
  label: 'positive',
  help: 'for a spherical component write  x[n] ~ Normal(mu[z], sigma[z])',
}

test('as the language page shows it', () => {
  expect(render(diagnostic, source)).toBe(
    [
      'error[E204]: `sigma` is positive[K] but the 2nd argument of MvNormal is a covariance[D]',
      '  --> mixture.estep:9:26',
      '   |',
      ' 9 |   x[n] ~ MvNormal(mu[z], sigma[z])',
      '   |                          ^^^^^^^^ positive',
      '   = help: for a spherical component write  x[n] ~ Normal(mu[z], sigma[z])',
      '',
    ].join('\n'),
  )
})

test('with related places and colours', () => {
  const at = text.indexOf('sigma :')
  const related = [{ span: { start: at, end: at + 5 }, message: 'declared here' }]
  expect(render({ ...diagnostic, related }, source, (paint, s) => `<${paint}:${s}>`)).toMatchInlineSnapshot(`
    "<error:error[E204]><strong:: \`sigma\` is positive[K] but the 2nd argument of MvNormal is a covariance[D]>
      <frame:-->> mixture.estep:9:26
    <frame:   |>
    <frame: 9 |>   x[n] ~ MvNormal(mu[z], sigma[z])
    <frame:   |>                          <error:^^^^^^^^ positive>
    <frame: 6 |> param sigma : positive[K]
    <frame:   |>       <frame:^^^^^ declared here>
       <frame:=> <help:help>: for a spherical component write  x[n] ~ Normal(mu[z], sigma[z])
    "
  `)
})

test('in the middle of long lines, at the end of the file, and with signs that steer terminals', () => {
  const long = `let a = ${'1 + '.repeat(100)}oops${' + 1'.repeat(100)}`
  const at = long.indexOf('oops')
  const shown = render({ ...diagnostic, span: { start: at, end: at + 4 } }, { name: 'm', text: long })
  expect(shown.split('\n').every((line) => line.length < 200)).toBe(true)
  expect(shown).toContain('^^^^ positive')
  const atEnd = render({ ...diagnostic, span: { start: 9, end: 9 } }, { name: 'm', text: 'let a = 1' })
  expect(atEnd).toContain('   |          ^ positive')
  const shownSigns = render(
    { ...diagnostic, message: '\u001b[31m', span: { start: 0, end: 2 } },
    { name: 'm', text: '\u001b]\u202e' },
  )
  expect([...shownSigns].filter((c) => c === '\u001b' || c === '\u202e')).toEqual([])
})

test('every syntax error of the catalogue', async () => {
  const shown = syntaxEntries
    .filter((e) => e.example.length > 1)
    .map(({ code, title, example }) => {
      const file = { name: `${code}.estep`, text: example }
      const rendered = parse(file).diagnostics.map((d) => render(d, file))
      return [`## ${code} ${title}`, ...rendered].join('\n\n')
    })
  await expect(`${shown.join('\n')}\n`).toMatchFileSnapshot('golden/syntax-errors.txt')
})

test('the explanation of a code', () => {
  const entry = syntaxEntries.find((e) => e.code === 'E110')
  if (entry === undefined) throw new Error('no E110')
  expect(renderExplain(entry)).toMatchInlineSnapshot(`
    "error[E110]: \`=\` where \`~\` is meant, or the other way round

    \`variable ~ Distribution(…)\` says that a variable is drawn from a distribution;
    \`let name = expression\` gives a name to a value. They are different things and
    have different signs.

    For example

      model Example
      data  x : real[N]
      param mu : real
      param sd : positive
      for n in 1..N { x[n] = Normal(mu, sd) }

    Write instead

      model Example
      data  x : real[N]
      param mu : real
      param sd : positive
      for n in 1..N { x[n] ~ Normal(mu, sd) }
    "
  `)
})

import { describe, expect, test } from 'vitest'
import { definition, outline, references, rename, renameTarget } from '../../../lang/service/navigation.js'
import { at, mixture, read, under } from './texts.js'

const renamed = (marked: string, to: string): string => {
  const { a, offset } = at(marked)
  const answer = rename(a, offset, to)
  if (answer.kind === 'refused') return answer.message
  return [...answer.edits]
    .sort((x, y) => y.span.start - x.span.start)
    .reduce((text, e) => text.slice(0, e.span.start) + e.text + text.slice(e.span.end), a.source.text)
}

describe('definition and references', () => {
  test('a use leads to its declaration', () => {
    const { a, offset } = at(mixture.replace('mu[z]', '|mu[z]'))
    expect(definition(a, offset).map((s) => s.start)).toEqual([a.source.text.indexOf('mu    :')])
  })

  test('a latent in pieces is declared at each of them', () => {
    const text =
      'model M\ndata y : real[T]\nlatent m[1] ~ Normal(0, 1)\nfor t in 2..T { latent m[t] ~ Normal(m[t-1], 1) }\nfor t in 1..T { y[t] ~ Normal(|m[t], 1) }'
    const { a, offset } = at(text)
    expect(definition(a, offset)).toHaveLength(2)
    expect(references(a, offset, true)).toHaveLength(4)
    expect(references(a, offset, false)).toHaveLength(2)
  })

  test('the indices of two loops are two names', () => {
    const { a, offset } = at(
      'model M\ndata x, y : real[N]\nfor |i in 1..N { x[i] ~ Normal(0, 1) }\nfor i in 1..N { y[i] ~ Normal(0, 1) }',
    )
    expect(references(a, offset, true)).toHaveLength(2)
  })

  test('a size is declared where it is met first', () => {
    const { a, offset } = at(mixture.replace('1..N', '1..|N'))
    expect(definition(a, offset).map((s) => s.start)).toEqual([a.source.text.indexOf('N, D')])
    expect(references(a, offset, true)).toHaveLength(2)
  })
})

describe('rename', () => {
  test('every use and no other text', () => {
    const text = renamed(`${mixture}# sigma in a comment\n`.replace('sigma :', 'sig|ma :'), 'scale')
    expect(text).toContain('param scale : positive[K]')
    expect(text).toContain('Normal(mu[z], scale[z])')
    expect(text).toContain('# sigma in a comment')
  })

  test('names of arguments are not names of the model', () => {
    const text = 'model M\ndata x : real[N]\nparam s|d : positive\nfor n in 1..N { x[n] ~ Normal(0, sd=sd) }'
    expect(renamed(text, 'spread')).toContain('sd=spread')
  })

  test('the model itself, a function and its arguments', () => {
    expect(renamed(mixture.replace('OldF', 'Ol|dF'), 'Geyser')).toContain('model Geyser')
    const text = 'model M\nfn f(a) = a + 1\nlet y = f|(2)'
    expect(renamed(text, 'g')).toContain('let y = g(2)')
    expect(renamed('model M\nfn f(a|) = a + 1\nlet a2 = f(2)', 'b')).toContain('fn f(b) = b + 1')
  })

  test.each([
    ['for', 'word of the language'],
    ['2x', 'A name is a letter'],
    ['a b', 'A name is a letter'],
    ['mu', 'a param already'],
    ['n', "a loop's variable already"],
    ['D', 'a size already'],
  ])('refuses %s', (to, why) => {
    expect(renamed(mixture.replace('sigma[z]', '|sigma[z]'), to)).toContain(why)
  })

  test('refuses to guess in a text that cannot be read', () => {
    expect(renamed(`${mixture.replace('mu    :', '|mu    :')}x[ ~ mu\n`, 'm')).toContain('errors of syntax')
  })

  test('refuses a name that means the constant', () => {
    const text = 'model M\ndata x : real[N]\nparam s| : positive\nlet a = pi * s\nfor n in 1..N { x[n] ~ Normal(0, s) }'
    expect(renamed(text, 'pi')).toContain('would mean something else')
  })

  test('there is nothing to rename at a word of the language', () => {
    const { a, offset } = at(mixture.replace('latent', 'lat|ent'))
    expect(renameTarget(a, offset)).toBeNull()
  })
})

test('the outline has the declared names in order', () => {
  const a = read(mixture)
  expect(outline(a).map((o) => `${o.kind} ${o.name}`)).toEqual([
    'const K',
    'data x',
    'param pi',
    'param mu',
    'param sigma',
    'latent z',
  ])
  expect(outline(a).every((o) => under(a, o.span) === o.name)).toBe(true)
})

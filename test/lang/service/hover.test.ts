import { describe, expect, test } from 'vitest'
import { hover } from '../../../lang/service/hover.js'
import { at, mixture, under } from './texts.js'

const hoverAt = (marked: string): { readonly text: string; readonly markdown: string } | null => {
  const { a, offset } = at(marked)
  const found = hover(a, offset)
  return found === null ? null : { text: under(a, found.span), markdown: found.markdown }
}

/** The mixture with the cursor before the given place. */
const before = (place: string): string => mixture.replace(place, `|${place}`)

describe('hover', () => {
  test.each([
    ['sigma :', 'sigma', 'param sigma : positive[K]', 'a number above 0'],
    ['x :', 'x', 'data x : real[N, D]', 'Observed.'],
    ['mu[z]', 'mu', 'param mu : real[K, D]', '`K` × `D`'],
    ['z]', 'z', 'latent z', 'One for each of `1..N`.'],
    ['K =', 'K', 'const K = 2', '--set'],
    ['N, D', 'N', 'size N', 'bound by `x`'],
    ['n]', 'n', 'n in 1..N', 'loop'],
    ['Normal', 'Normal', 'Normal(mean, sd) or Normal(mean, var=…)', '- `precision`: positive'],
    ['simplex', 'simplex', 'simplex', 'sum to 1'],
    ['latent', 'latent', 'latent', 'Unobserved'],
  ])('%s', (place, word, first, more) => {
    const found = hoverAt(before(place))
    expect(found?.text).toBe(word)
    expect(found?.markdown).toContain(first)
    expect(found?.markdown).toContain(more)
  })

  test('names of arguments say what they take', () => {
    const found = hoverAt('model M\ndata x : real[N]\nfor n in 1..N { x[n] ~ Normal(0, va|r=2) }')
    expect(found?.text).toBe('var')
    expect(found?.markdown).toContain('positive')
  })

  test('functions say how they are written', () => {
    expect(hoverAt('model M\ndata x : real[N]\nlet s = lo|g(x[1])')?.markdown).toContain('natural logarithm')
    expect(hoverAt('model M\nfn f(a, b) = a + b\nlet s = f|(1, 2)')?.markdown).toContain('fn f(a, b) = a + b')
  })

  test('a name in a statement that cannot be read is still known', () => {
    const found = hoverAt(mixture.replace('Normal(mu[z], sigma[z])', 'Normal(m|u[z],'))
    expect(found?.markdown).toContain('param mu : real[K, D]')
  })

  test('types are told of models with errors elsewhere', () => {
    expect(hoverAt(`${mixture}nonsense ~ Normall(1)\n`.replace('sigma :', 'si|gma :'))?.markdown).toContain(
      'param sigma : positive[K]',
    )
  })

  test('the innermost of two names is meant', () => {
    const marked = 'model M\ndata k : real[N]\nconst v = [k| for k in 1..3]\nfor n in 1..N { k[n] ~ Normal(0, 1) }'
    expect(hoverAt(marked)?.markdown).toContain('k in 1..3')
  })

  test('comments, numbers and spaces say nothing', () => {
    expect(hoverAt('model M # a mo|del\n')).toBeNull()
    expect(hoverAt('model M\nconst K = 1|2\n')).toBeNull()
  })

  test('no text of the user leaves its code', () => {
    const text = 'model M\nconst k = "a```\\n<b>" == "b"\nlet y = |k'
    const found = hoverAt(text)
    expect(found?.markdown.match(/```/g)?.length).toBe(2)
  })
})

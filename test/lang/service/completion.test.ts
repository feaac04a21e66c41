import { describe, expect, test } from 'vitest'
import { complete } from '../../../lang/service/completion.js'
import { at, mixture, under } from './texts.js'

const head = mixture.slice(0, mixture.indexOf('  x[n]'))
const labels = (rest: string): readonly string[] => {
  const { a, offset } = at(head + rest)
  return complete(a, offset).map((c) => c.label)
}

describe('completion', () => {
  test('after ~ only distributions, with each parametrisation', () => {
    const found = labels('  x[n] ~ |\n}')
    expect(found).toEqual(
      expect.arrayContaining(['Normal(mean, sd)', 'Normal(mean, var=)', 'Gamma(shape, scale=)', 'Mixture']),
    )
    expect(found).not.toContain('mu')
  })

  test('within a distribution: its arguments first, then names and functions', () => {
    const found = labels('  x[n] ~ Normal(|\n}')
    expect(found.slice(0, 4)).toEqual(['mean=', 'sd=', 'var=', 'precision='])
    expect(found).toEqual(expect.arrayContaining(['mu', 'sigma', 'z', 'n', 'K', 'sqrt']))
  })

  test('arguments that are given are not offered again, nor those of other parametrisations', () => {
    expect(labels('  x[n] ~ Normal(mu[z], |)\n}').filter((l) => l.endsWith('='))).toEqual(['sd=', 'var=', 'precision='])
    expect(labels('  x[n] ~ Normal(|, var=2)\n}').filter((l) => l.endsWith('='))).toEqual(['mean='])
    expect(labels('  x[n] ~ Normal(mu[z], sd=|)\n}').filter((l) => l.endsWith('='))).toEqual([])
  })

  test('within a subscript there are no arguments', () => {
    const found = labels('  x[n] ~ Normal(mu[|\n}')
    expect(found).toContain('z')
    expect(found.some((l) => l.endsWith('='))).toBe(false)
  })

  test('after a colon: types', () => {
    expect(labels('}\nparam s : |').slice(0, 3)).toEqual(['real', 'positive', 'nonnegative'])
    expect(labels('}\nparam s : pos|')).toContain('positive')
  })

  test('at the beginning of a statement: words, and what may stand left of ~', () => {
    const found = labels('  |\n}')
    expect(found).toEqual(expect.arrayContaining(['latent', 'for', 'x', 'z']))
    expect(found).not.toContain('Normal(mean, sd)')
    expect(found).not.toContain('model')
  })

  test('loops', () => {
    expect(labels('}\nfor j |')).toEqual(['in'])
    expect(labels('}\nfor j in |')).toContain('levels')
    expect(labels('}\nfor j in 1..N |')).toEqual(['weight'])
  })

  test('nothing where a new name is made up, in comments and in texts in quotes', () => {
    expect(labels('}\nlet |')).toEqual([])
    expect(labels('}\nparam |')).toEqual([])
    expect(labels('} # sig|')).toEqual([])
    expect(labels('  if x[n, 1] == "si|" { }\n}')).toEqual([])
  })

  test('names of a branch and of a loop are offered within it only', () => {
    const text =
      'model M\ndata x : real[N]\nfor n in 1..N {\n  if x[n] > 0 { latent u ~ Normal(0, 1) } else { let w = | }\n}'
    const { a, offset } = at(text)
    const found = complete(a, offset).map((c) => c.label)
    expect(found).toContain('n')
    expect(found).not.toContain('u')
    const outside = at('model M\ndata x : real[N]\nfor n in 1..N { latent z ~ Normal(0, 1) }\nlet q = |')
    const names = complete(outside.a, outside.offset).map((c) => c.label)
    expect(names).toContain('z')
    expect(names).not.toContain('n')
  })

  test('a completion replaces the name that is being typed', () => {
    const { a, offset } = at(`${head}  x[n] ~ Nor|mal\n}`)
    const normal = complete(a, offset).find((c) => c.label === 'Normal(mean, sd)')
    expect(normal === undefined ? '' : under(a, normal.span)).toBe('Normal')
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the notation of snippets
    expect(normal?.insert).toBe('Normal(${1:mean}, ${2:sd})')
  })

  test('within Censored: where the value lies', () => {
    expect(labels('  x[n] ~ Censored(Exponential(1), |)\n}').slice(0, 3)).toEqual(['above', 'below', 'between'])
    expect(labels('  x[n] ~ Truncated(|)\n}')).toContain('Normal(mean, sd)')
  })
})

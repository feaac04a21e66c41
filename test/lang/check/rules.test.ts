import { describe, expect, test } from 'vitest'
import { findSymbol } from '../../../lang/typed/lookup.js'
import { complaints, messages, printed, typed } from './helpers.js'

describe('rule 2: names', () => {
  test('a name in a dimension is a const, a scalar int data, else a size', () => {
    const model = typed('const K = 2\ndata D : int\ndata x : real[N, D]\nparam m : real[K, D]\nx[1] ~ Normal(m[1], 1)')
    expect(model.symbols.map((s) => s.id)).toEqual(['const:K', 'data:D', 'data:x', 'size:N', 'param:m'])
  })

  test('array data is no size', () => {
    expect(complaints('data N : count[J]\ndata x : real[N]\nx[1] ~ Normal(0, 1)')).toContain('E240 3:15')
  })

  test('the sequences of data are its first dimension, their places the second', () => {
    expect(complaints('data x : real[R][T, D]\nx[1, 1, 1] ~ Normal(0, 1)')).toEqual([])
    expect(complaints('data x : real[M, R][T]\nx[1, 1, 1] ~ Normal(0, 1)')).toContain('E240 2:21')
    expect(complaints('data x : real[R][T][U]\nx[1, 1, 1] ~ Normal(0, 1)')).toContain('E240 2:21')
  })

  test('declarations may stand in any order', () => {
    expect(
      complaints(
        'for n in 1..N { x[n] ~ Normal(mu, s) }\nparam mu : real\nconst s = 2 * r\nconst r = 1\ndata x : real[N]',
      ),
    ).toEqual([])
  })

  test('pi is a constant unless it is declared', () => {
    expect(printed('data x : real\nx ~ Normal(2 * pi, e)').at(-1)).toBe('data x ~ Normal(mean = 2 * pi, sd = e)')
    expect(typed('data x : real\nparam pi : real\nx ~ Normal(pi, 1)').symbols[1]?.id).toBe('param:pi')
  })

  test('a size in another case is a warning', () => {
    expect(complaints('data x : real[N]\ndata y : real[n]\nfor i in 1..N { x[i] ~ Normal(sum(y), 1) }')).toEqual([
      'W501 3:15',
    ])
  })
})

describe('rule 3: which loops index a latent', () => {
  const chain = [
    'data y : count[R][T]',
    'param start : simplex[2]',
    'param step : simplex[2, 2]',
    'for r in 1..R {',
    '  latent z[1] ~ Categorical(start)',
    '  for t in 2..T { latent z[t] ~ Categorical(step[z[t-1]]) }',
    '  for t in 1..T { y[r, t] ~ Poisson(z[t]) }',
    '}',
  ]

  test('the loops that are not written come first, and are made explicit', () => {
    const lines = printed(chain.join('\n'))
    expect(lines).toContain('latent z : int[R, T by 1] over (1..R, 1..T[r#1])')
    expect(lines).toContain('  latent z[r#1, 1] ~ Categorical(p = start)')
    expect(lines).toContain('    latent z[r#1, t#1] ~ Categorical(p = step[z[r#1, t#1 - 1]])')
    expect(lines).toContain('    data y[r#1, t#2] ~ Poisson(rate = z[r#1, t#2])')
  })

  test('outside of the block all indices are written', () => {
    expect(printed([...chain, 'let last = z[1, 2]'].join('\n'))).toContain('let last = z[1, 2]   # reported')
    expect(complaints([...chain, 'for r in 1..R { for t in 1..T { observe z[r, t] <= 2 } }'].join('\n'))).toEqual([])
  })

  test('a written index takes its loop out', () => {
    const lines = printed(
      'data g : category[N]\ndata x : real[N]\nfor i in levels(g) { latent u[i] ~ Normal(0, 1) }\nfor n in 1..N { x[n] ~ Normal(u[g[n]], 1) }',
    )
    expect(lines).toContain('latent u : real[levels(g)] over (levels(g))')
    expect(lines).toContain('  data x[n#1] ~ Normal(mean = u[g[n#1]], sd = 1)')
  })

  test('dimensions of the value come after the plates', () => {
    const model = typed(
      'data x : real[N, D]\nparam W : real[D, 2]\nfor n in 1..N { latent f : real[2] ~ Normal(0, 1)\nx[n] ~ Normal(W * f, 1) }',
    )
    const f = findSymbol(model, 'latent', 'f')
    expect(f?.plateRank).toBe(1)
    expect(f?.type.batch.length).toBe(2)
  })

  test('pieces join without gap and overlap', () => {
    const pieces = (from: string) =>
      `data y : real[T]\nlatent m[1] ~ Normal(0, 1)\nfor t in ${from}..T { latent m[t] ~ Normal(m[t-1], 1) }\nfor t in 1..T { y[t] ~ Normal(m[t], 1) }`
    expect(complaints(pieces('2'))).toEqual([])
    expect(complaints(pieces('3'))).toEqual(['E228 4:24'])
    expect(complaints(pieces('1'))).toEqual(['E228 4:24'])
  })

  test('pieces may be shifted', () => {
    const model = typed(
      'data y : real[T]\nlatent m[1] ~ Normal(0, 1)\nfor t in 1..T-1 { latent m[t+1] ~ Normal(m[t], 1) }\nfor t in 1..T { y[t] ~ Normal(m[t], 1) }',
    )
    const plate = findSymbol(model, 'latent', 'm')?.plates[0]
    expect(plate?.kind === 'range' && plate.from.kind === 'number' ? plate.from.value : null).toBe(1)
  })

  test('a latent of a branch exists there only, each branch may have its own', () => {
    const own =
      'data x : real[N]\ndata b : bool[N]\nfor n in 1..N { if b[n] { latent u ~ Normal(0, 1); x[n] ~ Normal(u, 1) } else { latent u ~ Gamma(1, 1); x[n] ~ Normal(u, 1) } }'
    expect(
      typed(own)
        .symbols.filter((s) => s.kind === 'latent')
        .map((s) => s.id),
    ).toEqual(['latent:u', 'latent:u#2'])
    expect(complaints(`${own}\nlet v = u[1]`)).toEqual(['E227 5:9'])
  })

  test('lets keep the loops they depend on', () => {
    const lines = printed(
      'data x : real[N, D]\nparam a : real[N]\nfor n in 1..N { for d in 1..D { let m = a[n] + 1; x[n, d] ~ Normal(m, 1) } }\nlet first = m[1, 2]',
    )
    expect(lines).toContain('let m[n#1] = a[n#1] + 1')
    expect(lines).toContain('    data x[n#1, d#1] ~ Normal(mean = m[n#1], sd = 1)')
    expect(lines).toContain('let first = m[1]   # reported')
  })

  test('a latent has the type of its distribution', () => {
    const model = typed(
      'data y, g : category[N]\nparam p : simplex[levels(y)]\nparam a : positive[3]\nfor n in 1..N { latent z ~ Categorical(p)\nlatent w ~ Dirichlet(a)\ny[n] ~ Categorical(p)\nobserve z == y[n] and w[1] > 0 }',
    )
    expect(findSymbol(model, 'latent', 'z')?.type.support).toEqual({ kind: 'category', levels: 'size:levels(y)' })
    expect(findSymbol(model, 'latent', 'w')?.type.core.length).toBe(1)
  })
})

describe('rule 4: the left of ~', () => {
  test('vectors of data, latents and constants', () => {
    const lines = printed(
      'data h, c : count\nparam p : simplex[4]\nlatent a, b : count\n[0, a, b, c] ~ Multinomial(p)\nobserve h = a + b',
    )
    expect(lines).toContain('mixed [0, a, b, c] ~ Multinomial(p = p)')
  })

  test('the branches of if are different paths', () => {
    const head = 'data x : real[N]\ndata b : bool[N]\n'
    expect(complaints(`${head}for n in 1..N { if b[n] { x[n] ~ Normal(0, 1) } else { x[n] ~ Normal(1, 1) } }`)).toEqual(
      [],
    )
    expect(complaints(`${head}for n in 1..N { if b[n] { x[n] ~ Normal(0, 1) }\n x[n] ~ Normal(1, 1) }`)).toEqual([
      'E217 5:2',
    ])
  })

  test('parts that do not meet', () => {
    expect(complaints('data x : real[N]\nx[1] ~ Normal(0, 1)\nfor n in 2..N { x[n] ~ Normal(x[n-1], 1) }')).toEqual([])
    expect(
      complaints('data x : real[N, 2]\nfor n in 1..N { x[n, 1] ~ Normal(0, 1); x[n, 2] ~ Normal(x[n, 1], 1) }'),
    ).toEqual([])
    expect(complaints('data x : real[N, D]\nfor n in 1..N { x[n, 1] ~ Normal(0, 1); x[n] ~ Normal(0, 1) }')).toEqual([
      'E217 3:41',
    ])
  })

  test('a prior on parts of a param, in a declaration, and on other params', () => {
    const text =
      'const K = 2\ndata x : real[N, D]\nparam m0 : real[D]\nparam S : covariance[K, D] ~ InverseWishart(D + 2, identity(D))\nparam mu : real[K, D]\nfor k in 1..K { mu[k] ~ MvNormal(m0, S[k] / 0.1) }\nfor n in 1..N { x[n] ~ MvNormal(mu[1], S[2]) }'
    expect(printed(text)).toContain('prior S ~ InverseWishart(df = D + 2, scale = identity(D))')
    expect(printed(text)).toContain('  prior mu[k#1] ~ MvNormal(mean = m0, cov = S[k#1] / 0.1)')
  })
})

describe('rules 5 to 7: values', () => {
  test('bool counts as a number, labels do not', () => {
    const head = 'data b : bool[N]\ndata g : category[N]\ndata x : real[N]\nparam a : real\n'
    expect(complaints(`${head}for n in 1..N { x[n] ~ Normal(a * b[n], 1) }`)).toEqual([])
    expect(complaints(`${head}for n in 1..N { x[n] ~ Normal(a * g[n], 1) }`)).toEqual(['E232 6:35'])
    expect(printed(`${head}for n in 1..N { if g[n] == "U" { x[n] ~ Normal(a, 1) } }`)).toContain('  if g[n#1] == "U" {')
  })

  test('a simplex may be any vector expression', () => {
    const head = 'const K = 3\ndata x : count[N]\nparam p : unit\nparam v : real[K]\n'
    for (const weights of ['[1/K for k in 1..K]', '[p^2, 2*p*(1-p), (1-p)^2]', 'softmax(v)', '[0.2, 0.3, 0.5]'])
      expect(
        complaints(
          `${head}for n in 1..N { latent z ~ Categorical(${weights})\nx[n] ~ Poisson(z) }\nlet s = sum(v) + p`,
        ),
      ).toEqual([])
    expect(
      complaints(`${head}for n in 1..N { latent z ~ Categorical([0.2, 0.3])\nx[n] ~ Poisson(z) }\nlet s = sum(v) + p`),
    ).toEqual(['E235 6:40'])
  })

  test('vectors and matrices', () => {
    const head =
      'data X : real[N, P]\nparam b : real[P]\nparam M : real[P, P]\nparam C : covariance[P]\nX[1] ~ MvNormal(b, C)\n'
    const dims = (e: string): number | undefined =>
      findSymbol(typed(`${head}let v = ${e}\nlet w = M[1, 1]`), 'let', 'v')?.value.type.dims.length
    expect(dims('X * b')).toBe(1)
    expect(dims('M * M')).toBe(2)
    expect(dims('b .* b')).toBe(1)
    expect(dims('exp(b) / 2')).toBe(1)
    expect(dims('1 / exp(b)')).toBe(1)
    expect(dims('dot(b, b)')).toBe(0)
    expect(dims('X[:, 1]')).toBe(1)
    expect(dims('X[2:3]')).toBe(2)
    expect(dims('concat(1, b, b[2:4])')).toBe(1)
    expect(dims('[X[n] for n in 1..N]')).toBe(2)
    expect(dims('[[1, 2], [3, 4]]')).toBe(2)
    expect(dims('inverse(C) * b')).toBe(1)
    expect(dims('max(X[:, 1])')).toBe(0)
    expect(dims('max(1, b[1])')).toBe(0)
    expect(dims('diagonal(C)')).toBe(1)
    expect(messages(`${head}let v = b * b\nlet w = M[1, 1]`)[1]).toBe(
      'write dot(b, b) for the number, or b .* b for the product element by element',
    )
    expect(messages(`${head}let v = b * M`)[1]).toBe('write transpose(M) * b')
  })

  test('functions are written out at the call', () => {
    const lines = printed(
      'fn sq(a) = a^2\nfn norm(a, b) = sqrt(sq(a) + sq(b))\ndata x : real\nparam m : real\nx ~ Normal(norm(m, 1), 1)',
    )
    expect(lines.at(-1)).toBe('data x ~ Normal(mean = sqrt(m^2 + 1^2), sd = 1)')
  })
})

describe('rule 8: ragged', () => {
  test('inside of the loop the length is that of the sequence, outside the vector of lengths', () => {
    const lines = printed(
      'data y : real[R][T]\nparam m : real\nfor r in 1..R { for t in 1..T { y[r][t] ~ Normal(m, 1) } }\nlet total = sum(T)\nlet first = T[1]',
    )
    expect(lines).toContain('  for t#1 in 1..T[r#1] {')
    expect(lines).toContain('let total = sum(T)   # reported')
    expect(lines).toContain('let first = T[1]   # reported')
  })

  test('data with the same lengths share them', () => {
    const model = typed('data y, x : real[R][T]\nparam b : real\nfor r in 1..R { y[r] ~ Normal(b * x[r], 1) }')
    expect(findSymbol(model, 'size', 'T')).toMatchObject({ origin: 'length', rank: 1, boundBy: ['data:y', 'data:x'] })
  })
})

describe('levels', () => {
  test('one number for each column of a matrix', () => {
    const model = typed(
      'data y : category[N, J]\nparam p : simplex[J, levels(y)]\nfor n in 1..N { for j in 1..J { y[n, j] ~ Categorical(p[j]) } }',
    )
    expect(findSymbol(model, 'param', 'p')?.type.core[0]?.raggedBy).toBe(0)
    expect(findSymbol(model, 'size', 'levels(y)')).toMatchObject({ rank: 1, origin: 'levels' })
  })

  test('columns share a set that is a size and a range', () => {
    const text =
      'data a, b : category(Journal)[M]\nparam step : simplex[Journal, Journal]\nfor j in Journal { step[j] ~ Dirichlet(2) }\nfor m in 1..M { b[m] ~ Categorical(step[a[m]]) }'
    expect(printed(text)).toContain('for j#1 in Journal {')
    expect(findSymbol(typed(text), 'size', 'Journal')?.boundBy).toEqual(['data:a', 'data:b'])
  })
})

describe('distributions', () => {
  test('arguments by position, by name, and mixed', () => {
    const of = (d: string): string | undefined => printed(`data x : real\nparam m : real\nx ~ ${d}`).at(-1)
    expect(of('Normal(m, 2)')).toBe('data x ~ Normal(mean = m, sd = 2)')
    expect(of('Normal(sd=2, mean=m)')).toBe('data x ~ Normal(mean = m, sd = 2)')
    expect(of('Normal(m, precision=2)')).toBe('data x ~ Normal(mean = m, precision = 2)')
  })

  test('the example of the language page', () => {
    const text =
      'const K = 2\ndata  x : real[N, D]\nparam mu : real[K, D]\nparam sigma : positive[K]\nfor n in 1..N {\n  latent z ~ Categorical([0.5, 0.5])\n  x[n] ~ MvNormal(mu[z], sigma[z])\n}'
    expect(messages(text)).toEqual([
      '`sigma` is positive[K] but the 2nd argument of MvNormal is a covariance[D]',
      'for a spherical component write  x[n] ~ Normal(mu[z], sigma[z])',
    ])
  })

  test('a number where a matrix is the scale of another', () => {
    const text = (scale: string): string =>
      `data x : real[N, D]\nparam S : covariance[D] ~ InverseWishart(5, ${scale})\nparam m : real[D]\nfor n in 1..N { x[n] ~ MvNormal(m, S) }`
    expect(messages(text('10'))).toEqual([
      '`10` is count but the 2nd argument of InverseWishart is a covariance[D]',
      'a multiple of the identity is  10 * identity(D)',
    ])
    expect(messages(text('10 * identity(D)'))).toEqual([])
  })

  test('Mixture, Truncated, Censored and Custom', () => {
    const of = (d: string): string | undefined =>
      printed(
        `const K = 2\ndata x, lo, hi : real[N]\nparam m : real[K]\nfor n in 1..N { x[n] ~ ${d} }\nlet s = sum(m)`,
      ).at(-2)
    expect(of('Mixture([0.5, 0.5], Normal(m[k], 1) for k in 1..K)')).toContain(
      'Normal(mean = m[k#1], sd = 1) for k#1 in 1..K)',
    )
    expect(of('Mixture([0.5, 0.5], Normal(m[1], 1), StudentT(4, m[2], 1))')).toContain(
      'StudentT(df = 4, mean = m[2], scale = 1))',
    )
    expect(of('Truncated(Normal(m[1], 1), low=0)')).toContain('Truncated(Normal(mean = m[1], sd = 1), low = 0)')
    expect(of('Censored(Normal(m[1], 1), between(lo[n], hi[n]))')).toContain('between, low = lo[n#1], high = hi[n#1])')
    expect(of('Custom(logpdf = -abs(x[n] - m[1]))')).toContain('Custom(x, logpdf = -abs(x[n#1] - m[1]))')
  })

  test('a scalar distribution over a vector', () => {
    const head = 'data x : real[N, D]\nparam m : real[D]\nparam s : positive[D]\nparam t : positive[N]\n'
    expect(complaints(`${head}for n in 1..N { x[n] ~ Normal(m, s) }\nlet u = sum(t)`)).toEqual([])
    expect(complaints(`${head}for n in 1..N { x[n] ~ Normal(m, t) }\nlet u = sum(s)`)).toEqual(['E204 6:34'])
  })

  test('every error of a file is told in one run', () => {
    expect(
      complaints(
        'data x : real[N]\nparam a, b : real\nfor n in 1..N { x[n] ~ Normal(aa, c[n]) }\nlet d = b * "x"\nlet e = foo(a)',
      ),
    ).toEqual(['E201 4:31', 'E201 4:35', 'E231 5:13', 'E206 6:9'])
  })
})

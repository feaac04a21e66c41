import { describe, expect, test } from 'vitest'
import type { Expression, Statement } from '../../lang/ast/types.js'
import { formatExpression } from '../../lang/format/expression.js'
import { positionAt } from '../../lang/source.js'
import { createModelParser, parse } from '../../lang/syntax/parse.js'
import { allModels, bare } from './corpus.js'

function statements(body: string): readonly Statement[] {
  const { value, diagnostics } = parse({ name: 'm', text: `model A\n${body}` })
  expect(diagnostics).toEqual([])
  return value?.statements ?? []
}

/** Every operation in parentheses, to see what belongs to what. */
function shape(e: Expression): string {
  switch (e.kind) {
    case 'binary':
      return `(${shape(e.left)} ${e.operator} ${shape(e.right)})`
    case 'unary':
      return `(${e.operator} ${shape(e.of)})`
    case 'conditional':
      return `(${shape(e.then)} if ${shape(e.condition)} else ${shape(e.otherwise)})`
    default:
      return formatExpression(e)
  }
}

function expression(text: string): Expression {
  const [statement] = statements(`let a = ${text}`)
  if (statement?.kind !== 'let') throw new Error('no let')
  return statement.value
}

/** Code and place of every error. */
function errors(text: string): readonly string[] {
  return parse({ name: 'm', text }).diagnostics.map((d) => {
    const { line, column } = positionAt(text, d.span.start)
    return `${d.code} at ${line}:${column}`
  })
}

test('the grammar has no ambiguities', () => {
  expect(() => createModelParser({ validate: true })).not.toThrow()
})

test.each(allModels)('$name has no syntax errors', (source) => {
  const { value, diagnostics } = parse(source)
  expect(diagnostics).toEqual([])
  expect(value?.name?.name).toMatch(/^[A-Z]/)
})

describe('precedence', () => {
  test.each([
    ['-x^2', '(- (x ^ 2))'],
    ['2^-x^2', '(2 ^ (- (x ^ 2)))'],
    ['a^b^c', '(a ^ (b ^ c))'],
    ['-a * b', '((- a) * b)'],
    ['a - b - c', '((a - b) - c)'],
    ['a + b * c ./ d', '(a + ((b * c) ./ d))'],
    ['a + 1 < b * 2', '((a + 1) < (b * 2))'],
    ['not a == b and c or d', '(((not (a == b)) and c) or d)'],
    ['a or b and c', '(a or (b and c))'],
    ['a if b else c if d else e', '(a if b else (c if d else e))'],
    ['a + 1 if b or c else d', '((a + 1) if (b or c) else d)'],
    ['2.*x', '(2 .* x)'],
    ['1./x', '(1 ./ x)'],
    ['.5 + 1e-3', '(.5 + 1e-3)'],
  ])('%s', (text, expected) => {
    expect(shape(expression(text))).toBe(expected)
  })
})

describe('newlines', () => {
  test('end a statement, except after an operator, a comma or `=`, and in brackets', () => {
    expect(statements('let a = 1 +\n  2\nlet b =\n\n # why\n  3\ndata x,\n  y : real').map((s) => s.kind)).toEqual([
      'let',
      'let',
      'declaration',
    ])
    expect(statements('let a = (1\n + 2)\nlet b = [1,\n2\n]')).toHaveLength(2)
    expect(statements('let a = [b\n for k in\n 1..2]\nlet c = f(1\nif b\nelse 2)')).toHaveLength(2)
    expect(errors('model A\nlet a = 1\n + 2')).toEqual(['E123 at 3:2'])
  })

  test('count inside braces', () => {
    const [loop] = statements('for n in 1..N {\n a ~ D(1)\n\n b ~ D(2); c ~ D(3) }')
    expect(loop?.kind === 'for' ? loop.body.length : 0).toBe(3)
  })

  test('`[` and `(` continue an expression on their own line only', () => {
    expect(statements('let a = b\n[c, d] ~ M(p)').map((s) => s.kind)).toEqual(['let', 'sample'])
    expect(errors('model A\nlet a = [b\n [1]]')).toEqual(['E114 at 3:2'])
  })

  test('may stand before `else`, and `;` may not', () => {
    const [choice] = statements('if a { }\n\n# no\nelse if b { }\nelse { x ~ D(1) }')
    expect(choice?.kind === 'if' && choice.otherwise?.[0]?.kind === 'if').toBe(true)
    expect(errors('model A\nif a { }; else { }')).toEqual(['E119 at 2:11'])
  })

  test('of Windows and of old Macs are the same', () => {
    const text = 'model A\nlet a = 1 +\n2\nfor n in 1..N { x ~ D(1)\n y ~ D(2) }\n'
    const tree = bare(parse({ name: 'm', text }).value)
    expect(bare(parse({ name: 'm', text: text.replaceAll('\n', '\r\n') }).value)).toEqual(tree)
    expect(bare(parse({ name: 'm', text: text.replaceAll('\n', '\r') }).value)).toEqual(tree)
  })
})

describe('distributions', () => {
  const kinds = (text: string) => {
    const [statement] = statements(`x ~ ${text}`)
    return statement?.kind === 'sample' ? statement.distribution.arguments.map((a) => a.kind) : []
  }

  test('a call with a capital letter directly in the parentheses is a distribution', () => {
    expect(kinds('Mixture(pi, Normal(mu[k], s) for k in 1..K)')).toEqual(['expression', 'family'])
    expect(kinds('Mixture(p, Normal(0, 1), Cauchy(0, sd=2))')).toEqual(['expression', 'distribution', 'distribution'])
    expect(kinds('Truncated(Normal(m, s), low=a, high=b)')).toEqual(['distribution', 'expression', 'expression'])
    expect(kinds('Censored(of=Exponential(r), above)')).toEqual(['distribution', 'expression'])
    expect(kinds('Bernoulli(f(Normal(0)))')).toEqual(['expression'])
  })

  test('`Phi`, functions of the file, and calls within an expression are not', () => {
    expect(kinds('Bernoulli(Phi(x))')).toEqual(['expression'])
    expect(kinds('Bernoulli(Phi(x) / 2)')).toEqual(['expression'])
    const [, statement] = statements('fn Square(x) = x^2\ny ~ Bernoulli(Square(x))')
    expect(statement?.kind === 'sample' && statement.distribution.arguments[0]?.kind).toBe('expression')
  })
})

test('words that are not reserved are names', () => {
  expect(statements('data weight, levels, pi, e, real, Normal, count : count[real]')).toHaveLength(1)
  const [loop] = statements('for weight in 1..weight weight weight[weight] { }')
  expect(loop?.kind === 'for' && loop.weight?.kind).toBe('subscript')
})

test('spans cover exactly what was written', () => {
  const text = 'model A\nfor n in 1..N weight w {  x[n, 2:3] ~ Normal((a), sd=b)  }  # end\n'
  const { value } = parse({ name: 'm', text })
  const cut = ({ start, end }: { start: number; end: number }) => text.slice(start, end)
  const [loop] = value?.statements ?? []
  if (loop?.kind !== 'for') throw new Error('no loop')
  expect(cut(loop.span)).toBe('for n in 1..N weight w {  x[n, 2:3] ~ Normal((a), sd=b)  }')
  expect(cut(loop.block)).toBe('{  x[n, 2:3] ~ Normal((a), sd=b)  }')
  expect(cut(loop.domain.span)).toBe('1..N')
  const [draw] = loop.body
  if (draw?.kind !== 'sample') throw new Error('no draw')
  expect(cut(draw.target.span)).toBe('x[n, 2:3]')
  expect(cut(draw.distribution.span)).toBe('Normal((a), sd=b)')
  expect(value?.comments.map((c) => [cut(c.span), c.text, c.ownLine])).toEqual([['# end', '# end', false]])
})

describe('recovery', () => {
  test('one run reports every error', () => {
    const text = [
      'model A',
      'const K = ',
      'data x : real[N',
      'param mu real',
      'for n in N {',
      '  latent z ~ categorical(pi)',
      '  x[n] = Normal(mu, 1)',
      '  y[n] ~ Normal(mu 1)',
      '}',
      'let a = 2mu }',
      'observe a < b < c',
    ].join('\n')
    expect(errors(text)).toEqual([
      'E113 at 2:10',
      'E104 at 3:14',
      'E115 at 4:10',
      'E112 at 5:10',
      'E110 at 7:8',
      'E114 at 8:20',
      'E103 at 10:9',
      'E107 at 10:13',
      'E120 at 11:15',
    ])
  })

  test('a broken declaration keeps its names, and a broken loop its block', () => {
    const { value } = parse({ name: 'm', text: 'model A\ndata x, y : : real\nfor n { x ~ D(1) }' })
    expect(bare(value?.statements[0])).toEqual({
      kind: 'declaration',
      role: 'data',
      names: [
        { name: { name: 'x' }, indices: [] },
        { name: { name: 'y' }, indices: [] },
      ],
      type: null,
      distribution: null,
    })
    expect(value?.statements[1]?.kind).toBe('sample')
  })

  test.each([
    ['let a = (1 + 2\nlet b = 3', ['E104 at 2:9'], 2],
    ['x ~ Normal(mu[z, 1)\ny ~ D(1)', ['E104 at 2:14'], 2],
    ['x ~ Normal(mu, 1\ny ~ D(1)', ['E104 at 2:11'], 2],
    ['for n in 1..N\n{ x ~ D(1) }', ['E118 at 3:1'], 1],
    ['for (n in 1:N) { x ~ D(1) }', ['E112 at 2:5'], 1],
    ['for n in 1:N { x ~ D(1) }', ['E112 at 2:11'], 1],
    ['for n in 1..N { x ~ D(1) } y ~ D(2)', ['E122 at 2:28'], 2],
    ['x ~ D(1) y ~ D(2)', ['E122 at 2:10'], 0],
    ['let a = [1; 2]', ['E126 at 2:11'], 1],
    ['let a = “U” == b – 1 && c', ['E126 at 2:9', 'E126 at 2:18', 'E126 at 2:22'], 1],
    ["let a = b'", ['E101 at 2:10'], 1],
    ["let a = 'U'", ['E126 at 2:9'], 1],
    ['for n in 1..N x ~ D(1)', ['E118 at 2:15'], 0],
    ['for n in 1..N, m in 1..M { }', ['E112 at 2:14'], 0],
    ['x ~ Mixture(pi, mu[k] for k in 1..K)', ['E117 at 2:23'], 0],
    ['x ~ Truncated(Normal(0, 1), low=)', ['E113 at 2:33'], 0],
    ['let a[n] = 3', ['E130 at 2:6'], 1],
    ['let a = {1}', ['E118 at 2:9'], 1],
    ['let a 3', ['E130 at 2:7'], 1],
    ['x <- 3', ['E111 at 2:1'], 0],
    ['x ~ D', ['E117 at 2:5'], 0],
    ['x ~', ['E117 at 2:4'], 0],
    ['let a ~ D(1)', ['E110 at 2:7'], 1],
    ['let a == 1', ['E121 at 2:7'], 1],
    ['data x : real[N]?', ['E115 at 2:17'], 1],
    ['data x : real in [0, 1]', ['E115 at 2:18'], 1],
    ['data x : real(N, D)', ['E115 at 2:16'], 1],
    ['data x : real(3)', ['E115 at 2:15'], 1],
    ['data x :', ['E115 at 2:9'], 1],
    ['data x : real[]', ['E113 at 2:15'], 1],
    ['data x, : real', ['E116 at 2:9'], 1],
    ['param mu = 3', ['E115 at 2:10'], 1],
    ['let a = [1, 2,]', ['E113 at 2:15'], 1],
    ['let a = f(if)', ['E116 at 2:11'], 1],
    ['let a = x[1..2]', ['E130 at 2:12'], 1],
    ['fn f(x = 2', ['E104 at 2:5'], 0],
    ['fn f x = 2', ['E130 at 2:6'], 0],
    ['if z = 1 { }', ['E121 at 2:6'], 0],
    ['mu : real', ['E109 at 2:1'], 0],
    ['model B', ['E108 at 2:1'], 0],
    ['{ x ~ D(1) }', ['E118 at 2:1'], 1],
    ['elif a { x ~ D(1) }', ['E109 at 2:1'], 1],
  ])('%j', (body, expected, count) => {
    const text = `model A\n${body}`
    expect(errors(text)).toEqual(expected)
    expect(parse({ name: 'm', text }).value?.statements).toHaveLength(count)
  })
})

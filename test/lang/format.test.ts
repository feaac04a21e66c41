import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Expression } from '../../lang/ast/types.js'
import { formatExpression } from '../../lang/format/expression.js'
import { formatSource } from '../../lang/format/format.js'
import { parse } from '../../lang/syntax/parse.js'
import { allModels, bare, languageModels } from './corpus.js'

function formatted(text: string): string {
  const { value, diagnostics } = formatSource({ name: 'model.estep', text })
  expect(diagnostics).toEqual([])
  return value ?? ''
}

describe.each(allModels)('the formatter on $name', ({ name, text }) => {
  test('keeps the tree and the comments', () => {
    const before = parse({ name, text }).value
    const after = parse({ name, text: formatted(text) }).value
    expect(bare(after)).toEqual(bare(before))
    expect(after?.comments.map((c) => c.text)).toEqual(before?.comments.map((c) => c.text))
  })

  test('leaves its own output alone', () => {
    const once = formatted(text)
    expect(formatted(once)).toBe(once)
  })
})

test('the layout of the language page is canonical but for a few aligned columns', () => {
  const same = languageModels.filter(({ text }) => formatted(text) === text)
  expect(same.length).toBeGreaterThanOrEqual(10)
})

test('every construct in canonical layout', async () => {
  const model = languageModels.find((m) => m.name === 'every-construct.estep')
  await expect(formatted(model?.text ?? '')).toMatchFileSnapshot('golden/every-construct.formatted.estep')
})

test('a file with syntax errors is not laid out', () => {
  const { value, diagnostics } = formatSource({ name: 'm', text: 'model A\nlet a = (1' })
  expect(value).toBeUndefined()
  expect(diagnostics.map((d) => d.code)).toEqual(['E104'])
})

test('line ends, tabs and blank lines become canonical', () => {
  expect(formatted('\uFEFFmodel  A\r\n\r\n\r\n\r\n\tconst  K=2\r\n')).toBe('model A\n\nconst K = 2\n')
  expect(formatted('model A\nif a { }\n\n# between\nelse {\nx ~ N(1) }')).toBe(
    'model A\nif a {\n} else {\n  # between\n  x ~ N(1)\n}\n',
  )
})

const span = { start: 0, end: 0 }
const atoms: fc.Arbitrary<Expression> = fc.oneof(
  fc.constantFrom('a', 'mu', 'N', 'weight', 'Phi', 'größe').map((name): Expression => ({ kind: 'name', name, span })),
  fc
    .constantFrom('1', '2.5', '.5', '1e-3')
    .map((text): Expression => ({ kind: 'number', value: Number(text), text, span })),
  fc.string({ maxLength: 4 }).map((value): Expression => ({ kind: 'string', value: value.replace(/\r/g, ''), span })),
  fc.boolean().map((value): Expression => ({ kind: 'bool', value, span })),
)
const operators = ['+', '-', '*', '/', '^', '.*', './', '==', '!=', '<', '<=', '>', '>=', 'and', 'or'] as const

const { expression } = fc.letrec<{ expression: Expression }>((tie) => {
  const e = tie('expression')
  const name = { name: 'k', span }
  return {
    expression: fc.oneof(
      { maxDepth: 5, withCrossShrink: true },
      atoms,
      fc
        .tuple(fc.constantFrom(...operators), e, e)
        .map(([operator, left, right]): Expression => ({ kind: 'binary', operator, left, right, span })),
      fc
        .tuple(fc.constantFrom('-' as const, '+' as const, 'not' as const), e)
        .map(([operator, of]): Expression => ({ kind: 'unary', operator, of, span })),
      fc
        .tuple(e, e, e)
        .map(([then, condition, otherwise]): Expression => ({ kind: 'conditional', then, condition, otherwise, span })),
      fc.array(e, { minLength: 1, maxLength: 3 }).map((elements): Expression => ({ kind: 'vector', elements, span })),
      fc.array(e, { maxLength: 3 }).map((list): Expression => ({ kind: 'call', callee: name, arguments: list, span })),
      fc.tuple(e, e, e).map(([of, from, to]): Expression => {
        const at = { kind: 'at', index: from } as const
        return {
          kind: 'subscript',
          of,
          subscripts: [at, { kind: 'slice', span, from, to }, { kind: 'all', span }],
          span,
        }
      }),
      fc.tuple(e, e, e).map(([body, from, to]): Expression => {
        return { kind: 'comprehension', body, index: name, domain: { kind: 'range', span, from, to }, span }
      }),
      e.map((of): Expression => ({ kind: 'parenthesised', of, span })),
    ),
  }
})

test('any expression is read back as it was', () => {
  fc.assert(
    fc.property(expression, (tree) => {
      const text = `model A\nlet a = ${formatExpression(tree)}\n`
      const { value, diagnostics } = parse({ name: 'm', text })
      expect(diagnostics).toEqual([])
      const [statement] = value?.statements ?? []
      expect(statement?.kind === 'let' ? bare(statement.value, false) : undefined).toEqual(bare(tree, false))
      const once = formatted(text)
      expect(formatted(once)).toBe(once)
      expect(bare(parse({ name: 'm', text: once }).value)).toEqual(bare(value))
    }),
    { numRuns: 500 },
  )
})

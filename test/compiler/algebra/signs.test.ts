import { describe, expect, test } from 'vitest'
import {
  add,
  call,
  caseOf,
  compare,
  exp,
  idx,
  inverse,
  log,
  logdet,
  mul,
  neg,
  num,
  ONE,
  pow,
  ref,
  square,
  sub,
  sum,
} from '../../../compiler/algebra/build.js'
import { guardKey, keyOf, matrixKey } from '../../../compiler/algebra/key.js'
import { isLiteralMatrix, matrixSlice, normaliseMatrices } from '../../../compiler/algebra/matrices.js'
import { isNonnegative } from '../../../compiler/algebra/signs.js'
import type { Expr, IndexVar, MatrixRef } from '../../../compiler/algebra/types.js'

const p = ref('param', 'p')
const q = ref('param', 'q')
const real = ref('param', 'real')
const nonnegative = (e: Expr): boolean =>
  isNonnegative(
    e,
    (r) => (r.name === 'real' ? 'unknown' : 'positive'),
    (r) => (r.kind === 'ref' && (r.name === 'p' || r.name === 'q') ? 1 : null),
  )

describe('signs', () => {
  test.each<readonly [string, Expr]>([
    ['a number', num(2)],
    ['a probability', p],
    ['a product of probabilities', mul(num(3), p, q)],
    ['an even power', square(real)],
    ['exp', exp(real)],
    ['abs', call('abs', real)],
    ['1 − p', sub(ONE, p)],
    ['1 − p q', sub(ONE, mul(p, q))],
    ['1 − p²', sub(ONE, square(p))],
    ['2 − p − q', sub(sub(num(2), p), q)],
    ['(1 − p) q', mul(sub(ONE, p), q)],
    ['a case of two', caseOf(compare('<', real, ONE), p, q)],
  ])('%s is ≥ 0', (_, e) => {
    expect(nonnegative(e)).toBe(true)
  })

  test.each<readonly [string, Expr]>([
    ['a real', real],
    ['a negative number', num(-1)],
    ['1 − p − q', sub(sub(ONE, p), q)],
    ['p − 1', sub(p, ONE)],
    ['log p', log(p)],
    ['an odd power', pow(real, 3)],
    ['1 − real', sub(ONE, real)],
  ])('%s may be negative', (_, e) => {
    expect(nonnegative(e)).toBe(false)
  })
})

const v = (id: string, to: Expr = num(2)): IndexVar => ({ id, name: id, from: ONE, to })
const [i, j, r, c] = [v('i'), v('j'), v('r'), v('c')]
const matrix = (row: IndexVar, column: IndexVar): MatrixRef => ({
  row,
  column,
  element: ref('param', 'S', [idx(row), idx(column)]),
})

describe('keys', () => {
  test('the order of a sum and of a product does not matter', () => {
    expect(keyOf(add(p, q))).toBe(keyOf(add(q, p)))
    expect(keyOf(mul(p, exp(q)))).toBe(keyOf(mul(exp(q), p)))
    expect(keyOf(sub(p, q))).not.toBe(keyOf(sub(q, p)))
  })

  test('names of a matrix row and column do not matter, their order does', () => {
    expect(matrixKey(matrix(i, j))).toBe(matrixKey(matrix(r, c)))
    expect(matrixKey(matrix(i, j))).not.toBe(
      matrixKey({ row: i, column: j, element: ref('param', 'S', [idx(j), idx(i)]) }),
    )
    expect(keyOf(logdet(matrix(i, j)))).toBe(keyOf(logdet(matrix(r, c))))
  })

  test('names that a user chose cannot run into each other', () => {
    expect(keyOf(ref('data', 'a[1]'))).not.toBe(keyOf(ref('data', 'a', [ONE])))
    expect(keyOf(ref('data', 'a'))).not.toBe(keyOf(ref('param', 'a')))
  })

  test('guards', () => {
    expect(guardKey(compare('<', p, q))).not.toBe(guardKey(compare('<=', p, q)))
  })
})

describe('matrices', () => {
  const scaled: MatrixRef = { row: i, column: j, element: mul(num(3), real, ref('param', 'S', [idx(i), idx(j)])) }

  test('scalars come out of an inverse and of a determinant', () => {
    expect(keyOf(normaliseMatrices(inverse(scaled, ONE, num(2))))).toBe(
      keyOf(mul(num(1, 3), pow(real, -1), inverse(matrix(i, j), ONE, num(2)))),
    )
    expect(keyOf(normaliseMatrices(logdet(scaled)))).toBe(
      keyOf(add(mul(num(2), log(num(3))), mul(num(2), log(real)), logdet(matrix(i, j)))),
    )
  })

  test('an inverse of an inverse cancels, its determinant changes sign', () => {
    const inv: MatrixRef = { row: i, column: j, element: inverse(matrix(r, c), idx(i), idx(j)) }
    expect(keyOf(normaliseMatrices(inverse(inv, ONE, num(2))))).toBe(keyOf(ref('param', 'S', [ONE, num(2)])))
    expect(keyOf(normaliseMatrices(logdet(inv)))).toBe(keyOf(neg(logdet(matrix(r, c)))))
  })

  test('slices of an array', () => {
    const slice = matrixSlice({ row: i, column: j, element: ref('param', 'S', [idx(r), idx(i), idx(j)]) })
    expect(slice?.lead.map(keyOf)).toEqual([keyOf(idx(r))])
    expect(matrixSlice({ row: i, column: j, element: ref('param', 'S', [idx(j), idx(i)]) })).toBeNull()
    expect(matrixSlice({ row: i, column: j, element: sum(r, ref('param', 'S', [idx(i), idx(r)])) })).toBeNull()
    expect(matrixSlice({ row: i, column: j, element: ref('param', 'S', [idx(i), idx(i), idx(j)]) })).toBeNull()
  })

  test('literal matrices', () => {
    expect(isLiteralMatrix({ row: i, column: j, element: ONE })).toBe(true)
    expect(isLiteralMatrix(matrix(i, j))).toBe(false)
  })
})

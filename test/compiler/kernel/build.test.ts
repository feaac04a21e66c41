import { describe, expect, it } from 'vitest'
import { k } from '../../../compiler/kernel/index.js'
import { printKernelExpr } from '../../../compiler/kernel/print.js'
import type { KExpr } from '../../../compiler/kernel/types.js'

const x = k.load('x')
const y = k.load('y')

const cases: readonly (readonly [string, KExpr, string])[] = [
  ['sums flatten and fold numbers', k.add(k.add(x, k.num(1)), y, k.num(2)), 'x + y + 3'],
  ['sums drop zeros', k.add(x, k.num(0)), 'x'],
  ['the empty sum', k.add(), '0'],
  ['products flatten and fold numbers', k.mul(k.mul(k.num(2), x), y, k.num(3)), '6 * x * y'],
  ['products drop ones', k.mul(k.num(1), x), 'x'],
  ['a product with 0', k.mul(x, k.num(0)), '0'],
  ['a product with -1', k.mul(k.num(-1), x), '-x'],
  ['mul0 drops ones', k.mul0(x, k.num(1), y), 'mul0(x, y)'],
  ['mul0 with 0', k.mul0(x, k.num(0)), '0'],
  ['differences', k.sub(k.num(0), x), '-x'],
  ['differences keep grouping', k.sub(x, k.sub(y, x)), 'x - (y - x)'],
  ['quotients', k.div(x, k.mul(y, x)), 'x / (y * x)'],
  ['double negation', k.neg(k.neg(x)), 'x'],
  ['powers', k.pow(k.add(x, y), -2), '(x + y)^(-2)'],
  ['powers of numbers', k.pow(k.num(3), 2), '9'],
  ['select with a known condition', k.select(k.compare('<', k.num(1), k.num(2)), x, y), 'x'],
  ['and', k.and(k.num(1), k.compare('<', x, y), k.num(1)), 'x < y'],
  ['or inside and', k.and(k.or(x, y), x), '(x or y) and x'],
  ['none of nothing', k.or(), '0'],
  ['not', k.not(k.num(3)), '0'],
]

describe('kernel constructors', () => {
  for (const [name, expr, text] of cases) {
    it(name, () => {
      expect(printKernelExpr(expr)).toBe(text)
    })
  }
})

/** Every instruction, executed on numbers whose result is known. */
import { describe, expect, it } from 'vitest'
import { f64, i32, i64, op } from '../../../../compiler/targets/wasm/code.js'
import { opcodes } from '../../../../compiler/targets/wasm/opcodes.js'
import type { WExpr } from '../../../../compiler/targets/wasm/wasm-ast.js'
import { evaluate, lanesF64, lanesI64 } from '../../../support/wasm-evaluate.js'

const ALL = -1n
const v = lanesF64
const w = lanesI64
const INF = Infinity
const NAN = Number.NaN
const MIN = -(2n ** 63n)

interface Case {
  readonly args: readonly WExpr[]
  /** A number or bigint, two f64 lanes, or two i64 lanes (masks). */
  readonly gives: number | bigint | readonly [number, number] | readonly [bigint, bigint]
}
const c = (gives: Case['gives'], ...args: readonly WExpr[]): Case => ({ args, gives })
const mask = (low: boolean, high: boolean): readonly [bigint, bigint] => [low ? ALL : 0n, high ? ALL : 0n]

const cases: { readonly [name in keyof typeof opcodes]: readonly Case[] } = {
  select: [c(7, f64(7), f64(8), i32(1)), c(8, f64(7), f64(8), i32(0)), c([1, 2], v(1, 2), v(3, 4), i32(5))],
  'i32.eqz': [c(1, i32(0)), c(0, i32(-1))],
  'i32.eq': [c(1, i32(5), i32(5)), c(0, i32(5), i32(-5))],
  'i32.ne': [c(0, i32(5), i32(5)), c(1, i32(5), i32(-5))],
  'i32.lt_s': [c(1, i32(-1), i32(0)), c(0, i32(0), i32(0))],
  'i32.lt_u': [c(0, i32(-1), i32(0)), c(1, i32(0), i32(1))],
  'i32.gt_s': [c(0, i32(-1), i32(0)), c(1, i32(1), i32(0)), c(0, i32(1), i32(1))],
  'i32.le_s': [c(1, i32(-1), i32(0)), c(1, i32(0), i32(0)), c(0, i32(1), i32(0))],
  'i32.ge_s': [c(0, i32(-1), i32(0)), c(1, i32(0), i32(0)), c(1, i32(1), i32(0))],
  'i64.eq': [c(1, i64(2n ** 40n), i64(2n ** 40n)), c(0, i64(2n ** 40n), i64(0n))],
  'f64.eq': [c(1, f64(0), f64(-0)), c(0, f64(NAN), f64(NAN))],
  'f64.ne': [c(0, f64(0), f64(-0)), c(1, f64(NAN), f64(NAN))],
  'f64.lt': [c(1, f64(1), f64(2)), c(0, f64(2), f64(2)), c(0, f64(NAN), f64(2))],
  'f64.gt': [c(0, f64(1), f64(2)), c(1, f64(3), f64(2)), c(0, f64(2), f64(2))],
  'f64.le': [c(1, f64(1), f64(2)), c(1, f64(2), f64(2)), c(0, f64(3), f64(2))],
  'f64.ge': [c(0, f64(1), f64(2)), c(1, f64(2), f64(2)), c(1, f64(3), f64(2))],
  'i32.add': [c(-2147483648, op('i32.sub', i32(2147483647), i32(0)), i32(1))],
  'i32.sub': [c(-8, i32(-3), i32(5))],
  'i32.mul': [c(-15, op('i32.sub', i32(5), i32(0)), i32(-3))],
  'i32.and': [c(8, i32(12), i32(10))],
  'i32.or': [c(14, i32(12), i32(10))],
  'i32.xor': [c(6, i32(12), i32(10))],
  'i32.shl': [c(-16, i32(-1), i32(4))],
  'i32.shr_s': [c(-2, i32(-8), i32(2))],
  'i32.shr_u': [c(1073741822, i32(-8), i32(2))],
  'i64.add': [c(2n ** 33n, i64(2n ** 32n), i64(2n ** 32n))],
  'i64.sub': [c(-1n, i64(2n ** 32n), i64(2n ** 32n + 1n))],
  'i64.and': [c(2n ** 40n, i64(2n ** 40n + 1n), i64(2n ** 40n + 2n))],
  'i64.or': [c(2n ** 40n + 3n, i64(2n ** 40n + 1n), i64(2n ** 40n + 2n))],
  'i64.shl': [c(2n ** 40n, i64(1n), i64(40n))],
  'i64.shr_s': [c(-1n, i64(MIN), i64(63n))],
  'i64.shr_u': [c(1n, i64(MIN), i64(63n))],
  'f64.abs': [c(3, f64(-3))],
  'f64.neg': [c(-0, f64(0)), c(3, f64(-3))],
  'f64.ceil': [c(-1, f64(-1.5)), c(2, f64(1.5))],
  'f64.floor': [c(-2, f64(-1.5)), c(1, f64(1.5))],
  'f64.trunc': [c(-1, f64(-1.75)), c(1, f64(1.75))],
  'f64.nearest': [c(2, f64(2.5)), c(4, f64(3.5)), c(-2, f64(-1.75))],
  'f64.sqrt': [c(3, f64(9)), c(NAN, f64(-1))],
  'f64.add': [c(0.1 + 0.2, f64(0.1), f64(0.2))],
  'f64.sub': [c(0.1 - 0.3, f64(0.1), f64(0.3))],
  'f64.mul': [c(0.1 * 0.3, f64(0.1), f64(0.3))],
  'f64.div': [c(1 / 3, f64(1), f64(3)), c(-INF, f64(1), f64(-0))],
  'f64.min': [c(-0, f64(0), f64(-0)), c(NAN, f64(NAN), f64(1))],
  'f64.max': [c(0, f64(0), f64(-0)), c(NAN, f64(NAN), f64(1)), c(2, f64(2), f64(1))],
  'f64.copysign': [c(-3, f64(3), f64(-0)), c(3, f64(-3), f64(1))],
  'i32.wrap_i64': [c(-1, i64(2n ** 40n - 1n))],
  'f64.convert_i32_s': [c(-5, i32(-5))],
  'f64.convert_i64_s': [c(-(2 ** 40), i64(-(2n ** 40n)))],
  'i64.extend_i32_s': [c(-5n, i32(-5))],
  'i64.reinterpret_f64': [c(0x3ff0000000000000n, f64(1)), c(MIN, f64(-0))],
  'f64.reinterpret_i64': [c(1, i64(0x3ff0000000000000n))],
  'i32.trunc_sat_f64_s': [c(-1, f64(-1.9)), c(0, f64(NAN)), c(2147483647, f64(1e30)), c(-2147483648, f64(-INF))],
  'i64.trunc_sat_f64_s': [c(-(2n ** 40n), f64(-(2 ** 40) - 0.5)), c(0n, f64(NAN)), c(2n ** 63n - 1n, f64(1e30))],
  'i64x2.splat': [c([-7n, -7n], i64(-7n))],
  'f64x2.splat': [c([0.1, 0.1], f64(0.1))],
  'f64x2.eq': [c(mask(true, false), v(0, NAN), v(-0, NAN))],
  'f64x2.ne': [c(mask(false, true), v(0, NAN), v(-0, NAN))],
  'f64x2.lt': [c(mask(true, false), v(1, 2), v(2, 2)), c(mask(false, false), v(NAN, 3), v(1, 2))],
  'f64x2.gt': [c(mask(false, true), v(2, 3), v(2, 2)), c(mask(false, false), v(NAN, 1), v(1, 2))],
  'f64x2.le': [c(mask(true, true), v(1, 2), v(2, 2)), c(mask(false, false), v(NAN, 3), v(1, 2))],
  'f64x2.ge': [c(mask(true, true), v(2, 3), v(2, 2)), c(mask(false, false), v(NAN, 1), v(1, 2))],
  'v128.not': [c([-2n, 0n], w(1n, -1n))],
  'v128.and': [c([8n, MIN], w(12n, -1n), w(10n, MIN))],
  'v128.andnot': [c([4n, 2n ** 63n - 1n], w(12n, -1n), w(10n, MIN))],
  'v128.or': [c([14n, MIN], w(12n, 0n), w(10n, MIN))],
  'v128.xor': [c([6n, 0n], w(12n, -1n), w(10n, -1n))],
  'v128.bitselect': [c([1, 4], v(1, 2), v(3, 4), w(-1n, 0n)), c([10n, 5n], w(15n, 0n), w(0n, 15n), w(10n, 10n))],
  'v128.any_true': [c(1, w(0n, 1n)), c(0, w(0n, 0n)), c(1, w(1n, 0n))],
  'f64x2.ceil': [c([-1, 2], v(-1.5, 1.5))],
  'f64x2.floor': [c([-2, 1], v(-1.5, 1.5))],
  'f64x2.trunc': [c([-1, 1], v(-1.75, 1.75))],
  'f64x2.nearest': [c([2, 4], v(2.5, 3.5)), c([-2, -2], v(-1.75, -2.5))],
  'i64x2.all_true': [c(0, w(0n, 1n)), c(1, w(2n, 1n)), c(0, w(1n, 0n))],
  'i64x2.shl': [c([-16n, 2n ** 40n], w(-1n, 2n ** 36n), i32(4))],
  'i64x2.shr_s': [c([-2n, 1n], w(MIN, 2n ** 62n), i32(62))],
  'i64x2.shr_u': [c([1n, 0n], w(MIN, 2n ** 62n), i32(63))],
  'i64x2.add': [c([MIN, 0n], w(2n ** 63n - 1n, -1n), w(1n, 1n))],
  'i64x2.sub': [c([2n ** 63n - 1n, -2n], w(MIN, -1n), w(1n, 1n))],
  'i64x2.eq': [c(mask(true, false), w(5n, 5n), w(5n, 6n))],
  'i64x2.ne': [c(mask(false, true), w(5n, 5n), w(5n, 6n))],
  'i64x2.lt_s': [c(mask(true, false), w(MIN, 5n), w(5n, 5n))],
  'i64x2.gt_s': [c(mask(false, true), w(MIN, 6n), w(5n, 5n))],
  'f64x2.abs': [c([3, 0], v(-3, -0))],
  'f64x2.neg': [c([3, -0], v(-3, 0))],
  'f64x2.sqrt': [c([3, NAN], v(9, -1))],
  'f64x2.add': [c([0.1 + 0.2, 0], v(0.1, 1), v(0.2, -1))],
  'f64x2.sub': [c([0.1 - 0.3, 2], v(0.1, 1), v(0.3, -1))],
  'f64x2.mul': [c([0.1 * 0.3, -2], v(0.1, 2), v(0.3, -1))],
  'f64x2.div': [c([1 / 3, -INF], v(1, 1), v(3, -0))],
  'f64x2.min': [c([-0, NAN], v(0, NAN), v(-0, 1)), c([1, 1], v(1, 2), v(2, 1))],
  'f64x2.max': [c([0, NAN], v(0, NAN), v(-0, 1)), c([2, 2], v(1, 2), v(2, 1))],
  'f64x2.pmin': [c([1, NAN], v(2, NAN), v(1, 1)), c([0, 1], v(0, 1), v(-0, NAN))],
  'f64x2.pmax': [c([2, NAN], v(2, NAN), v(1, 1)), c([0, 1], v(0, 1), v(-0, NAN))],
  'f64x2.convert_low_i32x4_s': [c([-5, 7], w((7n << 32n) | (2n ** 32n - 5n), 99n))],
  'i32x4.trunc_sat_f64x2_s_zero': [c([(7n << 32n) | (2n ** 32n - 5n), 0n], v(-5.9, 7.9)), c([0n, 0n], v(NAN, 0))],
}

describe('instructions', () => {
  it.each(Object.keys(opcodes) as (keyof typeof opcodes)[])('%s', (name) => {
    expect(cases[name].length).toBeGreaterThan(0)
    for (const { args, gives } of cases[name]) {
      const expr = op(name, ...args)
      if (typeof gives === 'object') {
        const { f64: numbers, i64: bits } = evaluate(expr, 'v128')
        expect(typeof gives[0] === 'bigint' ? bits : numbers).toEqual(gives)
        continue
      }
      const type = typeof gives === 'bigint' ? 'i64' : name === 'select' ? 'f64' : opcodes[name].type
      expect(evaluate(expr, type).number).toBe(gives)
    }
  })
})

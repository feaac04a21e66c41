/** Special values as the JavaScript functions have them, and lanes that do not see each other. */
import { describe, expect, it } from 'vitest'
import {
  severalArguments,
  type UnaryFunction,
  unaryFunctions,
} from '../../../../../compiler/targets/scalar-functions.js'
import { engineFeatures } from '../../../../../compiler/targets/wasm/engine-features.js'
import { functionsWithImport, vectorFunctions } from '../../../../../compiler/targets/wasm/math/index.js'
import { kernelFunction } from '../../../../support/kernel-function.js'

const special: readonly number[] = [
  0,
  -0,
  1,
  -1,
  2,
  -2,
  3,
  -3,
  4,
  5,
  0.5,
  -0.5,
  1.5,
  -1.5,
  2.5,
  -2.5,
  1 / 3,
  5e-324,
  -5e-324,
  1e-310,
  -1e-310,
  2.2250738585072014e-308,
  Number.MIN_VALUE * 3,
  Number.EPSILON,
  -Number.EPSILON,
  1e-17,
  -1e-17,
  709.7,
  709.79,
  710,
  -708.5,
  -745.1,
  -745.2,
  800,
  -800,
  38.6,
  -38.6,
  40,
  -40,
  0.49999999999999994,
  -0.49999999999999994,
  4503599627370497,
  -4503599627370495.5,
  4503599627370495.5,
  -(2 ** 52) - 1,
  -(2 ** 53),
  2 ** 53,
  2 ** 53 + 2,
  1e300,
  -1e300,
  1e308,
  -1e308,
  Number.MAX_VALUE,
  -Number.MAX_VALUE,
  Infinity,
  -Infinity,
  Number.NaN,
]

const roads = engineFeatures().relaxed ? [false, true] : [false]
const unary = [...Object.keys(vectorFunctions), ...Object.keys(functionsWithImport)].filter((fn): fn is UnaryFunction =>
  Object.hasOwn(unaryFunctions, fn),
)

/** Below 0 these cross zero between their poles: there the terms of their sums count. */
const crossing: ReadonlySet<string> = new Set(['lgamma', 'digamma'])

function close(fn: string, x: number, found: number, wanted: number): boolean {
  if (Object.is(found, wanted) || found === wanted) return true
  const scale = crossing.has(fn) && x < 0 ? Math.max(1, Math.abs(wanted)) : Math.abs(wanted)
  return Math.abs(found - wanted) <= 2e-15 * scale
}

const bitsOf = (values: Float64Array): BigUint64Array => new BigUint64Array(values.buffer)

for (const relaxed of roads) {
  describe(relaxed ? 'fused' : 'with products and sums', () => {
    // expNonPositive has a domain of its own: accuracy.test.ts
    it.each(unary.filter((fn) => fn !== 'expNonPositive'))(
      '%s has the special values of the JavaScript function',
      (fn) => {
        const js = unaryFunctions[fn]
        const found = kernelFunction(fn, relaxed)(Float64Array.from(special))
        const wrong = special.flatMap((x, i) => {
          const y = found[i] ?? 0
          return close(fn, x, y, js(x)) ? [] : [`${fn}(${x}) = ${y}, not ${js(x)}`]
        })
        expect(wrong).toEqual([])
      },
    )

    it.each(unary)('%s of a lane is the same whatever is in the other', (fn) => {
      const f = kernelFunction(fn, relaxed)
      const ordinary = [0.3, 1.7, 4.4, 12.25, -0.3, -7.75, 100.5, 3.7e5]
      const all = [...special, ...ordinary]
      const alone = bitsOf(f(Float64Array.from(all.flatMap((x) => [x, x]))))
      const wrong: string[] = []
      all.forEach((partner, p) => {
        const left = bitsOf(f(Float64Array.from(all.flatMap((x) => [x, partner]))))
        all.forEach((x, i) => {
          const same = alone[2 * i] === left[2 * i] && alone[2 * i + 1] === alone[2 * i]
          if (!same || left[2 * i + 1] !== alone[2 * p]) wrong.push(`${x} beside ${partner}`)
        })
      })
      expect(wrong.filter((text) => !text.includes('NaN'))).toEqual([])
    })
  })
}

describe('several arguments', () => {
  const grid = special.flatMap((x) => special.map((y) => [x, y] as const))
  const first = Float64Array.from(grid, ([x]) => x)
  const second = Float64Array.from(grid, ([, y]) => y)

  it.each([
    ['min', Math.min],
    ['max', Math.max],
    ['mod', severalArguments.mod],
  ] as const)('%s is the JavaScript function to the bit', (fn, js) => {
    const found = kernelFunction(fn, false, 2)(first, second)
    const wrong = grid.filter(([x, y], i) => !Object.is(found[i], js(x, y)))
    expect(wrong).toEqual([])
  })

  it('takes the least and the greatest of one and of three', () => {
    const third = Float64Array.from(grid, ([x, y]) => (x + y) / 3)
    const least = kernelFunction('min', false, 3)(first, second, third)
    const most = kernelFunction('max', false, 3)(first, second, third)
    grid.forEach(([x, y], i) => {
      expect(least[i]).toBe(Math.min(x, y, third[i] ?? 0))
      expect(most[i]).toBe(Math.max(x, y, third[i] ?? 0))
    })
    expect(kernelFunction('max', false, 1)(first)).toEqual(first)
  })

  it('rounds halves up, to the bit', () => {
    const xs = Float64Array.from({ length: 4001 }, (_, i) => (i - 2000) / 8)
    const found = kernelFunction('round', false, 1)(xs)
    expect([...found].every((y, i) => Object.is(y, Math.round(xs[i] ?? 0)))).toBe(true)
  })
})

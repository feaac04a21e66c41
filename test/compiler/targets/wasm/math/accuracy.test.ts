/** Functions of generated WebAssembly against references of 60 digits (bench/numerics/fixture.py). */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { KFunction } from '../../../../../compiler/kernel/types.js'
import { engineFeatures } from '../../../../../compiler/targets/wasm/engine-features.js'
import { kernelFunction } from '../../../../support/kernel-function.js'
import { ulp } from '../../../../support/ulp.js'

type Row = readonly [x: number, nearest: number | string, rest: number]
const references = JSON.parse(readFileSync(new URL('references.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, readonly Row[]>
>

/** Largest error allowed, in units of the last place of the result. */
const bounds: { readonly [fn in KFunction]?: number } = {
  exp: 1.1,
  expm1: 2.5,
  log: 1,
  log1p: 1.5,
  log1pexp: 2,
  log1mexp: 2.5,
  logistic: 2.5,
  logLogistic: 2,
  logit: 2,
  lgamma: 4,
  digamma: 4,
  trigamma: 3,
  atan: 2,
  sin: 2,
  cos: 2,
  Phi: 6,
  logPhi: 6,
  inverseMills: 6,
}

/** Below 0 these have zeros between poles and sums of two large terms: there in units of the last place of 8. */
const crossing: ReadonlySet<string> = new Set(['lgamma', 'digamma'])

function errors(fn: string, rows: readonly Row[], found: Float64Array): readonly string[] {
  const bound = bounds[fn as KFunction] ?? 0
  const wrong: string[] = []
  rows.forEach(([x, nearest, rest], i) => {
    const value = Number(nearest)
    const y = found[i] ?? Number.NaN
    if (Object.is(y, value) || (y === 0 && value === 0)) return
    const allowed = fn === 'trigamma' && x < 0 ? 6 : bound
    const unit = crossing.has(fn) && x < 0 ? Math.max(ulp(value), ulp(8)) : ulp(value)
    const error = Math.abs((y - value) / unit - (rest * ulp(value)) / unit)
    if (!(error <= allowed)) wrong.push(`${fn}(${x}) = ${y}, not ${value}: ${error} ulp`)
  })
  return wrong
}

const roads = engineFeatures().relaxed ? [false, true] : [false]

for (const relaxed of roads) {
  describe(relaxed ? 'fused' : 'with products and sums', () => {
    for (const [fn, rows] of Object.entries(references)) {
      it(`${fn} within ${bounds[fn as KFunction]} ulp at ${rows.length} points`, () => {
        expect(rows.length).toBeGreaterThan(150)
        const f = kernelFunction(fn as KFunction, relaxed)
        const xs = Float64Array.from(rows, ([x]) => x)
        expect(errors(fn, rows, f(xs))).toEqual([])
      })
    }

    it('expNonPositive: as exp, and 0 where that is subnormal', () => {
      const f = kernelFunction('expNonPositive', relaxed)
      const rows = (references.exp ?? []).filter(([x]) => x <= 0)
      const normal = rows.filter(([, value]) => Number(value) >= 2 ** -1022)
      expect(normal.length).toBeGreaterThan(50)
      expect(errors('exp', normal, f(Float64Array.from(normal, ([x]) => x)))).toEqual([])
      const subnormal = rows.filter(([, value]) => Number(value) < 2 ** -1023)
      expect(subnormal.length).toBeGreaterThan(20)
      const flushed = f(Float64Array.from(subnormal, ([x]) => x))
      expect([...flushed].every((y) => y === 0)).toBe(true)
      expect([...f(Float64Array.of(-Infinity, Number.NaN, 0, -0, -1e308))]).toEqual([0, Number.NaN, 1, 1, 0])
    })
  })
}

import { describe, expect, test } from 'vitest'
import { compileInterpreter } from '../../../../compiler/targets/interpreter/index.js'
import { compileJavaScript } from '../../../../compiler/targets/javascript/index.js'
import { absolute, boundExamples, difference, rowOps, runAsWritten, runRewritten, setParams } from './rows.js'

const targets = [
  ['JavaScript', compileJavaScript, { length: 100, most: 250 }],
  ['interpreter', compileInterpreter, { length: 8, most: 20 }],
] as const

/** Relative to the sum of absolute terms; where posterior means are products with a dense inverse of order 64, more is lost. */
const TOLERANCE = 1e-12
const LARGE_INVERSES = new Map([['digits/prior.estep', 1e-11]])

describe.each(boundExamples())('$name', ({ name: example, bind }) => {
  test('sums are the same after the passes', { timeout: 60_000 }, () => {
    const model = bind()
    if (model.program.factorised !== null) return
    setParams(model, compileJavaScript, 7)
    for (const pass of model.program.passes) {
      const { rows } = pass
      const ops = rowOps(pass)
      if (rows === null || ops.length === 0) continue
      for (const [name, compile, blocks] of targets) {
        const scale = runAsWritten(model, absolute(ops, model.program.buffers), rows, compileJavaScript, blocks)
        const before = runAsWritten(model, ops, rows, compile, blocks)
        const after = runRewritten(model, ops, rows, compile, blocks)
        const { worst, where } = difference(before, after.sums, scale)
        // a responsibility is as uncertain as the rounding of a log density is large, however that is computed
        const visited = Math.min(blocks.most, model.memory.blocks.sizes.get(rows.size) ?? 0)
        const size = (scale.get('loglik')?.[0] ?? 0) / visited
        const most = (LARGE_INVERSES.get(example) ?? TOLERANCE) * Math.max(1, size / 1000)
        expect(worst, `${name}, pass ${pass.id}, growth ${after.growth}: ${where}`).toBeLessThan(most)
      }
    }
  })
})

import type { Axis, KExpr } from '../../kernel/types.js'
import { isCheap } from '../is-cheap.js'
import { type JsExpr, type JsStatement, jsBinary, jsMath, jsName, jsNumber } from './js-ast.js'
import type { Lowering } from './lowering.js'

export type ReduceKind = 'sum' | 'max' | 'logSumExp'

const NEGATIVE_INFINITY = jsNumber(Number.NEGATIVE_INFINITY)
const NOTHING: ReadonlySet<string> = new Set()

/** Sum, maximum or log-sum-exp of `body` over `axes`, in an accumulator of the current block. */
export function lowerReduction(lowering: Lowering, kind: ReduceKind, axes: readonly Axis[], body: KExpr): JsExpr {
  switch (kind) {
    case 'sum':
      return sumOver(lowering, axes, () => lowering.lower(body))
    case 'max':
      return maximum(lowering, axes, body)
    case 'logSumExp':
      return isCheap(body) ? logSumExpTwice(lowering, axes, body) : logSumExpOnce(lowering, axes, body)
  }
}

function accumulator(lowering: Lowering, start: JsExpr): JsExpr {
  const name = lowering.blocks.fresh('a')
  lowering.blocks.append({ js: 'let', name, value: start })
  return jsName(name)
}

function sumOver(lowering: Lowering, axes: readonly Axis[], body: () => JsExpr): JsExpr {
  const target = accumulator(lowering, jsNumber(0))
  lowering.loops(axes, NOTHING, () => {
    const value = body()
    lowering.blocks.append({ js: 'assign', operator: '+=', target, value })
  })
  return target
}

function maximum(lowering: Lowering, axes: readonly Axis[], body: KExpr): JsExpr {
  const target = accumulator(lowering, NEGATIVE_INFINITY)
  lowering.loops(axes, NOTHING, () => {
    const value = lowering.atom(body)
    const when = jsBinary('||', jsBinary('>', value, target), jsBinary('!==', value, value))
    lowering.blocks.append({ js: 'if', when, yes: [{ js: 'assign', operator: '=', target, value }], no: [] })
  })
  return target
}

/** The maximum first, then the sum: for a body that costs next to nothing. */
function logSumExpTwice(lowering: Lowering, axes: readonly Axis[], body: KExpr): JsExpr {
  const most = maximum(lowering, axes, body)
  const sum = sumOver(lowering, axes, () => jsMath('exp', jsBinary('-', lowering.lower(body), most)))
  const infinite = jsBinary(
    '||',
    jsBinary('===', most, NEGATIVE_INFINITY),
    jsBinary('===', most, jsNumber(Number.POSITIVE_INFINITY)),
  )
  const value = jsBinary('+', most, jsMath('log', sum))
  return { js: 'conditional', when: infinite, yes: most, no: value }
}

/** Maximum and sum together, the sum rescaled where the maximum moves. */
function logSumExpOnce(lowering: Lowering, axes: readonly Axis[], body: KExpr): JsExpr {
  const most = accumulator(lowering, NEGATIVE_INFINITY)
  const sum = accumulator(lowering, jsNumber(0))
  const assign = (operator: '=' | '+=', target: JsExpr, value: JsExpr): JsStatement => ({
    js: 'assign',
    operator,
    target,
    value,
  })
  lowering.loops(axes, NOTHING, () => {
    const value = lowering.atom(body)
    const below = jsMath('exp', jsBinary('-', value, most))
    const rescale = jsMath('exp', jsBinary('-', most, value))
    const larger = [assign('=', sum, jsBinary('+', jsBinary('*', sum, rescale), jsNumber(1))), assign('=', most, value)]
    const finite = jsBinary('!==', value, NEGATIVE_INFINITY)
    const equal: JsStatement[] = [{ js: 'if', when: finite, yes: [assign('+=', sum, jsNumber(1))], no: [] }]
    const no: JsStatement[] = [{ js: 'if', when: jsBinary('===', value, most), yes: equal, no: larger }]
    lowering.blocks.append({ js: 'if', when: jsBinary('<', value, most), yes: [assign('+=', sum, below)], no })
  })
  const value = jsBinary('+', most, jsMath('log', sum))
  return { js: 'conditional', when: jsBinary('===', most, NEGATIVE_INFINITY), yes: most, no: value }
}

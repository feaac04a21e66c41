/** Where the numbers of the params lie in one array, from the declarations alone: in order, padded where ragged. */
import type { Dim, ParamSymbol, Support, TypedModel } from '../lang/typed/types.js'
import { asNumber, asVector, at } from './arrays.js'
import type { EngineParam } from './certified-engine.js'
import { type Environment, evaluate, number } from './evaluate.js'
import { OracleError } from './types.js'
import type { World } from './world.js'

export function paramLayout(model: TypedModel, world: World): readonly EngineParam[] {
  const env: Environment = { world, bound: new Map(), params: new Map(), lookup: () => Number.NaN }
  let offset = 0
  return model.symbols.flatMap((symbol) => {
    if (symbol.kind !== 'param') return []
    const { shape, used } = shapeOf(symbol, env)
    const length = shape.reduce((a, b) => a * b, 1)
    const param = { name: symbol.name, offset, length, shape, used, support: supportOf(symbol.type.support, env) }
    offset += length
    return [param]
  })
}

function shapeOf(symbol: ParamSymbol, env: Environment): Pick<EngineParam, 'shape' | 'used'> {
  const dims = [...symbol.type.batch, ...symbol.type.core]
  const sizes = dims.map((d) => sizesOf(d, env))
  const shape = sizes.map((s) => Math.max(...s))
  const ragged = dims.flatMap((d, i) => (d.raggedBy === null ? [] : [{ i, by: d.raggedBy }]))
  const [only] = ragged
  if (only === undefined) return { shape, used: null }
  if (ragged.length > 1 || only.i !== dims.length - 1) throw new OracleError(`${symbol.name} is ragged inside`)
  const rows = shape.slice(0, -1)
  const used = Array.from({ length: rows.reduce((a, b) => a * b, 1) }, (_, row) => {
    const stride = rows.slice(only.by + 1).reduce((a, b) => a * b, 1)
    return at(at(sizes, only.i), Math.floor(row / stride) % at(rows, only.by))
  })
  return { shape, used }
}

function sizesOf(d: Dim, env: Environment): readonly number[] {
  const value = evaluate(d.size, env)
  return typeof value === 'number' ? [asNumber(value)] : asVector(value)
}

function supportOf(support: Support, env: Environment): EngineParam['support'] {
  if (support.kind !== 'interval') return { kind: support.kind }
  return { kind: 'interval', low: number(support.low, env), high: number(support.high, env) }
}

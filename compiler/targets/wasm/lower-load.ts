import type { KExpr } from '../../kernel/types.js'
import { extract, load, op, replace } from './code.js'
import { lowerAddress } from './lower-address.js'
import { type Copy, type Lowering, laneOf } from './lowering.js'
import type { WExpr } from './wasm-ast.js'

/** `buffer[at]` as a f64, or as a v128 of two neighbours along the vector axis. */
export function lowerLoad(lowering: Lowering, buffer: string, at: readonly KExpr[], copy: Copy): WExpr {
  const { type } = lowering.place(buffer)
  const { base, offset, laneStride } = lowerAddress(lowering, buffer, at, copy)
  const { vectorAxis } = lowering
  if (!copy.vector || vectorAxis === null || laneStride === 0) {
    const element = load(type === 'f64' ? 'f64.load' : 'i32.load', base, offset)
    return type === 'f64' ? element : op('f64.convert_i32_s', element)
  }
  if (type === 'f64' && laneStride === 8) return load('v128.load', base, offset)
  if (type === 'f64' && laneStride !== null) {
    const low = lowering.blocks.bind(load('v128.load64_zero', base, offset))
    return { w: 'loadLane', lane: 1, address: base, offset: offset + laneStride, vector: low }
  }
  const element = (lane: 0 | 1): WExpr => lowerLoad(lowering, buffer, at, laneOf(copy, vectorAxis, lane))
  return replace(op('f64x2.splat', element(0)), 1, element(1))
}

/** The element in both lanes, of a copy for which it is one. */
export function lowerSplatLoad(lowering: Lowering, buffer: string, at: readonly KExpr[], copy: Copy): WExpr {
  const { base, offset } = lowerAddress(lowering, buffer, at, { ...copy, vector: false })
  const { type } = lowering.place(buffer)
  if (type === 'f64') return load('v128.load64_splat', base, offset)
  return op('f64x2.splat', op('f64.convert_i32_s', load('i32.load', base, offset)))
}

/** buffer[at] = value, or + value; `value` is a f64, or a v128 for a vector copy. */
export function lowerStore(
  lowering: Lowering,
  buffer: string,
  at: readonly KExpr[],
  copy: Copy,
  value: WExpr,
  add: boolean,
): void {
  const { code, blocks, vectorAxis } = lowering
  const { type } = lowering.place(buffer)
  blocks.emitting(() => {
    if (copy.vector && vectorAxis !== null) {
      const { base, offset, laneStride } = lowerAddress(lowering, buffer, at, copy)
      const known = blocks.bind(value)
      if (type === 'f64' && laneStride === 8) {
        const whole = add ? op('f64x2.add', load('v128.load', base, offset), known) : known
        code.store('v128.store', base, whole, offset)
        return
      }
      for (const lane of [0, 1] as const)
        lowerStore(lowering, buffer, at, laneOf(copy, vectorAxis, lane), extract(known, lane), add)
      return
    }
    const { base, offset } = lowerAddress(lowering, buffer, at, copy)
    if (type === 'i32') {
      const whole = add ? op('f64.add', op('f64.convert_i32_s', load('i32.load', base, offset)), value) : value
      code.store('i32.store', base, op('i32.trunc_sat_f64_s', whole), offset)
      return
    }
    code.store('f64.store', base, add ? op('f64.add', load('f64.load', base, offset), value) : value, offset)
  })
}

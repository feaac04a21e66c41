import type { KExpr } from '../../kernel/types.js'
import type { Element } from '../blocks.js'
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
    if (type === 'f64') return held(lowering, buffer, base, offset, 'f64.load')
    return op('f64.convert_i32_s', load('i32.load', base, offset))
  }
  if (type === 'f64' && laneStride === 8) return held(lowering, buffer, base, offset, 'v128.load')
  if (type === 'f64' && laneStride !== null) {
    const low = lowering.blocks.bind(load('v128.load64_zero', base, offset))
    return { w: 'loadLane', lane: 1, address: base, offset: offset + laneStride, vector: low }
  }
  const element = (lane: 0 | 1): WExpr => lowerLoad(lowering, buffer, at, laneOf(copy, vectorAxis, lane))
  return replace(op('f64x2.splat', element(0)), 1, element(1))
}

/** An element, from memory unless it has just been stored or read. */
function held(
  { blocks }: Lowering,
  buffer: string,
  base: WExpr,
  offset: number,
  name: 'v128.load' | 'f64.load',
): WExpr {
  const element = elementAt(buffer, base, offset, name === 'v128.load' ? 16 : 8)
  const known = blocks.held(element)
  if (known !== null) return known
  const value = blocks.bind(load(name, base, offset))
  blocks.hold(element, value)
  return value
}

const elementAt = (buffer: string, base: WExpr, offset: number, bytes: number): Element => ({
  buffer,
  base: base.w === 'get' ? `local ${base.local.index}` : base.w === 'i32' ? `${base.value}` : JSON.stringify(base),
  offset,
  bytes,
})

/** An element in both lanes, where it, or it and a neighbour, have just been stored or read; else null. */
function heldInBoth({ blocks }: Lowering, buffer: string, base: WExpr, offset: number): WExpr | null {
  const alone = blocks.held(elementAt(buffer, base, offset, 8))
  if (alone !== null) return op('f64x2.splat', alone)
  for (const from of [0, 8]) {
    const pair = blocks.held(elementAt(buffer, base, offset - from, 16))
    // one lane twice
    const bytes = Array.from({ length: 16 }, (_, i) => from + (i % 8))
    if (pair !== null) return { w: 'shuffle', bytes, left: pair, right: pair }
  }
  return null
}

/** The element in both lanes, of a copy for which it is one. */
export function lowerSplatLoad(lowering: Lowering, buffer: string, at: readonly KExpr[], copy: Copy): WExpr {
  const { base, offset } = lowerAddress(lowering, buffer, at, { ...copy, vector: false })
  const { type } = lowering.place(buffer)
  if (type === 'f64') return heldInBoth(lowering, buffer, base, offset) ?? load('v128.load64_splat', base, offset)
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
  const store = (name: 'v128.store' | 'f64.store', base: WExpr, offset: number, whole: WExpr): void => {
    const element = elementAt(buffer, base, offset, name === 'v128.store' ? 16 : 8)
    code.store(name, base, whole, offset)
    blocks.release(buffer, element)
    blocks.hold(element, whole)
  }
  blocks.emitting(() => {
    if (copy.vector && vectorAxis !== null) {
      const { base, offset, laneStride } = lowerAddress(lowering, buffer, at, copy)
      const known = blocks.bind(value)
      if (type === 'f64' && laneStride === 8) {
        const whole = blocks.bind(add ? op('f64x2.add', load('v128.load', base, offset), known) : known)
        store('v128.store', base, offset, whole)
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
    const whole = blocks.bind(add ? op('f64.add', load('f64.load', base, offset), value) : value)
    store('f64.store', base, offset, whole)
  })
}

/**
 * Vector constants of loops as locals that are set where the function begins. An engine makes an immediate of 128 bits
 * anew at each use (three instructions on x64) and moves none out of a loop; a local stays in a register, or is an
 * operand in memory. e^x took 2.5 ns an element with locals and 5.7 ns with immediates.
 */
import type { Local, WExpr, WFunction, WStatement } from './wasm-ast.js'

type Constant = WExpr & { readonly w: 'f64x2' | 'i64x2' }

/** Bits of one lane: equal constants share a local, and 0 is not −0. */
function bitsOf(constant: Constant, view: DataView): bigint {
  if (constant.w === 'i64x2') return BigInt.asUintN(64, constant.value)
  view.setFloat64(0, constant.value)
  return view.getBigUint64(0)
}

export function hoistConstants(fn: WFunction): WFunction {
  const locals = [...fn.locals]
  const known = new Map<bigint, Local>()
  const sets: WStatement[] = []
  const view = new DataView(new ArrayBuffer(8))

  const constant = (e: Constant): WExpr => {
    const bits = bitsOf(e, view)
    // 0 is one instruction without operands
    if (bits === 0n) return e
    let local = known.get(bits)
    if (local === undefined) {
      local = { index: locals.length, type: 'v128' }
      locals.push('v128')
      known.set(bits, local)
      sets.push({ w: 'set', local, value: e })
    }
    return { w: 'get', local }
  }

  /** The same list where nothing in it changes: most code has no vector constants. */
  const each = (list: readonly WExpr[]): readonly WExpr[] => {
    let own: WExpr[] | null = null
    for (let i = 0; i < list.length; i++) {
      const e = list[i]
      if (e === undefined) continue
      const hoisted = expr(e)
      if (own !== null) own.push(hoisted)
      else if (hoisted !== e) own = [...list.slice(0, i), hoisted]
    }
    return own ?? list
  }

  const expr = (e: WExpr): WExpr => {
    switch (e.w) {
      case 'f64x2':
      case 'i64x2':
        return constant(e)
      case 'i32':
      case 'i64':
      case 'f64':
      case 'get':
        return e
      case 'op':
      case 'lane': {
        const args = each(e.args)
        return args === e.args ? e : { ...e, args }
      }
      case 'shuffle':
        return { ...e, left: expr(e.left), right: expr(e.right) }
      case 'load': {
        const address = expr(e.address)
        return address === e.address ? e : { ...e, address }
      }
      case 'loadLane':
        return { ...e, address: expr(e.address), vector: expr(e.vector) }
      case 'call':
        return { ...e, args: e.args.map(expr) }
      case 'if':
        return { ...e, when: expr(e.when), then: expr(e.then), otherwise: expr(e.otherwise) }
    }
  }

  const all = (list: readonly WStatement[], inLoop: boolean): readonly WStatement[] => {
    const own = list.map((s) => statement(s, inLoop))
    return own.every((s, i) => s === list[i]) ? list : own
  }

  const statement = (s: WStatement, inLoop: boolean): WStatement => {
    if (s.w === 'loop') return { ...s, body: all(s.body, true), again: expr(s.again) }
    if (s.w === 'if')
      return {
        ...s,
        when: inLoop ? expr(s.when) : s.when,
        // a register is not worth what is hardly ever asked for
        then: s.seldom === true ? s.then : all(s.then, inLoop),
        otherwise: all(s.otherwise, inLoop),
      }
    if (!inLoop) return s
    switch (s.w) {
      case 'set': {
        const value = expr(s.value)
        return value === s.value ? s : { ...s, value }
      }
      case 'store': {
        const [address, value] = [expr(s.address), expr(s.value)]
        return address === s.address && value === s.value ? s : { ...s, address, value }
      }
      case 'run':
        return { ...s, args: s.args.map(expr) }
      case 'fill':
        return { ...s, address: expr(s.address), length: expr(s.length) }
    }
  }

  const body = all(fn.body, false)
  return { ...fn, locals, body: [...sets, ...body] }
}

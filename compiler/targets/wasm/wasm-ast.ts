/**
 * The WebAssembly that the target writes, as data: functions of numbered locals over one imported memory. Types are
 * those of the core specification; `v128` is used as f64x2 (two rows) and, for masks and exponents, as i64x2.
 */

import type { LaneOp, LoadName, OpName, StoreName, ValueType } from './opcodes.js'

export type { LaneOp, LoadName, OpName, StoreName, ValueType } from './opcodes.js'

/** A local of the function that is being built; parameters come first. */
export interface Local {
  readonly index: number
  readonly type: ValueType
}

/** What a call goes to: a function of this module, or one that is imported. */
export type Callee =
  | { readonly kind: 'function'; readonly name: string }
  | { readonly kind: 'import'; readonly name: string }

export type WExpr =
  | { readonly w: 'i32'; readonly value: number }
  | { readonly w: 'i64'; readonly value: bigint }
  | { readonly w: 'f64'; readonly value: number }
  /** Both lanes the same. */
  | { readonly w: 'f64x2'; readonly value: number }
  | { readonly w: 'i64x2'; readonly value: bigint }
  | { readonly w: 'get'; readonly local: Local }
  | { readonly w: 'op'; readonly op: OpName; readonly args: readonly WExpr[] }
  /** `f64x2.extract_lane`, `f64x2.replace_lane`, `i64x2.extract_lane`. */
  | { readonly w: 'lane'; readonly op: LaneOp; readonly lane: 0 | 1; readonly args: readonly WExpr[] }
  | { readonly w: 'shuffle'; readonly bytes: readonly number[]; readonly left: WExpr; readonly right: WExpr }
  | { readonly w: 'load'; readonly op: LoadName; readonly address: WExpr; readonly offset: number }
  /** One lane of `vector` from memory. */
  | {
      readonly w: 'loadLane'
      readonly lane: 0 | 1
      readonly address: WExpr
      readonly offset: number
      readonly vector: WExpr
    }
  | { readonly w: 'call'; readonly callee: Callee; readonly type: ValueType; readonly args: readonly WExpr[] }
  /** The branch not taken is not evaluated. */
  | {
      readonly w: 'if'
      readonly type: ValueType
      readonly when: WExpr
      readonly then: WExpr
      readonly otherwise: WExpr
    }

export type WStatement =
  | { readonly w: 'set'; readonly local: Local; readonly value: WExpr }
  | {
      readonly w: 'store'
      readonly op: StoreName
      readonly address: WExpr
      readonly offset: number
      readonly value: WExpr
    }
  /** `body` once, and again as long as `again` is not 0 after it. */
  | { readonly w: 'loop'; readonly body: readonly WStatement[]; readonly again: WExpr }
  /** `seldom`: `then` is hardly ever taken. */
  | {
      readonly w: 'if'
      readonly when: WExpr
      readonly then: readonly WStatement[]
      readonly otherwise: readonly WStatement[]
      readonly seldom?: true
    }
  /** A call without a result. */
  | { readonly w: 'run'; readonly callee: Callee; readonly args: readonly WExpr[] }
  /** memory.fill(address, byte, length in bytes). */
  | { readonly w: 'fill'; readonly address: WExpr; readonly byte: number; readonly length: WExpr }

export interface WFunction {
  readonly name: string
  readonly exported: boolean
  readonly params: readonly ValueType[]
  readonly result: ValueType | null
  /** Types of all locals, parameters first. */
  readonly locals: readonly ValueType[]
  readonly body: readonly WStatement[]
  /** What the function returns, evaluated after the body. */
  readonly value: WExpr | null
}

export interface WImport {
  readonly name: string
  readonly params: readonly ValueType[]
  readonly result: ValueType | null
}

/** The memory is imported as `env.memory`, functions as `env.<name>`. */
export interface WModule {
  readonly imports: readonly WImport[]
  readonly functions: readonly WFunction[]
  readonly memory: { readonly pages: number; readonly shared: boolean; readonly maximum: number }
}

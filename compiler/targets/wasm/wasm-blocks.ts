import { BlockStack } from '../blocks.js'
import { type Code, get, isAtom, typeOf } from './code.js'
import type { WExpr, WStatement } from './wasm-ast.js'

/** Blocks of WebAssembly statements; values are named by locals of one function. */
export class WasmBlocks extends BlockStack<WExpr, WStatement> {
  constructor(readonly code: Code) {
    super()
  }

  bind(value: WExpr): WExpr {
    if (isAtom(value)) return value
    const local = this.code.local(typeOf(value))
    this.append({ w: 'set', local, value })
    return get(local)
  }

  /** Runs `build` with the statements that `code` is given going to the current block. */
  emitting<T>(build: () => T): T {
    return this.code.into(this.current.statements, build)
  }
}

import { BlockStack } from '../blocks.js'
import { isAtom, type JsExpr, type JsName, type JsStatement, jsName } from './js-ast.js'

/** Blocks of JavaScript. */
export class JsBlocks extends BlockStack<JsExpr, JsStatement> {
  #names = 0

  fresh(letter: 'v' | 'a' | 'i'): JsName {
    this.#names += 1
    return `${letter}${this.#names}`
  }

  bind(value: JsExpr): JsExpr {
    if (isAtom(value)) return value
    const name = this.fresh('v')
    this.append({ js: 'const', name, value })
    return jsName(name)
  }
}

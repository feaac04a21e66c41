import { KernelError } from '../../kernel/kernel-error.js'
import type { Buffer, KernelOp } from '../../kernel/types.js'
import { type Declined, declinedOp } from '../supports.js'
import { type Bindings, BindingTable } from './bindings.js'
import type { JsStatement } from './js-ast.js'
import { printStatements } from './js-print.js'
import { lowerScheduled } from './lower-op.js'
import { schedule } from './schedule.js'

/**
 * `source` is the body of a function of `h` (helpers) that returns functions of `b` (arrays), `s` (integers) and `c`
 * (states of sparse inverses), to be called in order. It holds numbered identifiers, numbers and names of `Math` only.
 */
export interface EmittedJavaScript {
  readonly source: string
  readonly bindings: Bindings
}

/** null when the JavaScript target runs these operations, else why not. */
export function javaScriptSupports(ops: readonly KernelOp[]): Declined | null {
  return declinedOp(ops)
}

/** Kernel operations as JavaScript: fused row loops, one function per fused group. */
export function emitJavaScript(ops: readonly KernelOp[], buffers: readonly Buffer[]): EmittedJavaScript {
  const declined = javaScriptSupports(ops)
  if (declined !== null) throw new KernelError(declined.declined)
  const table = new BindingTable(buffers)
  const declared = new Map(buffers.map((buffer) => [buffer.id, buffer]))
  const bodies = schedule(ops, declared).map((scheduled) => lowerScheduled(scheduled, table, declared))
  const bindings = table.finish()
  const helpers = bindings.helpers.map((_, i) => `const h${i} = h[${i}];\n`).join('')
  const functions = bodies.map((body) => `(b, s, c) => {\n${printBody(body)}}`).join(', ')
  return { source: `'use strict';\n${helpers}return [${functions}];\n`, bindings }
}

/** A body with its arrays, integers and states taken out of the arguments, those only that it names. */
function printBody(body: readonly JsStatement[]): string {
  const text = printStatements(body, '  ')
  const named = [...new Set(text.match(/\b[bsc]\d+\b/g))].sort()
  const take = (name: string): string => {
    const index = name.slice(1)
    if (name.startsWith('s')) return `  const ${name} = s[${index}] | 0;\n`
    return `  const ${name} = ${name.charAt(0)}[${index}];\n`
  }
  return named.map(take).join('') + text
}

import type { BoundArguments, Helper } from './bindings.js'
import type { EmittedJavaScript } from './emit-javascript.js'

/** One fused group of operations, on arrays, integers and sparse states in the order of the bindings. */
export type EmittedFunction = (
  arrays: BoundArguments['arrays'],
  integers: BoundArguments['integers'],
  sparse: BoundArguments['sparse'],
) => void

/** The only place where text becomes code. The text is made from a `JsStatement` tree and from nothing else. */
export function instantiate(emitted: EmittedJavaScript, helpers: readonly Helper[]): readonly EmittedFunction[] {
  const make: (h: readonly Helper[]) => readonly EmittedFunction[] = new Function('h', emitted.source) as never
  return make(helpers)
}

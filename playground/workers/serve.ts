import { complaintsOf } from './complaints.js'
import type { Answer } from './messages.js'

/** The part of a worker's global that is used: the types of the page are those of its main thread. */
interface Scope {
  onmessage: ((event: { readonly data: unknown }) => void) | null
  postMessage(message: unknown, transfer?: readonly Transferable[]): void
}

type Handlers<C> = {
  readonly [K in keyof C]: C[K] extends (request: infer R) => infer V ? (request: R) => V | Promise<V> : never
}

/**
 * Answers calls one after another, in the order in which they came. Messages that are no calls go to `otherwise` at once,
 * also while a call is under way.
 */
export function serve<C>(handlers: Handlers<C>, otherwise: (message: unknown) => void = () => {}): void {
  const scope = globalThis as unknown as Scope
  let before: Promise<void> = Promise.resolve()
  const table = new Map(Object.entries(handlers)) as ReadonlyMap<string, (request: unknown) => unknown>
  scope.onmessage = ({ data }) => {
    const call = data as {
      readonly kind?: unknown
      readonly id: number
      readonly call: string
      readonly request: unknown
    }
    if (call.kind !== 'call') {
      otherwise(data)
      return
    }
    before = before.then(async () => {
      const answer = await answered(table.get(call.call), call)
      scope.postMessage(answer, answer.kind === 'answer' ? buffersIn(answer.value) : [])
    })
  }
}

async function answered(
  handler: ((request: unknown) => unknown) | undefined,
  { id, request, call }: { readonly id: number; readonly request: unknown; readonly call: string },
): Promise<Answer<unknown>> {
  try {
    if (handler === undefined) throw new Error(`no call ${call}`)
    return { id, kind: 'answer', value: await handler(request) }
  } catch (error) {
    return { id, kind: 'refused', complaints: complaintsOf(error) }
  }
}

/** Buffers of the typed arrays of an answer, which are moved and not copied; each must be the answer's own. */
function buffersIn(value: unknown, found: Set<ArrayBuffer> = new Set()): ArrayBuffer[] {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer && value.byteLength === value.buffer.byteLength) found.add(value.buffer)
  } else if (Array.isArray(value)) for (const part of value) buffersIn(part, found)
  else if (value instanceof Map) for (const part of value.values()) buffersIn(part, found)
  else if (typeof value === 'object' && value !== null) for (const part of Object.values(value)) buffersIn(part, found)
  return [...found]
}

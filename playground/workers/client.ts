import type { Answer, Complaint, RequestOf } from './messages.js'

/** A call that was refused; `message` is the first sentence. */
export class Refused extends Error {
  override readonly name = 'Refused'
  constructor(readonly complaints: readonly Complaint[]) {
    super(complaints[0]?.message ?? 'it did not work')
  }
}

/** The worker was ended before it answered. */
export class Ended extends Error {
  override readonly name = 'Ended'
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

type ResultOf<F> = F extends (request: never) => infer V ? V : never
type ArgumentOf<F> = F extends (request: infer R) => unknown ? R : never

/** The page's side of a worker: starts it when it is first needed, and again after it was ended. */
export class WorkerClient<C> {
  private worker: Worker | null = null
  private readonly waiting = new Map<number, Waiting>()
  private next = 1

  constructor(
    private readonly start: () => Worker,
    /** Messages that answer no call. */
    private readonly onMessage: (message: unknown) => void = () => {},
  ) {}

  call<K extends keyof C & string>(call: K, request: ArgumentOf<C[K]>, transfer: readonly Transferable[] = []) {
    return new Promise<ResultOf<C[K]>>((resolve, reject) => {
      const id = this.next++
      this.waiting.set(id, { resolve: resolve as (value: unknown) => void, reject })
      const message = { id, kind: 'call', call, request } as unknown as RequestOf<C>
      this.running().postMessage(message, [...transfer])
    })
  }

  tell(message: unknown): void {
    this.worker?.postMessage(message)
  }

  /** Ends the worker; calls that wait are rejected with `Ended`. */
  end(): void {
    this.worker?.terminate()
    this.worker = null
    const waiting = [...this.waiting.values()]
    this.waiting.clear()
    for (const { reject } of waiting) reject(new Ended('the work was ended'))
  }

  private running(): Worker {
    if (this.worker !== null) return this.worker
    const worker = this.start()
    worker.onmessage = ({ data }: MessageEvent<Answer<unknown> | { readonly kind: string }>) => this.receive(data)
    worker.onerror = (event) => {
      event.preventDefault()
      const complaint = {
        code: 'E901',
        message: `a worker failed: ${event.message || 'its script did not load'}`,
        help: null,
      }
      const waiting = [...this.waiting.values()]
      this.waiting.clear()
      for (const { reject } of waiting) reject(new Refused([complaint]))
    }
    this.worker = worker
    return worker
  }

  private receive(message: Answer<unknown> | { readonly kind: string }): void {
    if (!('id' in message)) {
      this.onMessage(message)
      return
    }
    const waiting = this.waiting.get(message.id)
    this.waiting.delete(message.id)
    if (message.kind === 'answer') waiting?.resolve(message.value)
    else waiting?.reject(new Refused(message.complaints))
  }
}

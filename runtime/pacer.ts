/** A clock in milliseconds; only differences count. */
export type Clock = () => number

/** The part of an AbortSignal that is looked at, between passes. */
export interface AbortFlag {
  readonly aborted: boolean
}

/**
 * Lets the event loop run between passes. The host gives `pause`, which resolves in a later turn of its event loop
 * (a message to itself, `setImmediate`), since the runtime knows no host.
 */
export interface Pacer {
  /** Resolves at once while the current turn is young, else after a pause. */
  breathe(): Promise<void> | undefined
  /** Milliseconds since the pacer was made. */
  elapsed(): number
}

/** Longest stretch of work before a pause, in milliseconds; the contract allows 50. */
const TURN = 12

export function createPacer(now: Clock, pause: () => Promise<void>): Pacer {
  const begin = now()
  let turn = begin
  return {
    breathe() {
      if (now() - turn < TURN) return undefined
      return pause().then(() => {
        turn = now()
      })
    },
    elapsed: () => now() - begin,
  }
}

/** For tests and hosts that may block: never pauses. */
export function busyPacer(now: Clock = Date.now): Pacer {
  const begin = now()
  return { breathe: () => undefined, elapsed: () => now() - begin }
}

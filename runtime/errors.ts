/** A failure of ours, never of the user: an inequality of EM that does not hold, a program that breaks its contract. */
export class InternalError extends Error {
  override readonly name = 'InternalError'
}

/** What an aborted fit rejects with. `partial` is what there was at the end of the last iteration, null if nothing. */
export class AbortError<T> extends Error {
  override readonly name = 'AbortError'

  constructor(readonly partial: T | null) {
    super('the fit was aborted')
  }
}

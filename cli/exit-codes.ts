/** Exit statuses of `estep`. */
export const exitCodes = {
  done: 0,
  model: 1,
  usage: 2,
  data: 3,
  fit: 4,
  certificate: 5,
  interrupted: 130,
} as const

/** Wrong usage or a missing file: one sentence for stderr, exit 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'

  constructor(
    message: string,
    readonly help: string | null = null,
  ) {
    super(message)
  }
}

/** Data that cannot be read or bound: exit 3. */
export class DataError<Problem> extends Error {
  override readonly name = 'DataError'

  constructor(readonly problems: readonly Problem[]) {
    super('the data does not fit the model')
  }
}

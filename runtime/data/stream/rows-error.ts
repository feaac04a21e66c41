import type { DataProblem } from '../types.js'

/** Rows cannot be read, or are no longer what they were: the user's files, not our mistake. */
export class RowsError extends Error {
  override readonly name = 'RowsError'

  constructor(readonly problem: DataProblem) {
    super(problem.message)
  }
}

/** A worker that fails or ends before its work is done: a failure of ours or of the host, never of the user. */
export class WorkerError extends Error {
  override readonly name = 'WorkerError'
}

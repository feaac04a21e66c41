/** A mistake of ours in a kernel program or in how it is run: never the user's. Shown as an internal error. */
export class KernelError extends Error {
  override readonly name = 'KernelError'
}

import type { Json } from '../runtime/json.js'

/** What a checkpoint says that it is, and the version of its format. */
export const FORMAT = 'estep checkpoint'
export const FORMAT_VERSION = 2

/**
 * The state of a fit that has not ended, as plain JSON. A fit that goes on from it (`resume`) gives the bits of one that was
 * never interrupted. Whoever keeps it takes it as it is.
 */
export interface FitCheckpoint {
  readonly format: typeof FORMAT
  readonly version: typeof FORMAT_VERSION
  readonly estepVersion: string
  /** Of `body` as JSON text. */
  readonly checksum: string
  readonly body: Json
}

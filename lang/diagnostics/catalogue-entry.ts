import type { Severity } from './types.js'

/**
 * One diagnostic as the reference shows it. `example` is a model file (or, for data and usage codes, the input or the
 * command) that produces exactly this code; `fixed` is the same with the mistake mended.
 */
export interface CatalogueEntry {
  readonly code: string
  readonly severity: Severity
  /** A few words, as a heading. */
  readonly title: string
  /** A paragraph: what the rule is and why. */
  readonly explanation: string
  readonly example: string
  readonly fixed: string
}

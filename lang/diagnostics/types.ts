import type { Span } from '../source.js'

export type Severity = 'error' | 'warning' | 'info'

/** A place that explains a diagnostic, with a label of a few words. */
export interface RelatedSpan {
  readonly span: Span
  readonly message: string
}

/** A replacement of the text at `span` that would mend the problem. */
export interface Fix {
  readonly title: string
  readonly edits: readonly { readonly span: Span; readonly text: string }[]
}

/**
 * One complaint about a model. `code` is a key of the catalogue and never reused; `message` is one sentence in the
 * user's own terms; `label` stands under the marked text; `help` says what to do.
 */
export interface Diagnostic {
  readonly code: string
  readonly severity: Severity
  readonly span: Span
  readonly message: string
  readonly label?: string
  readonly related?: readonly RelatedSpan[]
  readonly help?: string
  readonly fix?: Fix
}

/** What a pass returns: a value where there is one, and everything it has to say. */
export interface Outcome<T> {
  readonly value?: T
  readonly diagnostics: readonly Diagnostic[]
}

import type { Diagnostic } from '../diagnostics/types.js'
import type { Span } from '../source.js'

/** What may be said of a syntax error besides its code, place and sentence. */
export interface SyntaxErrorDetails {
  readonly label?: string
  readonly help?: string
  readonly related?: Diagnostic['related']
  readonly fix?: Diagnostic['fix']
}

/** An error of the range E1xx. */
export function syntaxError(code: string, span: Span, message: string, details: SyntaxErrorDetails = {}): Diagnostic {
  return {
    code,
    severity: 'error',
    span,
    message,
    ...(details.label === undefined ? {} : { label: details.label }),
    ...(details.related === undefined ? {} : { related: details.related }),
    ...(details.help === undefined ? {} : { help: details.help }),
    ...(details.fix === undefined ? {} : { fix: details.fix }),
  }
}

/** A fix of one replacement. */
export function replacement(title: string, span: Span, text: string): NonNullable<SyntaxErrorDetails['fix']> {
  return { title, edits: [{ span, text }] }
}

import type { Diagnostic } from '../diagnostics/types.js'
import type { Span } from '../source.js'
import type { QuickFix } from './types.js'

/** The fixes of those diagnostics that touch a part of the text. */
export function quickFixes(diagnostics: readonly Diagnostic[], at: Span): readonly QuickFix[] {
  return diagnostics
    .filter((d) => d.span.start <= at.end && at.start <= d.span.end)
    .flatMap((d) =>
      d.fix === undefined
        ? []
        : [{ ...d.fix, title: sentence(d.fix.title), code: d.code, span: d.span, preferred: true }],
    )
}

/** Titles are written as they stand after "help:". */
const sentence = (title: string): string => `${title.charAt(0).toUpperCase()}${title.slice(1)}`

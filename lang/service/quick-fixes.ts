import type { Diagnostic } from '../diagnostics/types.js'
import type { Span } from '../source.js'
import type { Analysis } from './analyse.js'
import type { QuickFix, TextEdit } from './types.js'

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

/** What allows missing cells in data: a `?` after its type, or after the set of its levels. null where there is one. */
export function allowMissing(a: Analysis, name: string): TextEdit | null {
  const d = a.names.definitions.find((x) => x.kind === 'data' && x.name === name)
  const type = d?.statement?.kind === 'declaration' ? d.statement.type : null
  if (type === null || type.optional) return null
  const { text } = a.source
  const end = type.levelSet === null ? type.name.span.end : text.indexOf(')', type.levelSet.span.end) + 1
  return { span: { start: end, end }, text: '?' }
}

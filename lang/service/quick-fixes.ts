import type { Expression, Statement } from '../ast/types.js'
import type { Diagnostic, Fix } from '../diagnostics/types.js'
import type { Span } from '../source.js'
import type { Analysis } from './analyse.js'
import type { QuickFix, TextEdit } from './types.js'

/** The fixes of those diagnostics that touch a part of the text: their own, and where there is a choice, each of it. */
export function quickFixes(a: Analysis, diagnostics: readonly Diagnostic[], at: Span): readonly QuickFix[] {
  return diagnostics
    .filter((d) => d.span.start <= at.end && at.start <= d.span.end)
    .flatMap((d) => {
      const fixes = d.fix === undefined ? choices(a, d) : [d.fix]
      const preferred = fixes.length === 1
      return fixes.map((fix) => ({ ...fix, title: sentence(fix.title), code: d.code, span: d.span, preferred }))
    })
}

/** What the help of a diagnostic offers in words. */
function choices(a: Analysis, d: Diagnostic): readonly Fix[] {
  if (d.code === 'E209') return productFixes(a, d.span)
  if (d.code === 'W503' || (d.code === 'E222' && d.help?.includes('`?`') === true)) return withoutQuestion(a, d.span)
  return []
}

/** Of two vectors: the number, or the product element by element. */
function productFixes(a: Analysis, span: Span): readonly Fix[] {
  const product = expressionsOf(a.file.statements).find(
    (e) => e.kind === 'binary' && e.operator === '*' && e.span.start === span.start && e.span.end === span.end,
  )
  if (product?.kind !== 'binary') return []
  const { left, right } = product
  const text = (of: Span): string => a.source.text.slice(of.start, of.end)
  const between = { start: left.span.end, end: right.span.start }
  const star = between.start + text(between).indexOf('*')
  return [
    { title: 'write `dot`', edits: [{ span, text: `dot(${text(left.span)}, ${text(right.span)})` }] },
    { title: 'write `.*`', edits: [{ span: { start: star, end: star + 1 }, text: '.*' }] },
  ]
}

function expressionsOf(statements: readonly Statement[]): readonly Expression[] {
  const all: Expression[] = []
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if ('kind' in value && value.kind === 'binary') all.push(value as Expression)
    for (const part of Object.values(value)) visit(part)
  }
  visit(statements)
  return all
}

/** Takes the `?` out of the type of the name or of the type at a place. */
function withoutQuestion(a: Analysis, at: Span): readonly Fix[] {
  for (const { statement } of a.names.definitions) {
    const type = statement?.kind === 'declaration' ? statement.type : null
    if (statement?.kind !== 'declaration' || type === null || !type.optional) continue
    if (type.span.start !== at.start && statement.names.every((n) => n.name.span.start !== at.start)) continue
    const start = a.source.text.indexOf('?', type.name.span.end)
    return [{ title: 'leave the `?` out', edits: [{ span: { start, end: start + 1 }, text: '' }] }]
  }
  return []
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

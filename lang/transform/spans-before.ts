/** Where the parts of a model that was written anew stood in the text that it came from. */
import type { ModelFile } from '../ast/types.js'
import type { Span } from '../source.js'

/** From a span of the new text to that of the old one; null where there is none. */
export type SpanBefore = (span: Span) => Span | null

/**
 * Both trees have the same parts, one with the places of the new text, the other with those that its parts came from.
 *
 * @param written the new text, parsed
 * @param made the tree that it was written from
 */
export function spansBefore(written: ModelFile, made: ModelFile): SpanBefore {
  const known = new Map<string, Span>()
  walk(written.statements, made.statements, known)
  return (span) => known.get(keyOf(span)) ?? null
}

const keyOf = (s: Span): string => `${s.start}-${s.end}`

function walk(a: unknown, b: unknown, known: Map<string, Span>): void {
  if (Array.isArray(a) && Array.isArray(b)) {
    a.forEach((x, i) => {
      walk(x, b[i], known)
    })
    return
  }
  if (!isRecord(a) || !isRecord(b)) return
  // the outermost part comes first, where two end at the same places
  if (isSpan(a.span) && isSpan(b.span) && !known.has(keyOf(a.span))) known.set(keyOf(a.span), b.span)
  for (const [name, value] of Object.entries(a)) walk(value, b[name], known)
}

const isRecord = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null

const isSpan = (x: unknown): x is Span => isRecord(x) && typeof x.start === 'number' && typeof x.end === 'number'

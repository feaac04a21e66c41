/** A half-open range of UTF-16 offsets into one source text. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** A model file: `name` is what diagnostics print before the line number. */
export interface Source {
  readonly name: string
  readonly text: string
}

/** 1-based line and column of an offset. */
export function positionAt(text: string, offset: number): { readonly line: number; readonly column: number } {
  const end = Math.max(0, Math.min(offset, text.length))
  let line = 1
  let lineStart = 0
  for (let i = text.indexOf('\n'); i !== -1 && i < end; i = text.indexOf('\n', i + 1)) {
    line += 1
    lineStart = i + 1
  }
  return { line, column: end - lineStart + 1 }
}

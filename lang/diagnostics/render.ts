import { positionAt, type Source, type Span } from '../source.js'
import type { Diagnostic } from './types.js'

/** What a piece of a rendered diagnostic is, for whoever wants to colour it. */
export type Paint = 'error' | 'warning' | 'info' | 'frame' | 'help' | 'strong'

/** Wraps a piece of text in colour; the default leaves it as it is. */
export type Painter = (paint: Paint, text: string) => string

const plain: Painter = (_, text) => text

/** Source lines longer than this are shown around the marked place only. */
const maxLine = 160

/**
 * A diagnostic as text for a terminal: its sentence, its place, the source line with the place marked, related places
 * and help. Lines end in `\n`; control characters of the source are not passed on.
 */
export function render(diagnostic: Diagnostic, source: Source, paint: Painter = plain): string {
  const { severity, code, message, span, label, related = [], help } = diagnostic
  const { line, column } = positionAt(source.text, span.start)
  const gutter = String(Math.max(line, ...related.map((r) => positionAt(source.text, r.span.start).line))).length
  const bar = (number: string) => paint('frame', ` ${number.padStart(gutter)} |`)
  const lines = [
    `${paint(severity, `${severity}[${code}]`)}${paint('strong', `: ${visible(message)}`)}`,
    `${' '.repeat(gutter)} ${paint('frame', '-->')} ${visible(source.name)}:${line}:${column}`,
    bar(''),
    ...excerpt(source.text, span, label, (text) => paint(severity, text), bar),
  ]
  for (const place of related)
    lines.push(...excerpt(source.text, place.span, place.message, (s) => paint('frame', s), bar))
  if (help !== undefined) {
    lines.push(`${' '.repeat(gutter + 2)}${paint('frame', '=')} ${paint('help', 'help')}: ${visible(help)}`)
  }
  return `${lines.join('\n')}\n`
}

/** The line of a span, and under it the mark with its label. */
function excerpt(
  text: string,
  span: Span,
  label: string | undefined,
  paintMark: (text: string) => string,
  bar: (number: string) => string,
): string[] {
  const { line, column } = positionAt(text, span.start)
  const start = span.start - (column - 1)
  const newline = text.indexOf('\n', start)
  const whole = text.slice(start, newline === -1 ? text.length : newline)
  const from = whole.length > maxLine ? Math.max(0, column - 1 - maxLine / 2) : 0
  const shown = whole.slice(from, from + maxLine)
  const at = column - 1 - from
  const before = visible(shown.slice(0, at))
  const marked = visible(shown.slice(at, at + Math.max(0, span.end - span.start)))
  const mark = '^'.repeat(Math.max(1, width(marked)))
  const tail = label === undefined || label === '' ? '' : ` ${visible(label)}`
  return [
    `${bar(String(line))} ${from > 0 ? '…' : ''}${visible(shown).trimEnd()}`,
    `${bar('')} ${' '.repeat(width(before) + (from > 0 ? 1 : 0))}${paintMark(mark + tail)}`,
  ]
}

/** Number of characters, not of UTF-16 units. */
function width(text: string): number {
  return [...text].length
}

/** Tabs as one space; other control and invisible characters as `�`, so that no source text steers a terminal. */
function visible(text: string): string {
  return text.replace(/[\t\r\n]/g, ' ').replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '\uFFFD')
}

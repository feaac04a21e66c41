/** Where a name is declared, where it is used, and another name for it. */

import type { Span } from '../source.js'
import { words } from '../syntax/tokens.js'
import { type Analysis, holds, occurrenceAt } from './analyse.js'
import type { Definition } from './names.js'
import type { OutlineEntry, Rename } from './types.js'

/** The places that declare the name at an offset: several for a latent in pieces. */
export function definition(a: Analysis, offset: number): readonly Span[] {
  const found = occurrenceAt(a, offset)
  if (found === undefined) return []
  const declared = a.names.occurrences.filter((o) => o.definition === found.definition && o.declares).map((o) => o.span)
  return declared.length > 0 ? declared : [found.definition.span]
}

/** Every place where the name at an offset stands, in order. */
export function references(a: Analysis, offset: number, withDeclaration: boolean): readonly Span[] {
  const found = occurrenceAt(a, offset)
  if (found === undefined) return []
  return a.names.occurrences
    .filter((o) => o.definition === found.definition && (withDeclaration || !o.declares))
    .map((o) => o.span)
}

/** The name that a rename at an offset would change. */
export function renameTarget(a: Analysis, offset: number): Span | null {
  const { modelName } = a.names
  if (modelName !== null && holds(modelName.span, offset)) return modelName.span
  return a.names.occurrences.find((o) => holds(o.span, offset))?.span ?? null
}

const identifier = /^[\p{L}_][\p{L}\p{M}\p{N}_]*$/u

export function rename(a: Analysis, offset: number, to: string): Rename {
  const refused = (message: string): Rename => ({ kind: 'refused', message })
  if (!identifier.test(to)) return refused('A name is a letter or _, followed by letters, digits and _.')
  if (words.includes(to)) return refused(`\`${to}\` is a word of the language.`)
  const { modelName } = a.names
  if (modelName !== null && holds(modelName.span, offset))
    return { kind: 'edits', edits: [{ span: modelName.span, text: to }] }
  const found = occurrenceAt(a, offset)
  if (found === undefined) return refused('There is no name of the model here.')
  const syntax = a.diagnostics.find((d) => d.severity === 'error' && d.code.startsWith('E1'))
  if (syntax !== undefined)
    return refused('Mend the errors of syntax first: a statement that cannot be read may use the name.')
  const d = found.definition
  if (d.name === to) return { kind: 'edits', edits: [] }
  const clash = clashOf(a, d, to)
  if (clash !== null) return refused(clash)
  const edits = a.names.occurrences.filter((o) => o.definition === d).map((o) => ({ span: o.span, text: to }))
  return { kind: 'edits', edits }
}

/** What else would be meant, or would be hidden, by the new name. */
function clashOf(a: Analysis, d: Definition, to: string): string | null {
  const overlap = (x: Span, y: Span): boolean => x.start < y.end && y.start < x.end
  const other = a.names.definitions.find((o) => o.name === to && overlap(o.visible, d.visible))
  if (other !== undefined) return `\`${to}\` is the name of ${article(other.kind)} already.`
  const unknown = a.names.words.find((w) => w.kind === 'unknown-name' && w.name === to && overlap(w.span, d.visible))
  if (unknown !== undefined) return `\`${to}\` stands in the model and would mean something else.`
  const isCallable = d.kind === 'function'
  if (isCallable && a.names.words.some((w) => w.kind === 'function' && w.name === to))
    return `\`${to}\` is called in the model and would mean something else.`
  return null
}

const article = (kind: string): string =>
  kind === 'index' ? "a loop's variable" : kind === 'argument' || kind === 'index' ? `an ${kind}` : `a ${kind}`

/** The declared names, in order of the file. */
export function outline(a: Analysis): readonly OutlineEntry[] {
  return a.names.definitions
    .flatMap((d) => {
      const { kind } = d
      if (kind === 'size' || kind === 'index' || kind === 'argument') return []
      const text = a.source.text.slice(d.whole.start, d.whole.end).split('\n')[0] ?? ''
      return [{ name: d.name, kind, detail: text.trim().slice(0, 120), span: d.span, whole: d.whole }]
    })
    .sort((x, y) => x.span.start - y.span.start)
}

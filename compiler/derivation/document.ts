/** A derivation as a document, in the notations that it can be written in. */
import { positionAt, type Span } from '../../lang/source.js'
import type { Derivation } from '../derive.js'
import { type DocumentLine, documentLines, type SourcePlace } from './document-lines.js'
import { stepsToHtml, stepsToSections } from './render/html.js'
import { stepsToLatex, stepsToLatexFragment } from './render/latex.js'
import { stepsToMarkdown } from './render/markdown.js'
import { stepsToText } from './render/text.js'
import { derivationSteps, derivationTitle } from './steps.js'
import type { DerivationStep } from './types.js'
import type { WorkedIteration } from './worked-steps.js'

export interface DerivationDocument {
  readonly title: string
  readonly steps: readonly DerivationStep[]
  /** Every formula with the rule that it rests on, its citation and the statement that it comes from. */
  readonly lines: readonly DocumentLine[]
  /** Unicode text, at most 100 columns wide. */
  toText(): string
  /** Markdown with TeX between dollar signs. */
  toMarkdown(): string
  /** LaTeX that compiles alone; with `fragment` the sections for a document that has amsmath, amssymb and graphicx. */
  toLatex(options?: { readonly fragment?: boolean }): string
  /**
   * One HTML file without scripts. Formulas are MathML; with `katexStyles`, KaTeX's style sheet with its fonts inside, they
   * are laid out by KaTeX as well.
   */
  toHtml(options?: { readonly katexStyles?: string }): string
  /** The sections of that file alone, their headings of this level; the page has the style sheet. */
  toSections(options: { readonly katexStyles?: string; readonly level: number }): string
}

/** `iteration`: one EM iteration whose numbers come after the derivation. */
export function derivationDocument(d: Derivation, iteration: WorkedIteration | null = null): DerivationDocument {
  const steps = derivationSteps(d, iteration)
  const title = derivationTitle(d)
  return {
    title,
    steps,
    lines: documentLines(steps, d.model.source.text),
    toText: () => stepsToText(title, steps),
    toMarkdown: () => stepsToMarkdown(title, steps),
    toLatex: ({ fragment = false } = {}) => (fragment ? stepsToLatexFragment(steps) : stepsToLatex(title, steps)),
    toHtml: (options = {}) => stepsToHtml(title, steps, { ...options, source: d.model.source.text }),
    toSections: ({ level, ...options }) => stepsToSections(steps, { ...options, source: d.model.source.text }, level),
  }
}

/** The same document with its lines placed in another text of the model. */
export function withSpans(
  document: DerivationDocument,
  text: string,
  place: (span: Span) => Span | null,
): DerivationDocument {
  const found = (source: SourcePlace): readonly SourcePlace[] => {
    const span = place(source)
    return span === null ? [] : [{ start: span.start, end: span.end, line: positionAt(text, span.start).line }]
  }
  const placed = (line: DocumentLine): DocumentLine => ({
    ...line,
    source: line.source === null ? null : (found(line.source)[0] ?? null),
    sources: line.sources.flatMap(found),
  })
  return { ...document, lines: document.lines.map(placed) }
}

import type { Diagnostic } from '../../lang/diagnostics/types.js'
import type { Span } from '../../lang/source.js'
import type { LanguageClient } from './language-client.js'

export interface EditorOptions {
  readonly text: string
  /** After every change by the user or by `setText`. */
  onChange(text: string): void
  readonly service: LanguageClient
  readonly dark: boolean
  /** What the editor is called for screen readers; "Model" where left out. */
  readonly label?: string
  /** A line whose equation runs, see `Editor.highlight`. */
  readonly highlight?: Span | null
  /** Pixels; 14 where left out. */
  readonly fontSize?: number
  /** Diagnostics of the text at hand: of syntax and types at once, then with those of the derivation. */
  onDiagnostics?(diagnostics: readonly Diagnostic[]): void
  /** Where the user has put the cursor. */
  onCursor?(offset: number): void
  /** A plain text area for good: the default on touch screens. */
  readonly plain?: boolean
}

/** An editor in the page: a text area at first, Monaco when it has arrived. */
export interface Editor {
  readonly kind: 'text-area' | 'monaco'
  /** When Monaco has arrived, or at once where it will not be loaded or could not be. */
  readonly ready: Promise<void>
  text(): string
  /** Another text in place of this one; it can be undone. */
  setText(text: string): void
  setDark(dark: boolean): void
  setFontSize(pixels: number): void
  /** Marks the lines of a span, as the statement whose equation runs; null takes the mark away. */
  highlight(span: Span | null): void
  /** Puts the cursor to an offset, scrolls there and takes the focus. */
  reveal(offset: number): void
  focus(): void
  dispose(): void
}

/** What both kinds of editor are made of, so that one can follow the other. */
export interface EditorState {
  readonly text: string
  readonly selection: Span
  readonly scrollTop: number
  readonly focused: boolean
  readonly highlight: Span | null
  readonly dark: boolean
  readonly fontSize: number
}

export interface EditorPart extends Omit<Editor, 'ready' | 'kind'> {
  state(): EditorState
}

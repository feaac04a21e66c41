/**
 * What an editor asks of a text and what it is answered. Positions are UTF-16 offsets; whoever speaks the Language Server
 * Protocol or to Monaco turns them into lines and characters at the edge. Everything is plain data.
 */
import type { Fix } from '../diagnostics/types.js'
import type { Span } from '../source.js'

/** What the text under the pointer is. `markdown` holds no HTML and no links. */
export interface Hover {
  readonly span: Span
  readonly markdown: string
}

export type CompletionKind =
  | 'keyword'
  | 'type'
  | 'distribution'
  | 'function'
  | 'argument'
  | 'const'
  | 'data'
  | 'param'
  | 'latent'
  | 'let'
  | 'size'
  | 'index'

export interface Completion {
  readonly label: string
  readonly kind: CompletionKind
  /** A few words beside the label. */
  readonly detail: string
  readonly documentation: string
  /** What replaces `span`: a snippet with `${1:name}` and `$0` where `snippet`, else as it is. */
  readonly insert: string
  readonly snippet: boolean
  readonly span: Span
  /** Completions are shown in the order of this text. */
  readonly order: string
}

/** One way to write a call; `parameters` are places in `label`. */
export interface CallSignature {
  readonly label: string
  readonly documentation: string
  readonly parameters: readonly { readonly span: Span; readonly documentation: string }[]
}

export interface SignatureHelp {
  readonly signatures: readonly CallSignature[]
  readonly activeSignature: number
  /** -1: none of them. */
  readonly activeParameter: number
}

export interface TextEdit {
  readonly span: Span
  readonly text: string
}

/** `refused`: one sentence that says why the name cannot be given. */
export type Rename =
  | { readonly kind: 'edits'; readonly edits: readonly TextEdit[] }
  | { readonly kind: 'refused'; readonly message: string }

/** In the order in which the Language Server Protocol numbers them here. */
export const tokenTypes = [
  'keyword',
  'type',
  'class',
  'function',
  'parameter',
  'variable',
  'property',
  'number',
  'string',
  'comment',
  'operator',
  'namespace',
] as const
export const tokenModifiers = ['latent', 'param', 'data', 'declaration', 'readonly', 'defaultLibrary'] as const

export interface SemanticToken {
  readonly span: Span
  readonly type: (typeof tokenTypes)[number]
  readonly modifiers: readonly (typeof tokenModifiers)[number][]
}

/** Words shown at a place of the text that are no part of it. */
export interface InlayHint {
  readonly offset: number
  /** Ends in "(stale)" where it is that of an earlier text, since the text at hand has errors. */
  readonly label: string
  /** Markdown as in a hover. */
  readonly tooltip: string
  readonly span: Span
}

/** A change that mends a diagnostic; `preferred` where it is the only one. */
export interface QuickFix extends Fix {
  readonly code: string
  /** Of the diagnostic. */
  readonly span: Span
  readonly preferred: boolean
}

/** A name of the model, for an outline. */
export interface OutlineEntry {
  readonly name: string
  readonly kind: 'const' | 'data' | 'param' | 'latent' | 'let' | 'function'
  readonly detail: string
  readonly span: Span
  readonly whole: Span
}

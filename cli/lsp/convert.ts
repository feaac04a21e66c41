/** Answers of the language service as the Language Server Protocol has them. */
import {
  type CodeAction,
  CodeActionKind,
  type CompletionItem,
  CompletionItemKind,
  type Diagnostic,
  DiagnosticSeverity,
  DiagnosticTag,
  type DocumentSymbol,
  type InlayHint,
  InsertTextFormat,
  MarkupKind,
  type Range,
  type SignatureHelp,
  SymbolKind,
  type TextEdit,
} from 'vscode-languageserver'
import type { TextDocument } from 'vscode-languageserver-textdocument'
import type { Diagnostic as OwnDiagnostic } from '../../lang/diagnostics/types.js'
import {
  type Completion,
  type CompletionKind,
  type OutlineEntry,
  type SignatureHelp as OwnHelp,
  type InlayHint as OwnHint,
  type QuickFix,
  type SemanticToken,
  tokenModifiers,
  tokenTypes,
} from '../../lang/service/types.js'
import type { Span } from '../../lang/source.js'

export const rangeOf = (doc: TextDocument, span: Span): Range => ({
  start: doc.positionAt(span.start),
  end: doc.positionAt(span.end),
})

export const editOf = (doc: TextDocument, edit: { readonly span: Span; readonly text: string }): TextEdit => ({
  range: rangeOf(doc, edit.span),
  newText: edit.text,
})

const SEVERITY = {
  error: DiagnosticSeverity.Error,
  warning: DiagnosticSeverity.Warning,
  info: DiagnosticSeverity.Information,
} as const

/** Codes of warnings about names that nothing reads. */
const UNUSED: ReadonlySet<string> = new Set(['W502'])

export function diagnosticOf(doc: TextDocument, d: OwnDiagnostic): Diagnostic {
  const help = d.help === undefined ? '' : `\n${d.help}`
  return {
    range: rangeOf(doc, d.span),
    severity: SEVERITY[d.severity],
    code: d.code,
    source: 'estep',
    message: `${d.message}${help}`,
    ...(UNUSED.has(d.code) ? { tags: [DiagnosticTag.Unnecessary] } : {}),
    relatedInformation: (d.related ?? []).map((r) => ({
      location: { uri: doc.uri, range: rangeOf(doc, r.span) },
      message: r.message,
    })),
  }
}

const COMPLETION: Readonly<Record<CompletionKind, CompletionItemKind>> = {
  keyword: CompletionItemKind.Keyword,
  type: CompletionItemKind.TypeParameter,
  distribution: CompletionItemKind.Class,
  function: CompletionItemKind.Function,
  argument: CompletionItemKind.Property,
  const: CompletionItemKind.Constant,
  data: CompletionItemKind.Field,
  param: CompletionItemKind.Variable,
  latent: CompletionItemKind.Variable,
  let: CompletionItemKind.Variable,
  size: CompletionItemKind.Constant,
  index: CompletionItemKind.Variable,
}

/** A snippet as the text it gives where nothing is filled in, for clients that know no snippets. */
export const plainSnippet = (snippet: string): string => snippet.replace(/\$\{\d+:([^}]*)\}/g, '$1').replace('$0', '')

export function completionOf(doc: TextDocument, c: Completion, snippets: boolean): CompletionItem {
  const snippet = c.snippet && snippets
  return {
    label: c.label,
    kind: COMPLETION[c.kind],
    detail: c.detail,
    sortText: c.order,
    // `Normal(mean, var=)` is found by typing its name
    filterText: c.label.replace(/\(.*/, ''),
    ...(c.documentation === '' ? {} : { documentation: { kind: MarkupKind.Markdown, value: c.documentation } }),
    insertTextFormat: snippet ? InsertTextFormat.Snippet : InsertTextFormat.PlainText,
    textEdit: editOf(doc, { span: c.span, text: c.snippet && !snippets ? plainSnippet(c.insert) : c.insert }),
  }
}

export function signatureHelpOf(help: OwnHelp): SignatureHelp {
  return {
    activeSignature: help.activeSignature,
    // one past the last: no argument is marked
    activeParameter:
      help.activeParameter === -1
        ? (help.signatures[help.activeSignature]?.parameters.length ?? 0)
        : help.activeParameter,
    signatures: help.signatures.map((s) => ({
      label: s.label,
      documentation: s.documentation,
      parameters: s.parameters.map((p) => ({ label: [p.span.start, p.span.end], documentation: p.documentation })),
    })),
  }
}

export function codeActionOf(doc: TextDocument, fix: QuickFix, given: readonly Diagnostic[]): CodeAction {
  const start = doc.positionAt(fix.span.start)
  const mended = given.filter(
    (d) => d.code === fix.code && d.range.start.line === start.line && d.range.start.character === start.character,
  )
  return {
    title: fix.title,
    kind: CodeActionKind.QuickFix,
    diagnostics: mended,
    isPreferred: fix.preferred,
    edit: { changes: { [doc.uri]: fix.edits.map((e) => editOf(doc, e)) } },
  }
}

export function inlayHintOf(doc: TextDocument, hint: OwnHint): InlayHint {
  return {
    position: doc.positionAt(hint.offset),
    label: hint.label,
    tooltip: { kind: MarkupKind.Markdown, value: hint.tooltip },
    paddingLeft: true,
  }
}

const SYMBOL: Readonly<Record<OutlineEntry['kind'], SymbolKind>> = {
  const: SymbolKind.Constant,
  data: SymbolKind.Field,
  param: SymbolKind.Variable,
  latent: SymbolKind.Variable,
  let: SymbolKind.Variable,
  function: SymbolKind.Function,
}

export function symbolOf(doc: TextDocument, entry: OutlineEntry): DocumentSymbol {
  return {
    name: entry.name,
    detail: entry.detail,
    kind: SYMBOL[entry.kind],
    range: rangeOf(doc, entry.whole),
    selectionRange: rangeOf(doc, entry.span),
  }
}

/** Five numbers a token, places relative to the token before. */
export function encodeTokens(doc: TextDocument, tokens: readonly SemanticToken[]): number[] {
  const data: number[] = []
  let line = 0
  let character = 0
  for (const t of tokens) {
    const at = doc.positionAt(t.span.start)
    const bits = t.modifiers.reduce((sum, m) => sum | (1 << tokenModifiers.indexOf(m)), 0)
    const sameLine = at.line === line
    data.push(
      at.line - line,
      sameLine ? at.character - character : at.character,
      t.span.end - t.span.start,
      tokenTypes.indexOf(t.type),
      bits,
    )
    line = at.line
    character = at.character
  }
  return data
}

/** Monaco's questions, handed on to the language service. One service answers for one text model. */
import {
  type CancellationToken,
  type editor,
  type IDisposable,
  type IMarkdownString,
  type IRange,
  languages,
  type Position,
  Uri,
} from 'monaco-editor/editor'
import {
  type Completion,
  type CompletionKind,
  type SemanticToken,
  tokenModifiers,
  tokenTypes,
} from '../../lang/service/types.js'
import type { Span } from '../../lang/source.js'
import { LANGUAGE } from './language.js'
import type { LanguageClient } from './language-client.js'

/** What is shown as Markdown: no HTML, and no links that run commands. */
const markdown = (value: string): IMarkdownString => ({ value, isTrusted: false, supportHtml: false })

export function rangeOf(model: editor.ITextModel, span: Span): IRange {
  const start = model.getPositionAt(span.start)
  const end = model.getPositionAt(span.end)
  return {
    startLineNumber: start.lineNumber,
    startColumn: start.column,
    endLineNumber: end.lineNumber,
    endColumn: end.column,
  }
}

const K = languages.CompletionItemKind
const KINDS: Readonly<Record<CompletionKind, languages.CompletionItemKind>> = {
  keyword: K.Keyword,
  type: K.TypeParameter,
  distribution: K.Class,
  function: K.Function,
  argument: K.Property,
  const: K.Constant,
  data: K.Field,
  param: K.Variable,
  latent: K.Variable,
  let: K.Variable,
  size: K.Constant,
  index: K.Variable,
}

/** @param clients the service of each model; a model without one is not answered */
export function registerProviders(clients: ReadonlyMap<editor.ITextModel, LanguageClient>): IDisposable {
  const at = (model: editor.ITextModel, position: Position) => ({
    text: model.getValue(),
    offset: model.getOffsetAt(position),
  })
  /** null: the text went on while the answer was made. */
  const fresh = async <T>(
    model: editor.ITextModel,
    token: CancellationToken | null,
    ask: (client: LanguageClient) => Promise<T>,
  ): Promise<T | null> => {
    const client = clients.get(model)
    if (client === undefined) return null
    const version = model.getVersionId()
    const answer = await ask(client)
    if (model.isDisposed() || token?.isCancellationRequested === true) return null
    return model.getVersionId() === version ? answer : null
  }
  const registered: readonly IDisposable[] = [
    languages.registerHoverProvider(LANGUAGE, {
      provideHover: async (model, position, token) => {
        const found = await fresh(model, token, (c) => c.ask({ kind: 'hover', ...at(model, position) }))
        return found === null ? null : { range: rangeOf(model, found.span), contents: [markdown(found.markdown)] }
      },
    }),
    languages.registerCompletionItemProvider(LANGUAGE, {
      triggerCharacters: ['~', ':', '(', ',', '['],
      provideCompletionItems: async (model, position, _, token) => {
        const found = await fresh(model, token, (c) => c.ask({ kind: 'complete', ...at(model, position) }))
        return { suggestions: (found ?? []).map((c) => suggestion(model, c)) }
      },
    }),
    languages.registerSignatureHelpProvider(LANGUAGE, {
      signatureHelpTriggerCharacters: ['(', ','],
      signatureHelpRetriggerCharacters: ['='],
      provideSignatureHelp: async (model, position, token) => {
        const help = await fresh(model, token, (c) => c.ask({ kind: 'signatureHelp', ...at(model, position) }))
        if (help === null) return null
        return {
          dispose: () => undefined,
          value: {
            activeSignature: help.activeSignature,
            activeParameter: help.activeParameter,
            signatures: help.signatures.map((s) => ({
              label: s.label,
              documentation: markdown(s.documentation),
              parameters: s.parameters.map((p) => ({
                label: [p.span.start, p.span.end] as [number, number],
                documentation: p.documentation,
              })),
            })),
          },
        }
      },
    }),
    languages.registerDefinitionProvider(LANGUAGE, {
      provideDefinition: async (model, position, token) => {
        const spans = await fresh(model, token, (c) => c.ask({ kind: 'definition', ...at(model, position) }))
        return (spans ?? []).map((span) => ({ uri: model.uri, range: rangeOf(model, span) }))
      },
    }),
    languages.registerReferenceProvider(LANGUAGE, {
      provideReferences: async (model, position, context, token) => {
        const withDeclaration = context.includeDeclaration
        const spans = await fresh(model, token, (c) =>
          c.ask({ kind: 'references', ...at(model, position), withDeclaration }),
        )
        return (spans ?? []).map((span) => ({ uri: model.uri, range: rangeOf(model, span) }))
      },
    }),
    languages.registerDocumentHighlightProvider(LANGUAGE, {
      provideDocumentHighlights: async (model, position, token) => {
        const spans = await fresh(model, token, (c) =>
          c.ask({ kind: 'references', ...at(model, position), withDeclaration: true }),
        )
        return (spans ?? []).map((span) => ({ range: rangeOf(model, span) }))
      },
    }),
    languages.registerRenameProvider(LANGUAGE, {
      resolveRenameLocation: async (model, position, token) => {
        const none = { range: rangeOf(model, { start: 0, end: 0 }), text: '' }
        const span = await fresh(model, token, (c) => c.ask({ kind: 'renameTarget', ...at(model, position) }))
        if (span === null) return { ...none, rejectReason: 'There is no name of the model here.' }
        return { range: rangeOf(model, span), text: model.getValue().slice(span.start, span.end) }
      },
      provideRenameEdits: async (model, position, to, token) => {
        const found = await fresh(model, token, (c) => c.ask({ kind: 'rename', ...at(model, position), to }))
        if (found === null) return { edits: [] }
        if (found.kind === 'refused') return { edits: [], rejectReason: found.message }
        return { edits: found.edits.map((e) => workspaceEdit(model, e)) }
      },
    }),
    languages.registerDocumentFormattingEditProvider(LANGUAGE, {
      provideDocumentFormattingEdits: async (model, _, token) => {
        const text = await fresh(model, token, (c) => c.ask({ kind: 'format', text: model.getValue() }))
        return text === null || text === model.getValue() ? [] : [{ range: model.getFullModelRange(), text }]
      },
    }),
    languages.registerDocumentSemanticTokensProvider(LANGUAGE, {
      getLegend: () => ({ tokenTypes: [...tokenTypes], tokenModifiers: [...tokenModifiers] }),
      provideDocumentSemanticTokens: async (model, _, token) => {
        const tokens = await fresh(model, token, (c) => c.ask({ kind: 'semanticTokens', text: model.getValue() }))
        return tokens === null ? null : { data: encode(model, tokens) }
      },
      releaseDocumentSemanticTokens: () => undefined,
    }),
    languages.registerInlayHintsProvider(LANGUAGE, {
      provideInlayHints: async (model, range, token) => {
        const hints = await fresh(model, token, (c) => c.ask({ kind: 'inlayHints', text: model.getValue() }))
        const shown = (hints ?? []).map(
          (h): languages.InlayHint => ({
            label: h.label,
            position: model.getPositionAt(h.offset),
            tooltip: markdown(h.tooltip),
            paddingLeft: true,
          }),
        )
        const within = (line: number): boolean => range.startLineNumber <= line && line <= range.endLineNumber
        return { hints: shown.filter((h) => within(h.position.lineNumber)), dispose: () => undefined }
      },
    }),
    languages.registerCodeActionProvider(LANGUAGE, {
      provideCodeActions: async (model, range, context, token) => {
        const start = model.getOffsetAt({ lineNumber: range.startLineNumber, column: range.startColumn })
        const end = model.getOffsetAt({ lineNumber: range.endLineNumber, column: range.endColumn })
        const fixes = await fresh(model, token, (c) =>
          c.ask({ kind: 'quickFixes', text: model.getValue(), span: { start, end } }),
        )
        const actions = (fixes ?? []).map(
          (fix): languages.CodeAction => ({
            title: fix.title.replaceAll('`', ''),
            kind: 'quickfix',
            isPreferred: fix.preferred,
            isAI: false,
            diagnostics: context.markers.filter((m) => markerCode(m) === fix.code),
            edit: { edits: fix.edits.map((e) => workspaceEdit(model, e)) },
          }),
        )
        return { actions, dispose: () => undefined }
      },
    }),
  ]
  return {
    dispose: () => {
      for (const r of registered) r.dispose()
    },
  }
}

const markerCode = (m: editor.IMarkerData): string | undefined => (typeof m.code === 'string' ? m.code : m.code?.value)

const workspaceEdit = (
  model: editor.ITextModel,
  e: { readonly span: Span; readonly text: string },
): languages.IWorkspaceTextEdit => ({
  resource: Uri.from(model.uri),
  versionId: model.getVersionId(),
  textEdit: { range: rangeOf(model, e.span), text: e.text },
})

function suggestion(model: editor.ITextModel, c: Completion): languages.CompletionItem {
  return {
    label: { label: c.label, description: c.detail },
    kind: KINDS[c.kind],
    insertText: c.insert,
    filterText: c.label.replace(/\(.*/, ''),
    sortText: c.order,
    range: rangeOf(model, c.span),
    ...(c.documentation === '' ? {} : { documentation: markdown(c.documentation) }),
    ...(c.snippet && c.insert.includes('(')
      ? { command: { id: 'editor.action.triggerParameterHints', title: 'Show the arguments' } }
      : {}),
    ...(c.snippet ? { insertTextRules: languages.CompletionItemInsertTextRule.InsertAsSnippet } : {}),
  }
}

/** Five numbers a token, places relative to the token before. */
function encode(model: editor.ITextModel, tokens: readonly SemanticToken[]): Uint32Array {
  const data = new Uint32Array(tokens.length * 5)
  let line = 1
  let column = 1
  tokens.forEach((t, i) => {
    const at = model.getPositionAt(t.span.start)
    const bits = t.modifiers.reduce((sum, m) => sum | (1 << tokenModifiers.indexOf(m)), 0)
    const from = at.lineNumber === line ? column : 1
    data.set(
      [at.lineNumber - line, at.column - from, t.span.end - t.span.start, tokenTypes.indexOf(t.type), bits],
      i * 5,
    )
    line = at.lineNumber
    column = at.column
  })
  return data
}

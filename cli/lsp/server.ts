/** The language server: documents that are open, and the language service's answers about them. */
import {
  type Connection,
  LSPErrorCodes,
  MarkupKind,
  ResponseError,
  TextDocumentSyncKind,
  TextDocuments,
} from 'vscode-languageserver'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { createLanguageService } from '../../compiler/service/language-service.js'
import { tokenModifiers, tokenTypes } from '../../lang/service/types.js'
import {
  codeActionOf,
  completionOf,
  diagnosticOf,
  editOf,
  encodeTokens,
  inlayHintOf,
  rangeOf,
  signatureHelpOf,
  symbolOf,
} from './convert.js'

/** Milliseconds without a keystroke after which diagnostics are made, and those of the derivation. */
const CHECK_AFTER = 30
const DERIVE_AFTER = 300

interface TextPosition {
  readonly textDocument: { readonly uri: string }
  readonly position: { readonly line: number; readonly character: number }
}

export function serve(connection: Connection, version: string): void {
  const service = createLanguageService()
  const documents = new TextDocuments(TextDocument)
  const timers = new Map<string, NodeJS.Timeout>()
  let snippets = false

  connection.onInitialize(({ capabilities }) => {
    snippets = capabilities.textDocument?.completion?.completionItem?.snippetSupport === true
    return {
      serverInfo: { name: 'estep', version },
      capabilities: {
        textDocumentSync: TextDocumentSyncKind.Incremental,
        hoverProvider: true,
        completionProvider: { triggerCharacters: ['~', ':', '(', ','] },
        signatureHelpProvider: { triggerCharacters: ['(', ','], retriggerCharacters: ['='] },
        definitionProvider: true,
        referencesProvider: true,
        documentHighlightProvider: true,
        renameProvider: { prepareProvider: true },
        documentFormattingProvider: true,
        documentSymbolProvider: true,
        codeActionProvider: { codeActionKinds: ['quickfix'] },
        inlayHintProvider: true,
        semanticTokensProvider: {
          legend: { tokenTypes: [...tokenTypes], tokenModifiers: [...tokenModifiers] },
          full: true,
        },
      },
    }
  })

  const forget = (uri: string): void => {
    const timer = timers.get(uri)
    if (timer !== undefined) clearTimeout(timer)
    timers.delete(uri)
  }
  const publish = (doc: TextDocument, kind: 'diagnostics' | 'allDiagnostics'): void => {
    const found = service.answer({ kind, text: doc.getText() })
    void connection.sendDiagnostics({
      uri: doc.uri,
      version: doc.version,
      diagnostics: found.map((d) => diagnosticOf(doc, d)),
    })
  }
  documents.onDidChangeContent(({ document }) => {
    const { uri } = document
    const { version: asked } = document
    forget(uri)
    const current = (): TextDocument | undefined => {
      const doc = documents.get(uri)
      return doc?.version === asked ? doc : undefined
    }
    const derive = (): void => {
      timers.delete(uri)
      const doc = current()
      if (doc !== undefined) publish(doc, 'allDiagnostics')
    }
    const check = (): void => {
      const doc = current()
      if (doc === undefined) return
      publish(doc, 'diagnostics')
      timers.set(uri, setTimeout(derive, DERIVE_AFTER))
    }
    timers.set(uri, setTimeout(check, CHECK_AFTER))
  })
  documents.onDidClose(({ document }) => {
    forget(document.uri)
    void connection.sendDiagnostics({ uri: document.uri, diagnostics: [] })
  })

  /** The document that is asked about, with the offset; null where it is not open. */
  const at = ({ textDocument, position }: TextPosition) => {
    const doc = documents.get(textDocument.uri)
    return doc === undefined ? null : { doc, ask: { text: doc.getText(), offset: doc.offsetAt(position) } }
  }
  const whole = (uri: string) => {
    const doc = documents.get(uri)
    return doc === undefined ? null : { doc, text: doc.getText() }
  }

  connection.onHover((params) => {
    const here = at(params)
    const found = here === null ? null : service.answer({ kind: 'hover', ...here.ask })
    if (here === null || found === null) return null
    return { range: rangeOf(here.doc, found.span), contents: { kind: MarkupKind.Markdown, value: found.markdown } }
  })
  connection.onCompletion((params) => {
    const here = at(params)
    if (here === null) return null
    return service.answer({ kind: 'complete', ...here.ask }).map((c) => completionOf(here.doc, c, snippets))
  })
  connection.onSignatureHelp((params) => {
    const here = at(params)
    const found = here === null ? null : service.answer({ kind: 'signatureHelp', ...here.ask })
    return found === null ? null : signatureHelpOf(found)
  })
  connection.onDefinition((params) => {
    const here = at(params)
    if (here === null) return null
    const { doc } = here
    return service
      .answer({ kind: 'definition', ...here.ask })
      .map((span) => ({ uri: doc.uri, range: rangeOf(doc, span) }))
  })
  connection.onReferences((params) => {
    const here = at(params)
    if (here === null) return null
    const { doc } = here
    const withDeclaration = params.context.includeDeclaration
    return service
      .answer({ kind: 'references', ...here.ask, withDeclaration })
      .map((span) => ({ uri: doc.uri, range: rangeOf(doc, span) }))
  })
  connection.onDocumentHighlight((params) => {
    const here = at(params)
    if (here === null) return null
    return service
      .answer({ kind: 'references', ...here.ask, withDeclaration: true })
      .map((span) => ({ range: rangeOf(here.doc, span) }))
  })
  connection.onPrepareRename((params) => {
    const here = at(params)
    const span = here === null ? null : service.answer({ kind: 'renameTarget', ...here.ask })
    return here === null || span === null ? null : rangeOf(here.doc, span)
  })
  connection.onRenameRequest((params) => {
    const here = at(params)
    if (here === null) return null
    const found = service.answer({ kind: 'rename', ...here.ask, to: params.newName })
    if (found.kind === 'refused') return new ResponseError(LSPErrorCodes.RequestFailed, found.message)
    return { changes: { [here.doc.uri]: found.edits.map((e) => editOf(here.doc, e)) } }
  })
  connection.onDocumentFormatting(({ textDocument }) => {
    const here = whole(textDocument.uri)
    const text = here === null ? null : service.answer({ kind: 'format', text: here.text })
    if (here === null || text === null || text === here.text) return []
    return [editOf(here.doc, { span: { start: 0, end: here.text.length }, text })]
  })
  connection.onDocumentSymbol(({ textDocument }) => {
    const here = whole(textDocument.uri)
    return here === null
      ? []
      : service.answer({ kind: 'outline', text: here.text }).map((entry) => symbolOf(here.doc, entry))
  })
  connection.onCodeAction(({ textDocument, range, context }) => {
    const here = whole(textDocument.uri)
    if (here === null) return []
    const span = { start: here.doc.offsetAt(range.start), end: here.doc.offsetAt(range.end) }
    return service
      .answer({ kind: 'quickFixes', text: here.text, span })
      .map((fix) => codeActionOf(here.doc, fix, context.diagnostics))
  })
  connection.languages.inlayHint.on(({ textDocument, range }) => {
    const here = whole(textDocument.uri)
    if (here === null) return []
    const [start, end] = [here.doc.offsetAt(range.start), here.doc.offsetAt(range.end)]
    return service
      .answer({ kind: 'inlayHints', text: here.text, document: textDocument.uri })
      .filter((h) => start <= h.offset && h.offset <= end)
      .map((h) => inlayHintOf(here.doc, h))
  })
  connection.languages.semanticTokens.on(({ textDocument }) => {
    const here = whole(textDocument.uri)
    if (here === null) return { data: [] }
    return { data: encodeTokens(here.doc, service.answer({ kind: 'semanticTokens', text: here.text })) }
  })

  documents.listen(connection)
  connection.listen()
}

/** The Monaco editor: loaded when the page is there, never before. */
import './features.js'
import { editor, type IDisposable, KeyCode, MarkerSeverity, MarkerTag, Range } from 'monaco-editor/editor'
import EditorWorker from 'monaco-editor/editor/editor.worker?worker'
import type { Diagnostic } from '../../lang/diagnostics/types.js'
import type { Span } from '../../lang/source.js'
import { createChecking } from './checking.js'
import { LANGUAGE, registerLanguage } from './language.js'
import type { LanguageClient } from './language-client.js'
import { createProblemList } from './problem-list.js'
import { rangeOf, registerProviders } from './providers.js'
import { tabWay } from './tab-way.js'
import { defineThemes, themeName } from './themes.js'
import type { EditorOptions, EditorPart, EditorState } from './types.js'

const clients = new Map<editor.ITextModel, LanguageClient>()
let providers: IDisposable | null = null

/** Once a page: what all editors in it share. */
function prepare(): void {
  if (providers !== null) return
  globalThis.MonacoEnvironment = { getWorker: () => new EditorWorker() }
  registerLanguage()
  defineThemes()
  providers = registerProviders(clients)
}

export function mountMonaco(element: HTMLElement, options: EditorOptions, state: EditorState): EditorPart {
  prepare()
  const frame = document.createElement('div')
  frame.className = 'estep-editor-monaco'
  frame.dataset.theme = state.dark ? 'dark' : 'light'
  const host = document.createElement('div')
  host.className = 'estep-editor-host'
  frame.append(host)
  element.append(frame)
  const model = editor.createModel(state.text, LANGUAGE)
  clients.set(model, options.service)
  const code = editor.create(host, {
    model,
    theme: themeName(state.dark),
    ariaLabel: options.label ?? 'Model',
    fontSize: state.fontSize,
    automaticLayout: true,
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
    tabSize: 2,
    insertSpaces: true,
    wordBasedSuggestions: 'off',
    links: false,
    unicodeHighlight: { ambiguousCharacters: false, invisibleCharacters: false, nonBasicASCII: false },
    'semanticHighlighting.enabled': true,
    inlayHints: { enabled: 'on', padding: true, fontSize: Math.max(11, state.fontSize - 2), maximumLength: 72 },
    // fixes are in a list beneath, in hovers, and at Ctrl+.
    lightbulb: { enabled: editor.ShowLightbulbIconMode.Off },
    fixedOverflowWidgets: true,
    accessibilitySupport: 'auto',
    lineNumbersMinChars: 3,
    // the number of the last, empty line is not paler than the others
    renderFinalNewline: 'on',
    glyphMargin: true,
    folding: false,
    stickyScroll: { enabled: false },
    quickSuggestions: { other: true, comments: false, strings: false },
    tabCompletion: 'on',
    padding: { top: 8, bottom: 8 },
    smoothScrolling: !window.matchMedia('(prefers-reduced-motion: reduce)').matches,
    cursorBlinking: window.matchMedia('(prefers-reduced-motion: reduce)').matches ? 'solid' : 'blink',
  })
  let dark = state.dark
  let fontSize = state.fontSize
  let highlighted: Span | null = null
  const marks = code.createDecorationsCollection()

  const show = (found: readonly Diagnostic[]): void => {
    editor.setModelMarkers(
      model,
      LANGUAGE,
      found.map((d) => marker(model, d)),
    )
    problems?.show(found, model.getValue())
    options.onDiagnostics?.(found)
  }
  const mend = (d: Diagnostic): void => {
    const edits = (d.fix?.edits ?? []).map((e) => ({ range: rangeOf(model, e.span), text: e.text }))
    code.pushUndoStop()
    code.executeEdits('estep', edits)
    code.pushUndoStop()
    code.focus()
  }
  const problems = options.problems === true ? createProblemList(frame, mend) : null
  const checking = createChecking(options.service, () => model.getValue(), show)
  const disposables: IDisposable[] = [
    model.onDidChangeContent(() => {
      checking.changed()
      options.onChange(model.getValue())
    }),
    code.onDidChangeCursorPosition((e) => options.onCursor?.(model.getOffsetAt(e.position))),
    tabWay(code, frame),
    code.addAction({
      id: 'estep.format',
      label: 'Lay out the model',
      keybindings: [KeyCode.F9],
      run: async (c) => {
        await c.getAction('editor.action.formatDocument')?.run()
      },
    }),
  ]
  const highlight = (span: Span | null): void => {
    highlighted = span
    if (span === null) {
      marks.clear()
      return
    }
    const { startLineNumber, endLineNumber } = rangeOf(model, span)
    marks.set([
      {
        range: new Range(startLineNumber, 1, endLineNumber, 1),
        options: {
          isWholeLine: true,
          className: 'estep-editor-running',
          glyphMarginClassName: 'estep-editor-running-glyph',
          glyphMarginHoverMessage: { value: 'The equation of this statement runs.' },
        },
      },
    ])
    code.revealLinesInCenterIfOutsideViewport(startLineNumber, endLineNumber)
  }
  const select = ({ start, end }: Span): void => {
    code.setSelection(rangeOf(model, { start, end }))
  }
  select(state.selection)
  code.setScrollTop(state.scrollTop)
  if (state.highlight !== null) highlight(state.highlight)
  if (state.focused) code.focus()
  checking.changed()

  return {
    text: () => model.getValue(),
    setText: (text) => {
      if (text === model.getValue()) return
      code.pushUndoStop()
      code.executeEdits('estep', [{ range: model.getFullModelRange(), text }])
      code.pushUndoStop()
      code.setPosition({ lineNumber: 1, column: 1 })
      code.setScrollTop(0)
    },
    setDark: (value) => {
      dark = value
      frame.dataset.theme = value ? 'dark' : 'light'
      editor.setTheme(themeName(value))
    },
    setFontSize: (pixels) => {
      fontSize = pixels
      code.updateOptions({
        fontSize: pixels,
        inlayHints: { enabled: 'on', padding: true, fontSize: Math.max(11, pixels - 2), maximumLength: 72 },
      })
    },
    highlight,
    reveal: (offset) => {
      const position = model.getPositionAt(offset)
      code.setPosition(position)
      code.revealPositionInCenterIfOutsideViewport(position)
      code.focus()
    },
    focus: () => code.focus(),
    state: () => {
      const s = code.getSelection()
      const start = s === null ? 0 : model.getOffsetAt(s.getStartPosition())
      const end = s === null ? 0 : model.getOffsetAt(s.getEndPosition())
      return {
        text: model.getValue(),
        selection: { start, end },
        scrollTop: code.getScrollTop(),
        focused: code.hasTextFocus(),
        highlight: highlighted,
        dark,
        fontSize,
      }
    },
    dispose: () => {
      checking.dispose()
      for (const d of disposables) d.dispose()
      clients.delete(model)
      code.dispose()
      model.dispose()
      frame.remove()
    },
  }
}

const SEVERITY = {
  error: MarkerSeverity.Error,
  warning: MarkerSeverity.Warning,
  info: MarkerSeverity.Info,
} as const

function marker(model: editor.ITextModel, d: Diagnostic): editor.IMarkerData {
  const { start, end } = d.span
  // a place without a length is shown at the character after it, or before the end of the text
  const length = model.getValueLength()
  const span =
    start < end ? d.span : start < length ? { start, end: start + 1 } : { start: Math.max(0, start - 1), end }
  return {
    ...rangeOf(model, span),
    severity: SEVERITY[d.severity],
    code: d.code,
    source: 'estep',
    message: d.help === undefined ? d.message : `${d.message}\n${d.help}`,
    tags: d.code === 'W502' ? [MarkerTag.Unnecessary] : [],
    relatedInformation: (d.related ?? []).map((r) => ({
      resource: model.uri,
      message: r.message,
      ...rangeOf(model, r.span),
    })),
  }
}

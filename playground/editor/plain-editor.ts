/** A text area with the interface of the editor: on touch screens, and until Monaco has arrived. */
import type { Diagnostic } from '../../lang/diagnostics/types.js'
import { positionAt, type Span } from '../../lang/source.js'
import { createChecking } from './checking.js'
import { createProblemList } from './problem-list.js'
import type { EditorOptions, EditorPart } from './types.js'

export function mountPlain(element: HTMLElement, options: EditorOptions): EditorPart {
  const frame = document.createElement('div')
  frame.className = 'estep-editor-plain'
  const lines = document.createElement('div')
  lines.className = 'estep-editor-lines'
  lines.setAttribute('aria-hidden', 'true')
  const area = document.createElement('textarea')
  area.className = 'estep-editor-area'
  area.value = options.text
  area.spellcheck = false
  area.autocapitalize = 'off'
  area.setAttribute('autocomplete', 'off')
  area.setAttribute('autocorrect', 'off')
  area.setAttribute('aria-label', options.label ?? 'Model')
  area.wrap = 'off'
  const row = document.createElement('div')
  row.className = 'estep-editor-row'
  row.append(lines, area)
  frame.append(row)
  element.append(frame)

  let dark = options.dark
  let fontSize = options.fontSize ?? 14
  let highlighted: Span | null = options.highlight ?? null

  const drawLines = (): void => {
    const text = area.value
    const count = text.split('\n').length
    const from = highlighted === null ? 0 : positionAt(text, highlighted.start).line
    const to = highlighted === null ? -1 : positionAt(text, highlighted.end).line
    lines.replaceChildren(
      ...Array.from({ length: count }, (_, i) => {
        const line = document.createElement('div')
        const marked = i + 1 >= from && i + 1 <= to
        line.textContent = marked ? `▶ ${i + 1}` : String(i + 1)
        if (marked) line.className = 'estep-editor-running-number'
        return line
      }),
    )
    lines.scrollTop = area.scrollTop
  }
  const style = (): void => {
    frame.dataset.theme = dark ? 'dark' : 'light'
    frame.style.setProperty('--estep-editor-size', `${fontSize}px`)
  }
  const problems = createProblemList(frame, (d) => apply(d))
  const showProblems = (found: readonly Diagnostic[]): void => {
    problems.show(found, area.value)
    options.onDiagnostics?.(found)
  }
  const checking = createChecking(options.service, () => area.value, showProblems)
  const changed = (): void => {
    drawLines()
    checking.changed()
    options.onChange(area.value)
  }
  const apply = (d: Diagnostic): void => {
    const edits = [...(d.fix?.edits ?? [])].sort((a, b) => b.span.start - a.span.start)
    for (const e of edits) area.setRangeText(e.text, e.span.start, e.span.end, 'end')
    area.focus()
    changed()
  }
  area.addEventListener('input', changed)
  area.addEventListener('scroll', () => {
    lines.scrollTop = area.scrollTop
  })
  const told = (): void => options.onCursor?.(area.selectionStart)
  area.addEventListener('keyup', told)
  area.addEventListener('click', told)
  style()
  drawLines()
  checking.changed()

  const focusAt = (offset: number): void => {
    area.focus()
    area.setSelectionRange(offset, offset)
    const height = area.scrollHeight / Math.max(1, area.value.split('\n').length)
    area.scrollTop = Math.max(0, (positionAt(area.value, offset).line - 3) * height)
  }
  return {
    text: () => area.value,
    setText: (text) => {
      if (text === area.value) return
      area.setRangeText(text, 0, area.value.length, 'start')
      changed()
    },
    setDark: (value) => {
      dark = value
      style()
    },
    setFontSize: (pixels) => {
      fontSize = pixels
      style()
    },
    highlight: (span) => {
      highlighted = span
      drawLines()
    },
    reveal: focusAt,
    focus: () => area.focus(),
    state: () => ({
      text: area.value,
      selection: { start: area.selectionStart, end: area.selectionEnd },
      scrollTop: area.scrollTop,
      focused: document.activeElement === area,
      highlight: highlighted,
      dark,
      fontSize,
    }),
    dispose: () => {
      checking.dispose()
      frame.remove()
    },
  }
}

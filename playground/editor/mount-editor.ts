/** The model editor: a text area at once, which Monaco replaces when it has arrived, the text and the cursor kept. */
import './editor.css'
import type { Span } from '../../lang/source.js'
import { mountPlain } from './plain-editor.js'
import type { Editor, EditorOptions, EditorPart } from './types.js'

/** Monaco is made for keyboards: where the only pointer is a finger, a text area serves better. */
const isTouchScreen = (): boolean =>
  window.matchMedia('(pointer: coarse)').matches && !window.matchMedia('(any-pointer: fine)').matches

export function mountEditor(element: HTMLElement, options: EditorOptions): Editor {
  let part: EditorPart = mountPlain(element, options)
  let kind: Editor['kind'] = 'text-area'
  let disposed = false
  const takeOver = async (): Promise<void> => {
    const { mountMonaco } = await import('./monaco-editor.js')
    if (disposed) return
    const old = part
    part = mountMonaco(element, options, old.state())
    kind = 'monaco'
    old.dispose()
  }
  const plain = options.plain ?? isTouchScreen()
  const ready = plain
    ? Promise.resolve()
    : takeOver().catch((error: unknown) => {
        // the text area stays: everything but its colours can be done in it
        console.info('The editor could not be loaded; a plain text area stands in.', error)
      })
  return {
    get kind() {
      return kind
    },
    ready,
    text: () => part.text(),
    setText: (text: string) => part.setText(text),
    setDark: (dark: boolean) => part.setDark(dark),
    setFontSize: (pixels: number) => part.setFontSize(pixels),
    highlight: (span: Span | null) => part.highlight(span),
    reveal: (offset: number) => part.reveal(offset),
    focus: () => part.focus(),
    dispose: () => {
      disposed = true
      part.dispose()
    },
  }
}

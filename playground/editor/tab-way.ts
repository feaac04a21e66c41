/**
 * The way out of the editor by the keyboard: Tab indents, Escape and then Tab moves on; a line beneath the text says so while
 * the editor has the focus, and a button lets Tab always move on.
 */
import { type editor, type IDisposable, KeyCode } from 'monaco-editor/editor'

export function tabWay(code: editor.IStandaloneCodeEditor, frame: HTMLElement): IDisposable {
  const bar = document.createElement('div')
  bar.className = 'estep-editor-tab-way'
  const words = document.createElement('span')
  const button = document.createElement('button')
  button.type = 'button'
  bar.append(words, button)
  frame.append(bar)
  let always = false
  let once = false
  const draw = (): void => {
    words.textContent = always
      ? 'Tab moves to the next control.'
      : once
        ? 'Press Tab to leave the editor.'
        : 'Tab indents. Press Esc, then Tab, to leave.'
    button.textContent = always ? 'Let Tab indent' : 'Let Tab move on'
  }
  const apply = (): void => {
    code.updateOptions({ tabFocusMode: always || once })
    draw()
  }
  button.addEventListener('click', () => {
    always = !always
    once = false
    apply()
    code.focus()
  })
  const parts: readonly IDisposable[] = [
    code.onKeyDown((e) => {
      const isTab = e.keyCode === KeyCode.Tab
      const wanted = e.keyCode === KeyCode.Escape || (once && (isTab || e.keyCode === KeyCode.Shift))
      if (wanted === once) return
      once = wanted
      apply()
    }),
    code.onDidBlurEditorText(() => {
      if (!once) return
      once = false
      apply()
    }),
  ]
  draw()
  return {
    dispose: () => {
      for (const p of parts) p.dispose()
      bar.remove()
    },
  }
}

import { useEffect, useRef } from 'preact/hooks'
import type { Span } from '../../lang/source.js'
import type { LanguageClient } from '../editor/language-client.js'
import { mountEditor } from '../editor/mount-editor.js'
import type { Editor } from '../editor/types.js'

interface Props {
  readonly text: string
  readonly onChange: (text: string) => void
  readonly service: LanguageClient
  readonly dark: boolean
  readonly large: boolean
  readonly highlight: Span | null
  readonly reveal: { readonly offset: number } | null
  readonly onCursor: (offset: number) => void
}

const [USUAL, LARGE] = [14, 20]

/** The editor in its place: it keeps its own text, and follows the page's where that is changed elsewhere. */
export function EditorHost({ text, onChange, service, dark, large, highlight, reveal, onCursor }: Props) {
  const place = useRef<HTMLDivElement>(null)
  const editor = useRef<Editor | null>(null)
  /** What the editor has told the page of and has not come back from it: it is not news, and may be behind the editor. */
  const told = useRef(new Set<string>())
  const latest = useRef({ onChange, onCursor })
  latest.current = { onChange, onCursor }
  useEffect(() => {
    if (place.current === null) return
    const mounted = mountEditor(place.current, {
      text,
      service,
      dark,
      label: 'Model',
      fontSize: large ? LARGE : USUAL,
      onChange: (t) => {
        told.current.add(t)
        latest.current.onChange(t)
      },
      onCursor: (offset) => latest.current.onCursor(offset),
    })
    editor.current = mounted
    return () => mounted.dispose()
  }, [])
  useEffect(() => {
    if (editor.current === null) return
    const isUpToDate = editor.current.text() === text
    if (told.current.has(text) && !isUpToDate) {
      told.current.delete(text)
      return
    }
    told.current.clear()
    if (!isUpToDate) editor.current.setText(text)
  }, [text])
  useEffect(() => editor.current?.setDark(dark), [dark])
  useEffect(() => editor.current?.setFontSize(large ? LARGE : USUAL), [large])
  useEffect(() => editor.current?.highlight(highlight), [highlight?.start, highlight?.end])
  useEffect(() => {
    if (reveal !== null) editor.current?.reveal(reveal.offset)
  }, [reveal])
  return <div class="editor" ref={place} />
}

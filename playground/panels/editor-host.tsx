import { useEffect, useRef } from 'preact/hooks'
import type { Span } from '../../lang/source.js'
import type { Controller } from '../session/controller.js'

interface Props {
  readonly text: string
  readonly onChange: (text: string) => void
  readonly service: Controller
  readonly dark: boolean
  readonly large: boolean
  readonly highlight: Span | null
  readonly reveal: { readonly offset: number } | null
  readonly onCursor: (offset: number) => void
}

export function EditorHost({ text, onChange, reveal, onCursor }: Props) {
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    if (reveal === null) return
    area.current?.focus()
    area.current?.setSelectionRange(reveal.offset, reveal.offset)
  }, [reveal])
  return (
    <textarea
      ref={area}
      class="plain-editor"
      aria-label="Model"
      spellcheck={false}
      value={text}
      rows={text.split('\n').length + 1}
      onInput={(e) => onChange(e.currentTarget.value)}
      onSelect={(e) => onCursor(e.currentTarget.selectionStart)}
    />
  )
}

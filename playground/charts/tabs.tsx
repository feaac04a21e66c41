import { useRef } from 'preact/hooks'

/** A row of tabs; arrow keys move along it. */
export function Tabs({
  label,
  tabs,
  selected,
  onSelect,
}: {
  readonly label: string
  readonly tabs: readonly { readonly id: string; readonly label: string }[]
  readonly selected: string
  onSelect(id: string): void
}) {
  const list = useRef<HTMLDivElement>(null)
  const move = (by: number): void => {
    const at = tabs.findIndex((t) => t.id === selected)
    const next = (at + by + tabs.length) % tabs.length
    onSelect(tabs[next]?.id ?? selected)
    list.current?.querySelectorAll('button')[next]?.focus()
  }
  return (
    <div
      class="chart-tabs"
      role="tablist"
      aria-label={label}
      ref={list}
      onKeyDown={(e) => {
        if (e.key === 'ArrowRight') move(1)
        else if (e.key === 'ArrowLeft') move(-1)
        else return
        e.preventDefault()
      }}
    >
      {tabs.map((t) => (
        <button
          key={t.id}
          type="button"
          role="tab"
          aria-selected={t.id === selected}
          tabIndex={t.id === selected ? 0 : -1}
          onClick={() => onSelect(t.id)}
        >
          {t.label}
        </button>
      ))}
    </div>
  )
}

import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'

export interface Tab<Id extends string> {
  readonly id: Id
  readonly label: string
  /** Something in it wants to be looked at; said aloud as well. */
  readonly mark?: string | null
}

interface TabsProps<Id extends string> {
  readonly label: string
  readonly tabs: readonly Tab<Id>[]
  readonly active: Id
  readonly onOpen: (id: Id) => void
  readonly children: ComponentChildren
}

/** Tabs as WAI-ARIA has them: arrow keys, Home and End go from one to the next. */
export function Tabs<Id extends string>({ label, tabs, active, onOpen, children }: TabsProps<Id>) {
  const list = useRef<HTMLDivElement>(null)
  const go = (event: KeyboardEvent): void => {
    const at = tabs.findIndex((t) => t.id === active)
    const to =
      event.key === 'ArrowRight'
        ? (at + 1) % tabs.length
        : event.key === 'ArrowLeft'
          ? (at + tabs.length - 1) % tabs.length
          : event.key === 'Home'
            ? 0
            : event.key === 'End'
              ? tabs.length - 1
              : -1
    const tab = tabs[to]
    if (tab === undefined) return
    event.preventDefault()
    onOpen(tab.id)
    list.current?.querySelectorAll<HTMLButtonElement>('[role=tab]')[to]?.focus()
  }
  return (
    <section class="slot" aria-label={label}>
      {tabs.length > 1 && (
        <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={go}>
          {tabs.map((t) => (
            <button
              type="button"
              role="tab"
              key={t.id}
              id={`tab-${t.id}`}
              aria-selected={t.id === active}
              aria-controls={`panel-${t.id}`}
              tabIndex={t.id === active ? 0 : -1}
              onClick={() => onOpen(t.id)}
            >
              {t.label}
              {t.mark != null && (
                <span class="tab-mark" title={t.mark}>
                  <span class="aside">{t.mark}</span>
                </span>
              )}
            </button>
          ))}
        </div>
      )}
      {children}
    </section>
  )
}

interface TabPanelProps {
  readonly id: string
  readonly label: string
  readonly hidden: boolean
  readonly alone: boolean
  readonly children: ComponentChildren
}

export function TabPanel({ id, label, hidden, alone, children }: TabPanelProps) {
  const tabbed = alone ? {} : ({ role: 'tabpanel', 'aria-labelledby': `tab-${id}` } as const)
  return (
    <div class="panel" id={`panel-${id}`} hidden={hidden} {...tabbed}>
      <h2 class="aside">{label}</h2>
      {children}
    </div>
  )
}

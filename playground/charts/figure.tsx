import type { ComponentChildren } from 'preact'
import { useId, useState } from 'preact/hooks'
import { DataTable, type TableData } from './data-table.js'
import { useWidth } from './use-width.js'

export interface FigureProps {
  readonly title: string
  /** One sentence that says what is to be seen. */
  readonly summary: string
  /** The same as numbers; made only when it is asked for. */
  table(): TableData
  readonly controls?: ComponentChildren
  readonly legend?: ComponentChildren
  readonly stale?: boolean
  /** The drawing, for a width in pixels. */
  children(width: number): ComponentChildren
}

/** A chart with its title, its summary and its table. */
export function Figure({ title, summary, table, controls, legend, stale = false, children }: FigureProps) {
  const { ref, width } = useWidth()
  const [asTable, setAsTable] = useState(false)
  const id = useId()
  return (
    <figure class={`chart${stale ? ' chart-stale' : ''}`} aria-labelledby={`${id}-title`}>
      <figcaption>
        <h3 class="chart-title" id={`${id}-title`}>
          {title}
        </h3>
        <button
          type="button"
          class="chart-toggle"
          aria-pressed={asTable}
          aria-label={`Show as table: ${title}`}
          onClick={() => setAsTable(!asTable)}
        >
          Show as table
        </button>
        <p class="chart-summary" id={`${id}-summary`}>
          {summary}
        </p>
      </figcaption>
      {controls === undefined ? null : <div class="chart-controls">{controls}</div>}
      <div class="chart-area" ref={ref}>
        {asTable ? <DataTable {...table()} /> : children(width)}
      </div>
      {asTable ? null : legend}
    </figure>
  )
}

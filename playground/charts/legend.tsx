import { colourOf, dashOf, markerPath } from './palette.js'

/** One line of a legend: a marker, a line, a swatch, or a ring. */
export interface LegendItem {
  readonly label: string
  readonly mark: 'marker' | 'line' | 'area' | 'marker-line'
  /** Number of the component; or a colour of its own with a dash. */
  readonly series?: number
  readonly colour?: string
  readonly dash?: string
  readonly width?: number
}

export function Legend({ items }: { readonly items: readonly LegendItem[] }) {
  if (items.length === 0) return null
  return (
    <ul class="chart-legend">
      {items.map((item) => {
        const colour = item.colour ?? colourOf(item.series ?? 0)
        const dash = item.dash ?? dashOf(item.series ?? 0)
        return (
          <li key={item.label}>
            <svg viewBox="0 0 22 14" aria-hidden="true">
              {item.mark === 'area' ? <rect x="2" y="2" width="18" height="10" fill={colour} /> : null}
              {item.mark === 'line' || item.mark === 'marker-line' ? (
                <line
                  x1="0"
                  x2="22"
                  y1="7"
                  y2="7"
                  stroke={colour}
                  stroke-width={item.width ?? 2}
                  stroke-dasharray={dash}
                />
              ) : null}
              {item.mark === 'marker' || item.mark === 'marker-line' ? (
                <path d={markerPath(item.series ?? 0, 44)} transform="translate(11 7)" fill={colour} />
              ) : null}
            </svg>
            <span>{item.label}</span>
          </li>
        )
      })}
    </ul>
  )
}

import type { ColumnView } from './columns.js'

/** Chooses one of some columns, by position. */
export function ColumnSelect(p: {
  readonly label: string
  readonly columns: readonly ColumnView[]
  readonly value: number
  onChange(position: number): void
}) {
  return (
    <label>
      {p.label}
      <select value={p.value} onChange={(e) => p.onChange(Number(e.currentTarget.value))}>
        {p.columns.map((c, i) => (
          <option key={`${c.data} ${c.column}`} value={i}>
            {c.label}
          </option>
        ))}
      </select>
    </label>
  )
}

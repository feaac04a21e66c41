import { short } from './format.js'

/** The numbers of a chart. A row begins with its name. */
export interface TableData {
  readonly caption: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly (string | number)[])[]
  /** Rows in all, where only the first are given. */
  readonly total?: number
}

const SHOWN = 200

export function DataTable({ caption, columns, rows, total = rows.length }: TableData) {
  const shown = rows.slice(0, SHOWN)
  const cut = total > shown.length ? ` The first ${shown.length} of ${total.toLocaleString('en')} rows.` : ''
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls is reached by keyboard
    <section class="chart-table" tabIndex={0} aria-label={caption}>
      <table>
        <caption>{`${caption}.${cut}`}</caption>
        <thead>
          <tr>
            {columns.map((c) => (
              <th scope="col" key={c}>
                {c}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map((row, r) => (
            <tr key={`${r}`}>
              {row.map((cell, i) => {
                const text = typeof cell === 'number' ? short(cell, 6) : cell
                return i === 0 ? (
                  <th scope="row" key={`${i}`}>
                    {text}
                  </th>
                ) : (
                  <td key={`${i}`}>{text}</td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

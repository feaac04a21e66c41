import { number } from '../session/state.js'
import type { ParamView } from '../session/view.js'
import { ScrollRegion } from '../ui/scroll-region.js'

/** Rows of the last dimension that are shown. */
const MOST_ROWS = 60
const MOST_COLUMNS = 40

/** One param: a number, or a table whose last dimension runs across. */
export function ParamTable({ param }: { readonly param: ParamView }) {
  const { name, shape, values, labels } = param
  if (shape.length === 0)
    return (
      <p class="scalar">
        <span class="name">{name}</span> <span class="figure">{number(values[0] ?? Number.NaN)}</span>
      </p>
    )
  const width = shape.length === 1 ? 1 : (shape.at(-1) ?? 1)
  const leading = shape.length === 1 ? shape : shape.slice(0, -1)
  const rows = leading.reduce((a, b) => a * b, 1)
  const columns = Array.from(
    { length: Math.min(width, MOST_COLUMNS) },
    (_, j) => labels[shape.length - 1]?.[j] ?? String(j + 1),
  )
  return (
    <ScrollRegion label={name}>
      <table class="param">
        <caption>
          <span class="name">{name}</span> <span class="hint">{param.support}</span>
        </caption>
        {width > 1 && (
          <thead>
            <tr>
              <td />
              {columns.map((c) => (
                <th scope="col" key={c}>
                  {c}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {Array.from({ length: Math.min(rows, MOST_ROWS) }, (_, r) => {
            const used = param.used?.[r] ?? width
            const label = rowLabel(r, leading, labels)
            return (
              <tr key={label}>
                <th scope="row">{label}</th>
                {columns.map((c, j) => (
                  <td key={c}>{j < used || shape.length === 1 ? number(values[r * width + j] ?? Number.NaN) : ''}</td>
                ))}
              </tr>
            )
          })}
        </tbody>
      </table>
      {(rows > MOST_ROWS || width > MOST_COLUMNS) && (
        <p class="hint">
          the first of {rows} × {width}
        </p>
      )}
    </ScrollRegion>
  )
}

export function rowLabel(
  flat: number,
  shape: readonly number[],
  labels: readonly (readonly string[] | null)[],
): string {
  return shape
    .map((extent, d) => {
      const inner = shape.slice(d + 1).reduce((a, b) => a * b, 1)
      const at = Math.floor(flat / inner) % extent
      return labels[d]?.[at] ?? String(at + 1)
    })
    .join(', ')
}

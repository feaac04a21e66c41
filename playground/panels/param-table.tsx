import { heldCells, heldValue, withCell } from '../session/holding.js'
import { number } from '../session/state.js'
import type { ParamView } from '../session/view.js'
import { ScrollRegion } from '../ui/scroll-region.js'

/** Rows of the last dimension that are shown. */
const MOST_ROWS = 60
const MOST_COLUMNS = 40
/** Cells that have a field each where the param is held. */
const MOST_FIELDS = 120

/** Standard errors of the cells; NaN where there is none. */
export interface CellErrors {
  readonly errors: Float64Array
  readonly low: Float64Array
  readonly high: Float64Array
}

/** Holding a param at given values. */
export interface Hold {
  /** Nested, null in a cell that is free; undefined: it is not held. */
  readonly value: unknown
  readonly disabled: boolean
  /** null lets it go. */
  onHold(value: unknown): void
}

interface Props {
  readonly param: ParamView
  readonly errors?: CellErrors | null
  /** null where it cannot be held. */
  readonly hold?: Hold | null
}

/** One param: a number, or a table whose last dimension runs across. */
export function ParamTable({ param, errors = null, hold = null }: Props) {
  const { name, shape, labels } = param
  if (shape.length === 0)
    return (
      <p class="scalar">
        <span class="name">{name}</span> <Cell param={param} at={0} errors={errors} hold={hold} />
        <HoldButton param={param} hold={hold} />
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
    <section class="one-param" aria-label={name}>
      <h3>
        <span class="name">{name}</span> <span class="hint">{param.support}</span>
        <HoldButton param={param} hold={hold} />
      </h3>
      <ScrollRegion label={`Values of ${name}`}>
        <table class="param">
          <caption class="aside">{name}</caption>
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
                    <td key={c}>
                      {j < used || shape.length === 1 ? (
                        <Cell param={param} at={r * width + j} errors={errors} hold={hold} />
                      ) : (
                        ''
                      )}
                    </td>
                  ))}
                </tr>
              )
            })}
          </tbody>
        </table>
      </ScrollRegion>
      {(rows > MOST_ROWS || width > MOST_COLUMNS) && (
        <p class="hint">
          the first of {rows} × {width}
        </p>
      )}
    </section>
  )
}

/** Holds every cell at what is shown, or lets all of them go. */
function HoldButton({ param, hold }: { readonly param: ParamView; readonly hold: Hold | null }) {
  if (hold === null) return null
  const isHeld = hold.value !== undefined
  return (
    <button
      type="button"
      class="hold quiet"
      aria-pressed={isHeld}
      title={isHeld ? 'It stays at these values; press to let it go' : 'Keeps it at these values in runs from now on'}
      disabled={hold.disabled}
      onClick={() => hold.onHold(isHeld ? null : heldValue(param, param.values))}
    >
      hold<span class="aside"> {param.name}</span>
    </button>
  )
}

interface CellProps {
  readonly param: ParamView
  readonly at: number
  readonly errors: CellErrors | null
  readonly hold: Hold | null
}

/** A number, with its interval; a field where the param is held. */
function Cell({ param, at, errors, hold }: CellProps) {
  const value = param.values[at] ?? Number.NaN
  if (hold !== null && hold.value !== undefined && param.values.length <= MOST_FIELDS) {
    const cells = heldCells(param, hold.value)
    const own = cells[at] ?? Number.NaN
    return (
      <input
        type="text"
        class="held-value"
        inputMode="decimal"
        size={8}
        disabled={hold.disabled}
        aria-label={`${cellName(param, at)} held at`}
        placeholder="free"
        value={Number.isNaN(own) ? '' : String(Number(own.toPrecision(6)))}
        onChange={(e) => {
          const text = e.currentTarget.value.trim().replace('−', '-')
          const next = text === '' ? Number.NaN : Number(text)
          if (text !== '' && !Number.isFinite(next)) e.currentTarget.value = String(own)
          else hold.onHold(heldValue(param, withCell(param, cells, at, next)))
        }}
      />
    )
  }
  const [error, low, high] = [errors?.errors[at], errors?.low[at], errors?.high[at]]
  const sd = param.sd?.[at]
  return (
    <>
      <span class="figure">{number(value)}</span>
      {param.held?.[at] === true && <span class="hint"> held</span>}
      {sd !== undefined && <span class="hint"> ± {number(sd)}</span>}
      {error !== undefined && (
        <span class="interval" title={`standard error ${number(error)}`}>
          {Number.isNaN(error) || low === undefined || high === undefined
            ? 'no error'
            : `${number(low, 3)} to ${number(high, 3)}`}
        </span>
      )}
    </>
  )
}

/** `mu[1, 2]`. */
function cellName({ name, shape, labels }: ParamView, at: number): string {
  return shape.length === 0 ? name : `${name}[${rowLabel(at, shape, labels)}]`
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

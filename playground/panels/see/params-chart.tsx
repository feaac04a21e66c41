import { Figure } from '../../charts/figure.js'
import { counted, listed, short } from '../../charts/format.js'
import { round } from '../../charts/marks.js'
import { colourOf, markerPath } from '../../charts/palette.js'
import { cut } from '../../charts/plot.js'
import { extentOf, linear, padded, ticksOf } from '../../charts/scales.js'
import type { ParamView, RunView } from '../../session/view.js'
import { elementsOf, type Grid, type Strip, shapeOfParam } from './param-slices.js'

/** All params at the point shown: numbers, strips of dots, and shaded tables. */
export function ParamsChart({ run, title }: { readonly run: RunView | null; readonly title: string }) {
  const params = run?.point?.params ?? []
  const numbers = params.reduce((n, p) => n + p.values.length, 0)
  const summary = `${counted(params.length, 'param')} (${listed(params.map((p) => p.name))}) of ${counted(numbers, 'number')}, at iteration ${run?.point?.iteration ?? 0}.`
  return (
    <Figure
      title={title}
      summary={summary}
      stale={run?.stale ?? false}
      table={() => ({
        caption: 'Params',
        columns: ['param', 'value'],
        rows: params.flatMap((p) => elementsOf(p, 200)).slice(0, 200),
        total: numbers,
      })}
    >
      {(width) => (
        <div class="chart-params">
          {params.map((p) => (
            <Param key={p.name} param={p} width={width} />
          ))}
        </div>
      )}
    </Figure>
  )
}

function Param({ param, width }: { readonly param: ParamView; readonly width: number }) {
  const shape = shapeOfParam(param)
  if ('kind' in shape)
    return shape.kind === 'number' ? (
      <p class="chart-param">
        <strong>{param.name}</strong> <span class="chart-quiet">{param.support}</span>{' '}
        <span class="chart-number">{short(shape.value, 6)}</span>
      </p>
    ) : (
      <div class="chart-param">
        <Name param={param} />
        {shape.values.length <= MOST_DOTS ? (
          <Dots strip={shape} param={param} width={width} />
        ) : (
          <Largest names={shape.labels} values={shape.values} component={null} title="" />
        )}
      </div>
    )
  const wide = (shape[0]?.columns.length ?? 0) > MOST_CELLS
  return (
    <div class="chart-param">
      <Name param={param} />
      <div class="chart-grids">
        {shape.map((g) =>
          wide ? (
            g.values.map((row, r) => (
              <Largest
                key={`${g.title} ${r}`}
                names={g.columns}
                values={row}
                component={g.rowComponents ? r : g.component}
                title={`${g.title === '' ? param.name : g.title}[${g.rows[r]}]`}
              />
            ))
          ) : (
            <Heat key={g.title} grid={g} width={width} />
          ),
        )}
      </div>
    </div>
  )
}

const MOST_DOTS = 40
const MOST_CELLS = 24
const MOST_ROWS = 40
const NAMED = 10

const Name = ({ param }: { readonly param: ParamView }) => (
  <div>
    <strong>{param.name}</strong> <span class="chart-quiet">{`${param.support}[${param.shape.join(', ')}]`}</span>
  </div>
)

/** Numbers as markers on a line, with their values in words. */
function Dots({ strip, param, width }: { readonly strip: Strip; readonly param: ParamView; readonly width: number }) {
  const bounded = param.support === 'simplex' || param.support === 'unit'
  const domain = bounded ? ([0, 1] as const) : padded(extentOf(strip.values), 0.1)
  const x = linear(domain, [16, width - 16])
  const ticks = ticksOf(x, Math.floor(width / 90))
  return (
    <>
      <svg
        viewBox={`0 0 ${width} 48`}
        height={48}
        role="img"
        aria-label={`${param.name}: ${strip.values.map((v, i) => `${strip.labels[i]}: ${short(v)}`).join(', ')}`}
      >
        <g class="axis" transform="translate(0 24)">
          <path d={`M16,0H${width - 16}`} />
          {ticks.map((t) => (
            <g key={t.label} transform={`translate(${round(x(t.value))} 0)`}>
              <line y2="5" />
              <text y="18" text-anchor="middle">
                {t.label}
              </text>
            </g>
          ))}
        </g>
        {strip.values.map((v, i) =>
          Number.isFinite(v) ? (
            <path
              key={`${strip.labels[i]}`}
              class="moves"
              d={markerPath(strip.components ? i : 0, 90)}
              transform={`translate(${round(x(v))} 12)`}
              fill={colourOf(strip.components ? i : 0)}
              stroke="var(--chart-back)"
            />
          ) : null,
        )}
      </svg>
      <ul class="chart-legend">
        {strip.values.map((v, i) => (
          <li key={`${strip.labels[i]}`}>
            <svg viewBox="0 0 14 14" aria-hidden="true" style={{ width: '14px' }}>
              <path
                d={markerPath(strip.components ? i : 0, 50)}
                transform="translate(7 7)"
                fill={colourOf(strip.components ? i : 0)}
              />
            </svg>
            <span>{`${strip.labels[i]}: ${short(v, 5)}`}</span>
          </li>
        ))}
      </ul>
    </>
  )
}

/** A table of numbers, shaded by their size; negative ones hatched by their sign in the text. */
function Heat({ grid, width }: { readonly grid: Grid; readonly width: number }) {
  const columns = Math.max(1, ...grid.values.map((r) => r.length))
  const rows = grid.values.slice(0, MOST_ROWS)
  const left = Math.min(width * 0.3, 26 + 7.2 * Math.max(...grid.rows.slice(0, MOST_ROWS).map((r) => r.length)))
  const cell = Math.max(16, Math.min(68, (width - left - 4) / columns))
  const named = cell >= 46
  const top = grid.title === '' ? 0 : 18
  const height = rows.length * 26 + top + 26
  const total = left + cell * columns + 2
  const most = Math.max(...grid.values.flat().map(Math.abs).filter(Number.isFinite), 1e-300)
  return (
    <svg
      viewBox={`0 0 ${total} ${height}`}
      style={{ width: `${Math.min(total, width)}px` }}
      role="img"
      aria-label={`${grid.title === '' ? 'table' : grid.title}: ${rows.length} by ${columns} numbers from ${short(Math.min(...grid.values.flat()))} to ${short(Math.max(...grid.values.flat()))}`}
    >
      <text x="2" y="12" font-weight="600">
        {grid.title}
      </text>
      {grid.component === null ? null : (
        <path
          d={markerPath(grid.component, 50)}
          transform={`translate(${14 + 7.8 * grid.title.length} 8)`}
          fill={colourOf(grid.component)}
        />
      )}
      {Array.from({ length: columns }, (_, c) => (
        <text key={`${c}`} x={left + cell * (c + 0.5)} y={top + 18} text-anchor="middle" class="quiet">
          {named || columns <= 12 ? cut(grid.columns[c] ?? '', cell) : c % 4 === 0 ? String(c + 1) : ''}
        </text>
      ))}
      {rows.map((row, r) => (
        <g key={`${grid.rows[r]}`} transform={`translate(0 ${top + 24 + r * 26})`}>
          {grid.rowComponents ? <path d={markerPath(r, 50)} transform={`translate(9 12)`} fill={colourOf(r)} /> : null}
          <text x={left - 6} y="12" dy="0.32em" text-anchor="end" class="quiet">
            {cut(grid.rows[r] ?? '', left - (grid.rowComponents ? 24 : 8))}
          </text>
          {row.map((v, c) => {
            const part = Number.isFinite(v) ? Math.round((45 * Math.abs(v)) / most) : 0
            return (
              <g key={`${c}`}>
                <rect
                  x={left + c * cell + 0.5}
                  y="0.5"
                  width={cell - 1}
                  height="25"
                  fill={`color-mix(in srgb, var(--series-${v < 0 ? 1 : 0}) ${part}%, var(--chart-back))`}
                  stroke="var(--chart-grid)"
                />
                {named ? (
                  <text x={left + (c + 0.5) * cell} y="13" dy="0.32em" text-anchor="middle">
                    {cellText(v, most)}
                  </text>
                ) : null}
              </g>
            )
          })}
        </g>
      ))}
    </svg>
  )
}

/** Three digits; what is next to nothing beside the largest is said to be so. */
const cellText = (v: number, most: number): string =>
  v !== 0 && Math.abs(v) < 1e-4 * Math.min(1, most) ? '≈ 0' : short(v, 3)

/** The largest of many numbers, by name. */
function Largest({
  names,
  values,
  component,
  title,
}: {
  readonly names: readonly string[]
  readonly values: readonly number[]
  readonly component: number | null
  readonly title: string
}) {
  const order = values.map((_, i) => i).sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0))
  const top = order.slice(0, NAMED)
  const most = Math.max(...top.map((i) => Math.abs(values[i] ?? 0)), 1e-300)
  return (
    <div class="chart-largest">
      <div>
        {component === null ? null : (
          <svg viewBox="0 0 14 14" aria-hidden="true" style={{ width: '14px', display: 'inline' }} height="14">
            <path d={markerPath(component, 50)} transform="translate(7 7)" fill={colourOf(component)} />
          </svg>
        )}{' '}
        {title === ''
          ? `the ${top.length} largest of ${values.length}`
          : `${title}: the ${top.length} largest of ${values.length}`}
      </div>
      {top.map((i) => (
        <div class="chart-bar-row" key={`${i}`}>
          <span>{names[i]}</span>
          <span class="chart-bar">
            <span
              style={{ width: `${(100 * Math.abs(values[i] ?? 0)) / most}%`, background: colourOf(component ?? 0) }}
            />
          </span>
          <span class="chart-number">{short(values[i] ?? Number.NaN, 3)}</span>
        </div>
      ))}
    </div>
  )
}

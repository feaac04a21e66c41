import { useEffect, useState } from 'preact/hooks'
import { Figure } from '../../charts/figure.js'
import { componentName, counted, short } from '../../charts/format.js'
import { Legend, type LegendItem } from '../../charts/legend.js'
import { colourOf, markerPath } from '../../charts/palette.js'
import { cut } from '../../charts/plot.js'
import { linear, ticksOf } from '../../charts/scales.js'
import type { PointQueries, RunView } from '../../session/view.js'
import { useAnswer } from '../use-answer.js'
import { ColumnSelect } from './column-select.js'
import type { View } from './views.js'

interface Props {
  readonly offered: Extract<View, { kind: 'bars' }>
  readonly run: RunView | null
  readonly queries: PointQueries
  readonly title: string
}

const MOST_LEVELS = 40

/** Share of the rows at each level, the share that the model expects, and each component's own probabilities. */
export function BarsChart({ offered, run, queries, title }: Props) {
  const { columns } = offered
  const [position, setPosition] = useState(0)
  useEffect(() => setPosition((p) => (p < columns.length ? p : 0)), [columns.length])
  const column = columns[position] ?? columns[0]
  const point = run?.point ?? null
  const levels = column?.levels ?? []
  const answer = useAnswer(
    () =>
      run === null || point === null || column === undefined
        ? null
        : queries.density(run.id, {
            kind: 'curve',
            data: column.data,
            column: column.column,
            x: Float64Array.from({ length: levels.length }, (_, i) => i),
          }),
    [run?.id, point, column],
  )
  if (column === undefined) return null
  const observed = sharesOf(column.values, column.weights, levels.length)
  const model = answer.value !== null && answer.value.total.length === levels.length ? answer.value : null
  // a component's own probabilities: its part of the whole over its weight
  const own = (model?.components ?? []).map((c) => {
    const weight = c.reduce((a, b) => a + b, 0)
    return c.map((x) => (weight > 0 ? x / weight : Number.NaN))
  })
  const several = own.length > 1
  const order = levels.map((_, i) => i)
  if (levels.length > MOST_LEVELS) order.sort((a, b) => (observed[b] ?? 0) - (observed[a] ?? 0))
  const shown = order.slice(0, MOST_LEVELS)
  const label = column.label
  const summary = `${counted(column.rows, 'row')} of ${label}${column.weights === null ? '' : ', counted by their weights,'} at ${counted(levels.length, 'level')}${
    model === null
      ? ''
      : `: the share of each, beside what the model expects${several ? ` and the probabilities within ${counted(own.length, 'component')}` : ''}`
  }.${levels.length > MOST_LEVELS ? ` The ${MOST_LEVELS} most frequent levels are shown.` : ''}`
  const names = model?.labels ?? []
  return (
    <Figure
      title={title}
      summary={summary}
      stale={run?.stale ?? false}
      controls={
        columns.length > 1 ? (
          <ColumnSelect label="column" columns={columns} value={position} onChange={setPosition} />
        ) : undefined
      }
      legend={<Legend items={legendOf(model?.latent ?? null, names, model !== null, several)} />}
      table={() => ({
        caption: `${label}: shares and probabilities`,
        columns: [
          'level',
          'observed',
          ...(model === null ? [] : ['model']),
          ...(several ? names.map((n) => componentName(model?.latent ?? null, n)) : []),
        ],
        rows: order.map((i) => [
          levels[i] ?? '',
          observed[i] ?? 0,
          ...(model === null ? [] : [model.total[i] ?? Number.NaN]),
          ...(several ? own.map((c) => c[i] ?? Number.NaN) : []),
        ]),
        total: levels.length,
      })}
    >
      {(width) => {
        const rowHeight = several ? 30 : 24
        const left = Math.min(
          Math.round(width * 0.4),
          14 + 7.2 * Math.max(4, ...shown.map((i) => (levels[i] ?? '').length)),
        )
        const height = shown.length * rowHeight + 44
        const most = Math.max(
          ...observed,
          ...(model === null ? [] : Array.from(model.total)),
          ...own.flatMap((c) => Array.from(c).filter(Number.isFinite)),
        )
        const x = linear([0, most * 1.04 || 1], [left, width - 16])
        const ticks = ticksOf(x, Math.floor((width - left) / 70))
        return (
          <svg viewBox={`0 0 ${width} ${height}`} height={height} role="img" aria-label={summary}>
            <g class="grid">
              {ticks.map((t) => (
                <line key={t.label} x1={x(t.value)} x2={x(t.value)} y1={4} y2={height - 38} />
              ))}
            </g>
            {shown.map((level, r) => {
              const y = 4 + r * rowHeight
              const middle = y + rowHeight / 2
              return (
                <g key={`${level}`}>
                  <text x={left - 8} y={middle} dy="0.32em" text-anchor="end">
                    {cut(levels[level] ?? '', left - 10)}
                  </text>
                  <rect
                    x={left}
                    y={y + 3}
                    width={Math.max(0, x(observed[level] ?? 0) - left)}
                    height={rowHeight - 6}
                    fill="var(--chart-rule)"
                    opacity={0.45}
                  />
                  {model === null ? null : (
                    <line
                      x1={x(model.total[level] ?? 0)}
                      x2={x(model.total[level] ?? 0)}
                      y1={y + 1}
                      y2={y + rowHeight - 1}
                      stroke="var(--chart-strong)"
                      stroke-width={2}
                    />
                  )}
                  {several
                    ? own.map((c, k) => (
                        <path
                          key={`${k}`}
                          d={markerPath(k, 46)}
                          transform={`translate(${x(c[level] ?? 0)} ${middle})`}
                          fill={colourOf(k)}
                          stroke="var(--chart-back)"
                        />
                      ))
                    : null}
                </g>
              )
            })}
            <g class="axis" transform={`translate(0 ${height - 38})`}>
              <path d={`M${left},0H${width - 16}`} />
              {ticks.map((t) => (
                <g key={t.label} transform={`translate(${x(t.value)} 0)`}>
                  <line y2="5" />
                  <text y="18" text-anchor="middle">
                    {t.label}
                  </text>
                </g>
              ))}
              <text class="quiet" x={width - 16} y="34" text-anchor="end">
                share of rows, probability
              </text>
            </g>
          </svg>
        )
      }}
    </Figure>
  )
}

function sharesOf(values: Float64Array, weights: Float64Array | null, levels: number): readonly number[] {
  const counts = new Array<number>(levels).fill(0)
  let total = 0
  for (const [row, v] of values.entries())
    if (v >= 0 && v < levels) {
      const weight = weights?.[row] ?? 1
      counts[v] = (counts[v] ?? 0) + weight
      total += weight
    }
  return counts.map((c) => (total === 0 ? 0 : c / total))
}

function legendOf(
  latent: string | null,
  labels: readonly string[],
  model: boolean,
  several: boolean,
): readonly LegendItem[] {
  return [
    { label: 'observed', mark: 'area', colour: 'color-mix(in srgb, var(--chart-rule) 45%, transparent)' },
    ...(model ? [{ label: 'model', mark: 'line', colour: 'var(--chart-strong)', dash: 'none' } as const] : []),
    ...(several
      ? labels.map((l, k): LegendItem => ({ label: `within ${componentName(latent, l)}`, mark: 'marker', series: k }))
      : []),
  ]
}

/** Counts that are single numbers: observed, and the posterior means of the latent ones. */
export function CountsChart({
  offered,
  run,
  title,
  data,
}: {
  readonly offered: Extract<View, { kind: 'counts' }>
  readonly run: RunView | null
  readonly title: string
  readonly data: ReadonlyMap<string, number>
}) {
  const latents = run?.point?.latents ?? []
  const rows = [
    ...offered.data.map((name) => ({ name, value: data.get(name) ?? Number.NaN, sd: Number.NaN, latent: false })),
    ...offered.latents.map((name) => {
      const l = latents.find((x) => x.name === name)
      return { name, value: l?.means?.[0] ?? Number.NaN, sd: l?.sd?.[0] ?? Number.NaN, latent: true }
    }),
  ]
  const most = Math.max(1, ...rows.map((r) => r.value).filter(Number.isFinite))
  const summary = `${counted(offered.data.length, 'observed count')}${offered.latents.length === 0 ? '' : ` and the expected values of ${counted(offered.latents.length, 'latent count')}`}.`
  return (
    <Figure
      title={title}
      summary={summary}
      stale={run?.stale ?? false}
      legend={
        <Legend
          items={[
            { label: 'observed', mark: 'area', colour: 'var(--chart-rule)' },
            { label: 'expected (latent)', mark: 'area', colour: 'var(--series-0)' },
          ]}
        />
      }
      table={() => ({
        caption: 'Counts',
        columns: ['name', 'count', ''],
        rows: rows.map((r) => [r.name, r.value, r.latent ? 'expected' : 'observed']),
      })}
    >
      {(width) => {
        const left = Math.min(width * 0.4, 16 + 7.2 * Math.max(3, ...rows.map((r) => r.name.length)))
        const x = linear([0, most], [left, width - 64])
        const height = rows.length * 30 + 8
        return (
          <svg viewBox={`0 0 ${width} ${height}`} height={height} role="img" aria-label={summary}>
            {rows.map((r, i) => (
              <g key={r.name} transform={`translate(0 ${4 + i * 30})`}>
                <text x={left - 8} y="15" dy="0.32em" text-anchor="end" font-style={r.latent ? 'italic' : 'normal'}>
                  {cut(r.name, left - 10)}
                </text>
                <rect
                  x={left}
                  y="4"
                  width={Number.isFinite(r.value) ? x(r.value) - left : 0}
                  height="22"
                  fill={r.latent ? 'var(--series-0)' : 'var(--chart-rule)'}
                />
                <text x={(Number.isFinite(r.value) ? x(r.value) : left) + 6} y="15" dy="0.32em">
                  {short(r.value, 5)}
                </text>
              </g>
            ))}
          </svg>
        )
      }}
    </Figure>
  )
}

import { useEffect, useMemo, useState } from 'preact/hooks'
import { Figure } from '../../charts/figure.js'
import { componentName, counted, listed, short } from '../../charts/format.js'
import { Legend, type LegendItem } from '../../charts/legend.js'
import { Bars, Line, Marker } from '../../charts/marks.js'
import { colourOf, dashOf } from '../../charts/palette.js'
import { Plot } from '../../charts/plot.js'
import type { PointQueries, RunView } from '../../session/view.js'
import { useAnswer } from '../use-answer.js'
import { binsOf } from './bins.js'
import { ColumnSelect } from './column-select.js'
import type { View } from './views.js'

interface Props {
  readonly offered: Extract<View, { kind: 'histogram' }>
  readonly run: RunView | null
  readonly queries: PointQueries
  readonly title: string
}

/** How values of one column are spread, with the density of each component and of all together. */
export function HistogramChart({ offered, run, queries, title }: Props) {
  const { columns } = offered
  const [position, setPosition] = useState(0)
  useEffect(() => setPosition((p) => (p < columns.length ? p : 0)), [columns.length])
  const column = columns[position] ?? columns[0]
  const point = run?.point ?? null
  const bins = useMemo(
    () => (column === undefined ? null : binsOf(column.values, column.element !== 'real', column.weights)),
    [column],
  )
  const curves = useAnswer(
    () =>
      run === null || point === null || column === undefined || bins === null
        ? null
        : queries.density(run.id, { kind: 'curve', data: column.data, column: column.column, x: bins.grid }),
    [run?.id, point, column],
  )
  if (column === undefined || bins === null) return null
  const density = curves.value !== null && curves.value.total.length === bins.grid.length ? curves.value : null
  const several = (density?.components.length ?? 0) > 1
  const top = Math.max(...bins.bars.map((b) => b.height), ...(density === null ? [] : finite(density.total)))
  const summary = summaryOf(column.label, bins.count, bins.bars.length, density?.labels ?? [], bins.whole)
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
      legend={<Legend items={legendOf(density?.latent ?? null, density?.labels ?? [], density !== null)} />}
      table={() => ({
        caption: `${column.label}: ${bins.whole ? 'share of rows' : 'density'}`,
        columns: ['from', 'to', 'rows', bins.whole ? 'share' : 'density'],
        rows: bins.bars.map((b) => [short(b.from, 5), short(b.to, 5), String(b.rows), b.height]),
      })}
    >
      {(width) => (
        <Plot
          label={summary}
          width={width}
          x={bins.domain}
          y={[0, top * 1.06 || 1]}
          xLabel={column.label}
          yLabel={bins.whole ? 'share of rows' : `density (per unit of ${column.label})`}
          wholeX={bins.whole}
        >
          {(frame) => (
            <>
              <Bars frame={frame} bars={bins.bars} colour="var(--chart-rule)" opacity={0.45} />
              {density === null ? null : (
                <>
                  <Line frame={frame} xs={bins.grid} ys={density.total} colour="var(--chart-strong)" width={1.5} />
                  {several
                    ? density.components.map((c, k) => (
                        <Line
                          key={`${k}`}
                          frame={frame}
                          xs={bins.grid}
                          ys={c}
                          colour={colourOf(k)}
                          dash={dashOf(k)}
                          width={2.25}
                        />
                      ))
                    : null}
                  {several
                    ? density.components.map((c, k) => {
                        const peak = peakOf(c)
                        return (
                          <Marker
                            key={`${k}`}
                            frame={frame}
                            x={bins.grid[peak] ?? 0}
                            y={c[peak] ?? 0}
                            series={k}
                            size={70}
                            ring
                          />
                        )
                      })
                    : null}
                </>
              )}
            </>
          )}
        </Plot>
      )}
    </Figure>
  )
}

const finite = (values: Float64Array): number[] => Array.from(values).filter(Number.isFinite)

function peakOf(values: Float64Array): number {
  let best = 0
  values.forEach((v, i) => {
    if (v > (values[best] ?? Number.NEGATIVE_INFINITY)) best = i
  })
  return best
}

function summaryOf(label: string, count: number, bars: number, labels: readonly string[], whole: boolean): string {
  const drawn =
    labels.length > 1
      ? `, with the densities of ${counted(labels.length, 'component')} (${listed(labels)}) and their sum`
      : labels.length === 1
        ? `, with the ${whole ? 'probabilities' : 'density'} of the model`
        : ''
  return `${counted(count, 'value')} of ${label} in ${counted(bars, 'bar')}${drawn}.`
}

function legendOf(latent: string | null, labels: readonly string[], drawn: boolean): readonly LegendItem[] {
  if (!drawn) return []
  const total: LegendItem = {
    label: labels.length > 1 ? 'all together' : 'model',
    mark: 'line',
    colour: 'var(--chart-strong)',
    dash: 'none',
    width: 1.5,
  }
  if (labels.length < 2) return [total]
  return [
    ...labels.map((l, k): LegendItem => ({ label: componentName(latent, l), mark: 'marker-line', series: k })),
    total,
  ]
}

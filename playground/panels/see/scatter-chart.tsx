import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import { useColours } from '../../charts/colours.js'
import { Figure } from '../../charts/figure.js'
import { componentName, counted, listed } from '../../charts/format.js'
import { Legend, type LegendItem } from '../../charts/legend.js'
import { EllipseMark, ellipsePoints, Line, Marker } from '../../charts/marks.js'
import { colourOf, dashOf } from '../../charts/palette.js'
import { Plot, type PlotFrame } from '../../charts/plot.js'
import { type Domain, extentOf, padded } from '../../charts/scales.js'
import type { ColumnRef, LatentView, PointQueries, RunView } from '../../session/view.js'
import { useAnswer } from '../use-answer.js'
import { ColumnSelect } from './column-select.js'
import type { ColumnView } from './columns.js'
import { componentOf, isDrawn, MOST_IN_SVG, MOST_ON_CANVAS, PointCanvas, PointMarks } from './points-mark.js'
import type { View } from './views.js'

interface Props {
  readonly offered: Extract<View, { kind: 'scatter' }>
  readonly run: RunView | null
  readonly queries: PointQueries
  readonly title: string
}

const LINE_POINTS = 60
/** Around the data, so that ellipses have room while axes stand still as a fit runs. */
const ROOM = 0.13

/** Two columns, with what the components say of them: their 95 % ellipses, or the mean of one over the other. */
export function ScatterChart({ offered, run, queries, title }: Props) {
  const { columns } = offered
  const key = columns.map((c) => `${c.data} ${c.column}`).join('\n')
  const [chosen, choose] = useState({ key, x: offered.x, y: offered.y })
  useEffect(() => {
    if (chosen.key !== key) choose({ key, x: offered.x, y: offered.y })
  }, [key, chosen.key, offered.x, offered.y])
  const host = useRef<HTMLDivElement>(null)
  const colours = useColours(host)
  const x = columns[chosen.x] ?? columns[0]
  const y = columns[chosen.y] ?? columns[1]
  const point = run?.point ?? null
  const latent = point?.latents.find((l) => l.name === offered.latent) ?? null
  const asked = [run?.id, point, x, y]
  const ellipses = useAnswer(
    () =>
      run === null || point === null || x === undefined || y === undefined
        ? null
        : queries.ellipses(run.id, ref(x), ref(y)),
    asked,
  )
  const xDomain = useMemo(() => (x === undefined ? ([0, 1] as const) : roomFor(x)), [x])
  const yDomain = useMemo(() => (y === undefined ? ([0, 1] as const) : roomFor(y)), [y])
  const without = useMemo(
    () =>
      x === undefined || y === undefined ? 0 : x.values.reduce((n, v, i) => n + +!isDrawn(v, y.values[i] ?? 0), 0),
    [x, y],
  )
  const counts = useMemo(() => countsOf(latent), [latent])
  const lines = useAnswer(
    () =>
      run === null || point === null || x === undefined || y === undefined || x.data === y.data
        ? null
        : queries.lines(
            run.id,
            ref(x),
            ref(y),
            Float64Array.from(
              { length: LINE_POINTS },
              (_, i) => xDomain[0] + ((xDomain[1] - xDomain[0]) * i) / (LINE_POINTS - 1),
            ),
          ),
    asked,
  )
  if (x === undefined || y === undefined) return null
  const rings = (ellipses.value?.components ?? []).map((e) =>
    e === null ? null : { points: ellipsePoints(e.mean, e.covariance), mean: e.mean },
  )

  const many = x.rows > MOST_IN_SVG
  const labels = latent?.labels ?? ellipses.value?.labels ?? lines.value?.labels ?? []
  const summary = summaryOf(
    x.label,
    y.label,
    x.rows,
    without,
    labels,
    rings.some((r) => r !== null),
    lines.value !== null,
    counts,
  )
  const grid = Float64Array.from(
    { length: LINE_POINTS },
    (_, i) => xDomain[0] + ((xDomain[1] - xDomain[0]) * i) / (LINE_POINTS - 1),
  )
  const marks = (frame: PlotFrame) => (
    <>
      {many ? null : <PointMarks frame={frame} xs={x.values} ys={y.values} latent={latent} colours={colours} />}
      {lines.value?.means.map((m, k) => (
        <Line
          key={`${lines.value?.labels[k]}`}
          frame={frame}
          xs={grid}
          ys={m}
          colour={colourOf(k)}
          dash={dashOf(k)}
          width={2.5}
        />
      ))}
      <Rings rings={rings} frame={frame} />
    </>
  )
  return (
    <div ref={host}>
      <Figure
        title={title}
        summary={summary}
        stale={run?.stale ?? false}
        controls={
          columns.length > 2 ? (
            <>
              <ColumnSelect
                label="x"
                columns={columns}
                value={chosen.x}
                onChange={(i) => choose({ ...chosen, x: i })}
              />
              <ColumnSelect
                label="y"
                columns={columns}
                value={chosen.y}
                onChange={(i) => choose({ ...chosen, y: i })}
              />
            </>
          ) : undefined
        }
        legend={
          <Legend
            items={legendOf(
              latent?.name ?? ellipses.value?.latent ?? null,
              labels,
              rings.some((r) => r !== null),
              lines.value !== null,
            )}
          />
        }
        table={() => ({
          caption: `${x.label} and ${y.label}`,
          columns: ['row', x.label, y.label, ...(latent === null ? [] : ['component', 'probability'])],
          rows: Array.from({ length: Math.min(200, x.rows) }, (_, i) => {
            const k = componentOf(latent, i)
            return [
              String(i + 1),
              x.values[i] ?? Number.NaN,
              y.values[i] ?? Number.NaN,
              ...(latent === null
                ? []
                : [labels[k] ?? '', latent.probabilities?.[i * latent.labels.length + k] ?? Number.NaN]),
            ]
          }),
          total: x.rows,
        })}
      >
        {(width) => {
          const height = Math.round(Math.max(230, Math.min(380, width * 0.62)))
          return (
            <>
              {many ? (
                <PointCanvas
                  x={xDomain}
                  y={yDomain}
                  width={width}
                  height={height}
                  xs={x.values}
                  ys={y.values}
                  latent={latent}
                  colours={colours}
                />
              ) : null}
              <Plot
                label={summary}
                width={width}
                height={height}
                x={xDomain}
                y={yDomain}
                xLabel={x.label}
                yLabel={y.label}
              >
                {marks}
              </Plot>
            </>
          )
        }}
      </Figure>
    </div>
  )
}

type Ring = { readonly points: readonly (readonly [number, number])[]; readonly mean: readonly [number, number] } | null

function Rings({ rings, frame }: { readonly rings: readonly Ring[]; readonly frame: PlotFrame }) {
  return (
    <>
      {rings.map((r, k) =>
        r === null ? null : (
          <g key={`${k}`}>
            <EllipseMark frame={frame} points={r.points} colour={colourOf(k)} dash={dashOf(k)} />
            <Marker frame={frame} x={r.mean[0]} y={r.mean[1]} series={k} size={110} ring />
          </g>
        ),
      )}
    </>
  )
}

function roomFor(c: ColumnView): Domain {
  const extent = extentOf(c.values)
  const [low, high] = padded(extent, ROOM)
  // counts do not go below 0
  return c.element === 'count' ? [Math.max(low, -0.03 * (high - low)), high] : [low, high]
}

const ref = ({ data, column }: ColumnView): ColumnRef => ({ data, column })

/** Expected number of rows of each component. */
function countsOf(latent: LatentView | null): readonly number[] {
  if (latent?.probabilities == null) return []
  const { probabilities, labels, rows, weights } = latent
  const counts = new Array<number>(labels.length).fill(0)
  for (let i = 0; i < rows; i++)
    for (let k = 0; k < labels.length; k++)
      counts[k] = (counts[k] ?? 0) + (weights?.[i] ?? 1) * (probabilities[i * labels.length + k] ?? 0)
  return counts
}

function summaryOf(
  x: string,
  y: string,
  rows: number,
  without: number,
  labels: readonly string[],
  rings: boolean,
  lines: boolean,
  counts: readonly number[],
): string {
  const some = rows > MOST_ON_CANVAS ? ` (${MOST_ON_CANVAS.toLocaleString('en')} of them are drawn)` : ''
  const left = without === 0 ? '' : ` (not drawn: ${without} with a missing or infinite value)`
  const what = `${counted(rows, 'row')} of ${y} over ${x}${some}${left}`
  if (labels.length < 2)
    return `${what}${rings ? ', with the ellipse that holds 95 % of the Gaussian' : lines ? `, with the mean of ${y}` : ''}.`
  const shares = counts.length === 0 ? '' : `: about ${listed(counts.map((c) => c.toFixed(c < 10 ? 1 : 0)))} rows`
  const drawn = rings ? ', each with its 95 % ellipse' : lines ? `, each with its mean of ${y}` : ''
  return `${what}, coloured by ${counted(labels.length, 'component')}${drawn}${shares}.`
}

function legendOf(
  latent: string | null,
  labels: readonly string[],
  rings: boolean,
  lines: boolean,
): readonly LegendItem[] {
  const named = (k: number): string =>
    labels.length < 2 ? (rings ? '95 % ellipse' : 'mean') : componentName(latent, labels[k] ?? '')
  const mark = rings || lines ? 'marker-line' : 'marker'
  if (labels.length < 2) return rings || lines ? [{ label: named(0), mark: 'line', series: 0 }] : []
  return labels.map((_, k) => ({ label: named(k), mark, series: k }))
}

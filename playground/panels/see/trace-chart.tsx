import { useState } from 'preact/hooks'
import { Figure } from '../../charts/figure.js'
import { counted, fixed, short } from '../../charts/format.js'
import { Legend, type LegendItem } from '../../charts/legend.js'
import { Line, Marker } from '../../charts/marks.js'
import { colourOf, dashOf } from '../../charts/palette.js'
import { Plot } from '../../charts/plot.js'
import { type Domain, extentOf, padded } from '../../charts/scales.js'
import { modeFacts } from '../../session/modes.js'
import type { FitView, RunView } from '../../session/view.js'

interface Props {
  readonly view: FitView
  onScrub?(run: number, iteration: number): void
}

/** The objective of every start and of every run that is kept, iteration by iteration. */
export function TraceChart({ view, onScrub }: Props) {
  const [from, setFrom] = useState<'all' | 'end'>('all')
  const [hover, setHover] = useState<number | null>(null)
  const runs = view.runs.filter((r) => r.objectives.length > 0 || r.traces.length > 0)
  const shown = runs.find((r) => r.id === view.shown)
  const last = Math.max(
    1,
    ...runs.flatMap((r) => [r.objectives.length - 1, ...r.traces.map((t) => t.objectives.length - 1)]),
  )
  const name = shown === undefined ? 'objective' : modeFacts(shown.mode).objective
  const y = range(runs, from)
  const at = shown?.point?.iteration ?? null
  const told = hover ?? at
  return (
    <Figure
      title="Objective by iteration"
      summary={summaryOf(runs, shown)}
      stale={shown?.stale ?? false}
      table={() => tableOf(runs)}
      controls={
        <>
          <label>
            Range
            <select value={from} onChange={(e) => setFrom(e.currentTarget.value === 'end' ? 'end' : 'all')}>
              <option value="all">all iterations</option>
              <option value="end">near the end</option>
            </select>
          </label>
          {shown !== undefined && onScrub !== undefined && shown.objectives.length > 1 ? (
            <label>
              Iteration
              <input
                type="range"
                class="chart-scrub"
                min={0}
                max={shown.objectives.length - 1}
                value={Math.min(at ?? 0, shown.objectives.length - 1)}
                aria-valuetext={`iteration ${at ?? 0}, objective ${fixed(shown.objectives[at ?? 0] ?? Number.NaN, 2)}`}
                onInput={(e) => onScrub(shown.id, Number(e.currentTarget.value))}
              />
              <output>{at ?? 0}</output>
            </label>
          ) : null}
        </>
      }
      legend={<Legend items={legendOf(runs)} />}
    >
      {(width) => (
        <Plot
          label={summaryOf(runs, shown)}
          width={width}
          x={[0, last]}
          y={y}
          xLabel="iteration"
          yLabel={`${name} (nats)`}
          wholeX
          onPointer={(x) => setHover(Math.max(0, Math.min(last, Math.round(x))))}
          onLeave={() => setHover(null)}
          over={(frame) =>
            told === null || shown === undefined ? null : (
              <text
                class="halo"
                x={Math.min(frame.x(told) + 6, width - 8)}
                y={frame.top + frame.height - 8}
                text-anchor={frame.x(told) > width - 150 ? 'end' : 'start'}
                dx={frame.x(told) > width - 150 ? -12 : 0}
              >
                {`${told}: ${fixed(shown.objectives[told] ?? Number.NaN, 2)}`}
              </text>
            )
          }
        >
          {(frame) => (
            <>
              {runs.flatMap((r, i) =>
                r.traces
                  .filter((t) => !t.best)
                  .map((t) => (
                    <Line
                      key={`${r.id} ${t.seed}`}
                      frame={frame}
                      xs={t.objectives.map((_, k) => k)}
                      ys={t.objectives}
                      colour={t.degenerate ? 'var(--chart-rule)' : colourOf(i)}
                      dash={t.degenerate ? '1 3' : 'none'}
                      width={1}
                      opacity={0.6}
                    />
                  )),
              )}
              {told === null ? null : (
                <line
                  x1={frame.x(told)}
                  x2={frame.x(told)}
                  y1={frame.top}
                  y2={frame.top + frame.height}
                  stroke="var(--chart-rule)"
                  stroke-dasharray="3 3"
                />
              )}
              {runs.map((r, i) => {
                const line = r.objectives.length > 0 ? r.objectives : (r.traces.find((t) => t.best)?.objectives ?? [])
                const k = r.point?.iteration ?? line.length - 1
                return (
                  <g key={`${r.id}`}>
                    <Line
                      frame={frame}
                      xs={line.map((_, t) => t)}
                      ys={line}
                      colour={colourOf(i)}
                      dash={dashOf(i)}
                      width={2.5}
                    />
                    <Marker frame={frame} x={k} y={line[k] ?? Number.NaN} series={i} size={70} ring />
                  </g>
                )
              })}
            </>
          )}
        </Plot>
      )}
    </Figure>
  )
}

/** From the lowest objective; or the last tenth of what was won, so that slow tails are seen. */
function range(runs: readonly RunView[], from: 'all' | 'end'): Domain {
  const all = runs.map((r) => extentOf(r.objectives, ...r.traces.map((t) => t.objectives)))
  const [low, high] = extentOf(...all)
  if (from === 'all' || !(high > low)) return padded([low, high], 0.06)
  const ends = runs.map((r) => r.objectives.at(-1) ?? high).filter(Number.isFinite)
  return padded([Math.min(high - (high - low) / 50, ...ends), high], 0.06)
}

function summaryOf(runs: readonly RunView[], shown: RunView | undefined): string {
  if (shown === undefined || runs.length === 0) return 'Nothing has run yet: press Step or Fit.'
  const { objectives, point, traces } = shown
  const reached = objectives.at(-1) ?? Number.NaN
  const starts = traces.length > 1 ? ` The best of ${counted(traces.length, 'start')}.` : ''
  const others = runs.length > 1 ? ` ${counted(runs.length, 'run')} are kept.` : ''
  const gained = reached - (objectives[0] ?? Number.NaN)
  const now =
    point === null || point.iteration === objectives.length - 1 ? '' : `, shown at iteration ${point.iteration}`
  const rise = Number.isFinite(gained) && objectives.length > 1 ? `, ${short(gained, 3)} above its start` : ''
  return `After ${counted(Math.max(0, objectives.length - 1), 'iteration')} the objective is ${fixed(reached, 2)}${rise}${now}.${starts}${others}`
}

function legendOf(runs: readonly RunView[]): readonly LegendItem[] {
  const lines = runs.map((r, i): LegendItem => ({ label: r.label, mark: 'marker-line', series: i, dash: dashOf(i) }))
  const traces = runs.flatMap((r) => r.traces)
  const others = traces.some((t) => !t.best && !t.degenerate)
  const degenerate = traces.some((t) => t.degenerate)
  return [
    ...lines,
    ...(others
      ? [{ label: 'other starts', mark: 'line', colour: 'var(--series-0)', dash: 'none', width: 1 } as const]
      : []),
    ...(degenerate
      ? [{ label: 'starts that degenerate', mark: 'line', colour: 'var(--chart-rule)', dash: '1 3', width: 1 } as const]
      : []),
  ]
}

function tableOf(runs: readonly RunView[]) {
  const columns = runs.map((r) => r.label)
  const length = Math.max(0, ...runs.map((r) => r.objectives.length))
  return {
    caption: 'Objective by iteration',
    columns: ['iteration', ...columns],
    rows: Array.from({ length }, (_, t) => [String(t), ...runs.map((r) => fixed(r.objectives[t] ?? Number.NaN, 4))]),
  }
}

import { useState } from 'preact/hooks'
import '../../charts/charts.css'
import type { ViewPanelProps } from '../../session/view.js'
import { useAnswer } from '../use-answer.js'
import { ContourChart } from './contour-chart.js'
import { CurveChart } from './curve-chart.js'

/** What EM raises, and the bound that it raises it by. */
export function BoundPanel({ view, queries }: ViewPanelProps) {
  const [label, setLabel] = useState<string | null>(null)
  const run = view.runs.find((r) => r.id === view.shown) ?? null
  const point = run?.point ?? null
  const asked = [run?.id, point]
  const directions = useAnswer(() => (run === null || point === null ? null : queries.directions(run.id)), asked)
  const chosen = directions.value?.find((d) => d.label === label) ?? directions.value?.[0] ?? null
  const curve = useAnswer(
    () =>
      run === null || point === null || chosen === null ? null : queries.boundCurve(run.id, chosen.direction, 121),
    [...asked, chosen?.label],
  )
  const contour = useAnswer(() => (run === null || point === null ? null : queries.boundContour(run.id, 51)), asked)
  if (run === null || point === null)
    return (
      <div class="chart-panel">
        <p class="chart-empty">Press Step: the E-step makes the bound, the M-step moves to its top.</p>
      </div>
    )
  const error = directions.error ?? curve.error ?? contour.error
  return (
    <div class="chart-panel">
      {error === null ? null : (
        <p class="chart-empty" role="status">
          {error}
        </p>
      )}
      {directions.value !== null && directions.value.length > 1 ? (
        <div class="chart-controls">
          <label>
            along
            <select value={chosen?.label ?? ''} onChange={(e) => setLabel(e.currentTarget.value)}>
              {directions.value.map((d) => (
                <option key={d.label}>{d.label}</option>
              ))}
            </select>
          </label>
        </div>
      ) : null}
      <div class="chart-columns">
        {curve.value !== null ? (
          <CurveChart curve={curve.value} run={run} point={point} />
        ) : curve.pending || error !== null ? null : (
          <p class="chart-empty">
            {directions.value?.length === 0
              ? 'There is no param to go along: all of them have posteriors.'
              : 'Nothing moves along this line: EM has arrived.'}
          </p>
        )}
        {contour.value !== null ? <ContourChart contour={contour.value} point={point} stale={run.stale} /> : null}
      </div>
    </div>
  )
}

import { Figure } from '../../charts/figure.js'
import { fixed, short } from '../../charts/format.js'
import { Legend, type LegendItem } from '../../charts/legend.js'
import { Line, Marker, round } from '../../charts/marks.js'
import { Plot } from '../../charts/plot.js'
import { type Domain, extentOf } from '../../charts/scales.js'
import type { BoundCurveView, PointView, RunView } from '../../session/view.js'

interface Props {
  readonly curve: BoundCurveView
  readonly run: RunView
  readonly point: PointView
}

/** log L and the ELBO of the current q along a line: equal at θ(t), the bound below elsewhere, its top at θ(t+1). */
export function CurveChart({ curve, run, point }: Props) {
  const { x, objective, elbo, at, next } = curve
  const hard = run.mode === 'hard' || run.mode === 'cem'
  const [first = 0, last = 1] = [x[0], x.at(-1)]
  const y = range(curve)
  const moved = point.phase === 'M' && next !== null
  const here = moved && next !== null ? { x: next.x, y: next.elbo } : { x: at.x, y: at.objective }
  const above = moved && next !== null ? next.objective : at.objective
  const { names, gap: gapName } = hard ? HARD : namesOf(curve)
  const summary = summaryOf(curve, point, hard)
  return (
    <Figure
      title={`Bound along ${curve.label}`}
      summary={summary}
      stale={run.stale}
      legend={<Legend items={legendOf(names, moved, gapName)} />}
      table={() => ({
        caption: `Objective and bound along ${curve.label}`,
        columns: [curve.label, 'objective', 'bound', 'gap'],
        rows: Array.from(x, (v, i) => [
          short(v, 6),
          fixed(objective[i] ?? Number.NaN, 4),
          fixed(elbo[i] ?? Number.NaN, 4),
          fixed((objective[i] ?? Number.NaN) - (elbo[i] ?? Number.NaN), 4),
        ]),
      })}
    >
      {(width) => (
        <Plot
          label={summary}
          width={width}
          height={Math.round(Math.max(240, Math.min(360, width * 0.6)))}
          x={[first, last]}
          y={y}
          xLabel={xLabelOf(curve.label)}
          yLabel="nats"
          over={(frame) => {
            const end = frame.x(here.x) > width - 130
            return (
              <text
                class="halo"
                x={round(frame.x(here.x) + (end ? -10 : 10))}
                y={frame.top + frame.height - 8}
                text-anchor={end ? 'end' : 'start'}
              >
                {moved ? `θ(${curve.iteration + 1}), after M` : `θ(${curve.iteration}), after E`}
              </text>
            )
          }}
        >
          {(frame) => (
            <>
              <line
                x1={frame.x(at.x)}
                x2={frame.x(at.x)}
                y1={frame.top}
                y2={frame.top + frame.height}
                stroke="var(--chart-rule)"
                stroke-dasharray="3 3"
              />
              <Line frame={frame} xs={x} ys={objective} colour="var(--chart-strong)" width={2} />
              <Line frame={frame} xs={x} ys={elbo} colour="var(--series-0)" dash="8 3" width={2.5} />
              {moved && above - here.y > 0 ? (
                <line
                  x1={frame.x(here.x)}
                  x2={frame.x(here.x)}
                  y1={frame.y(here.y)}
                  y2={frame.y(above)}
                  stroke="var(--series-1)"
                  stroke-width={4}
                />
              ) : null}
              <Marker frame={frame} x={at.x} y={at.objective} series={0} size={70} ring />
              {moved ? <Marker frame={frame} x={here.x} y={here.y} series={1} size={90} ring /> : null}
            </>
          )}
        </Plot>
      )}
    </Figure>
  )
}

const HARD = {
  names: { top: 'log-likelihood at the best labels', low: 'log-likelihood at the labels of this step' },
  gap: 'gap',
}

/** What the two curves are: under a factorised posterior the upper one is a bound as well, whose q is made anew at each θ. */
function namesOf({ kind, hasPrior }: Pick<BoundCurveView, 'kind' | 'hasPrior'>): typeof HARD {
  const prior = hasPrior ? ' + log prior' : ''
  switch (kind) {
    case 'exact':
      return { names: { top: `log-likelihood${prior}`, low: 'ELBO of the current q' }, gap: 'gap = KL(q ‖ posterior)' }
    case 'variational':
      return {
        names: { top: `ELBO${prior}, q made anew at each θ`, low: 'ELBO of the current q' },
        gap: 'gap = what a new q wins',
      }
    case 'quadrature':
    case 'monte-carlo': {
      const by = kind === 'quadrature' ? 'by quadrature' : 'by random draws'
      return {
        names: { top: `log-likelihood${prior}, ${by}`, low: `ELBO of the current q, ${by}` },
        gap: `gap = KL(q ‖ posterior), ${by}`,
      }
    }
  }
}

const xLabelOf = (label: string): string =>
  label === 'the M-step'
    ? 'from θ(t) at 0 to θ(t+1) at 1'
    : label === 'start to end'
      ? 'from the start at 0 to the end at 1'
      : label

/** From a little below the lowest point that matters to a little above the highest. */
function range({ elbo, objective, at, next }: BoundCurveView): Domain {
  // the M-step goes to the top of the bound, before it is made
  const [, top] = extentOf(elbo, [at.objective])
  const important = [at.objective, top, ...(next === null ? [] : [next.elbo, next.objective])].filter(Number.isFinite)
  const [, high] = extentOf(objective, important)
  const [low] = extentOf(elbo, important)
  const span = Math.max(Math.max(...important) - Math.min(...important), 1e-9)
  const bottom = Math.min(...important)
  const floor = Math.max(low, bottom - Math.max(3 * span, 2.2))
  // an objective that rises far beyond is cut off, so that the bound stays large
  const ceiling = Math.min(high, Math.max(...important) + Math.max(2.5 * (Math.max(...important) - floor), span / 4))
  const room = (ceiling - floor) * 0.07 || 1
  return [floor - room, ceiling + room]
}

function summaryOf({ label, iteration, at, next, kind }: BoundCurveView, { phase }: PointView, hard: boolean): string {
  const bound = hard ? 'the bound' : 'the ELBO'
  const touch = `Along ${label}: ${bound} touches the objective at θ(${iteration}), ${fixed(at.objective, 3)}`
  const truth = kind === 'variational' && !hard ? ' The log-likelihood itself lies above both, and is not known.' : ''
  if (phase === 'E' || next === null) return `${touch}; elsewhere it lies below. The M-step goes to its top.${truth}`
  return `${touch}. The M-step raised it to ${fixed(next.elbo, 3)}; the objective there is ${fixed(next.objective, 3)}, and the gap of ${short(next.objective - next.elbo, 3)}${hard ? '' : ' is what the next E-step closes'}.${truth}`
}

function legendOf(
  names: { readonly top: string; readonly low: string },
  moved: boolean,
  gap: string,
): readonly LegendItem[] {
  return [
    { label: names.top, mark: 'line', colour: 'var(--chart-strong)', dash: 'none' },
    { label: names.low, mark: 'line', colour: 'var(--series-0)', dash: '8 3' },
    { label: 'θ(t): they touch', mark: 'marker', series: 0 },
    ...(moved
      ? [
          { label: 'θ(t+1): the top of the bound', mark: 'marker', series: 1 } as const,
          { label: gap, mark: 'line', colour: 'var(--series-1)', dash: 'none', width: 4 } as const,
        ]
      : []),
  ]
}

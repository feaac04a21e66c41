import { contours } from 'd3-contour'
import type { BoundContour } from '../../../api/pictures.js'
import { Figure } from '../../charts/figure.js'
import { counted, fixed, short } from '../../charts/format.js'
import { Legend } from '../../charts/legend.js'
import { Line, Marker, round } from '../../charts/marks.js'
import { Plot, type PlotFrame } from '../../charts/plot.js'
import { extentOf } from '../../charts/scales.js'
import type { PointView } from '../../session/view.js'

interface Props {
  readonly contour: BoundContour
  readonly point: PointView
  readonly stale: boolean
}

const LEVELS = 14

/** Contours of J(q, θ). E-steps go along q to the ridge, M-steps along θ to the top above q. */
export function ContourChart({ contour, point, stale }: Props) {
  const { param, q, theta, values, expected } = contour
  const xs = axisOf(contour)
  const xName = expected === null ? `q: the posterior at ${param}′` : `q: E[${expected.latent}]`
  const path = contour.path.filter((_, i) => i <= 2 * point.iteration + (point.phase === 'M' ? 1 : 0))
  const at = (v: number): number => along(q, xs, v)
  const px = path.map((p) => at(p.q))
  const py = path.map((p) => p.theta)
  const last = path.at(-1)
  const summary = `J(q, θ) over q and ${param}: ${counted(Math.max(0, path.length - 1), 'half-step')} of E (along q) and M (along ${param}) lead to ${fixed(last?.value ?? Number.NaN, 3)}.`
  const paths = contourPaths(values, q.length, theta.length)
  const ridge = Array.from(theta)
  return (
    <Figure
      title="J(q, θ) and the way of EM"
      summary={summary}
      stale={stale}
      legend={
        <Legend
          items={[
            { label: 'contours of J', mark: 'line', colour: 'var(--chart-rule)', dash: 'none', width: 1 },
            {
              label: 'q = posterior at θ: J is the objective',
              mark: 'line',
              colour: 'var(--chart-strong)',
              dash: '6 3',
            },
            { label: 'E and M in turn', mark: 'line', colour: 'var(--series-1)', dash: 'none' },
          ]}
        />
      }
      table={() => ({
        caption: 'The way of EM over J(q, θ)',
        columns: ['step', xName, param, 'J'],
        rows: path.map((p, i) => [
          i === 0 ? 'E 0' : i % 2 === 1 ? `M ${(i + 1) / 2}` : `E ${i / 2}`,
          short(at(p.q), 6),
          short(p.theta, 6),
          fixed(p.value, 5),
        ]),
      })}
    >
      {(width) => (
        <Plot
          label={summary}
          width={width}
          height={Math.round(Math.max(260, Math.min(400, width * 0.7)))}
          x={extentOf(xs)}
          y={extentOf(theta)}
          xLabel={xName}
          yLabel={param}
        >
          {(frame) => (
            <>
              {paths.map((c) => (
                <path
                  key={`${c.value}`}
                  d={drawn(c.rings, frame, xs, theta)}
                  fill="none"
                  stroke="var(--chart-rule)"
                  stroke-width={1}
                  opacity={0.9}
                />
              ))}
              <Line frame={frame} xs={ridge.map(at)} ys={ridge} colour="var(--chart-strong)" dash="6 3" width={1.75} />
              <Line frame={frame} xs={px} ys={py} colour="var(--series-1)" width={2.25} />
              {path.map((p, i) => (
                <Marker
                  key={`${i}`}
                  frame={frame}
                  x={at(p.q)}
                  y={p.theta}
                  series={i % 2 === 0 ? 0 : 1}
                  size={i === path.length - 1 ? 90 : 34}
                  colour="var(--series-1)"
                  ring={i === path.length - 1}
                />
              ))}
            </>
          )}
        </Plot>
      )}
    </Figure>
  )
}

/** The posterior mean as the axis of q where it grows or falls throughout; else the param that q was made at. */
function axisOf({ q, expected }: BoundContour): Float64Array {
  const v = expected?.values
  if (v === undefined) return q
  const signs = new Set(Array.from(v.subarray(1), (x, i) => Math.sign(x - (v[i] ?? Number.NaN))))
  return signs.size === 1 && !signs.has(0) && !signs.has(Number.NaN) ? v : q
}

/** The value of ys at v, linear between the xs. */
function along(xs: Float64Array, ys: Float64Array, v: number): number {
  const i = Math.min(xs.length - 2, Math.max(0, xs.findIndex((x) => x > v) - 1))
  const k = v >= (xs.at(-1) ?? v) ? xs.length - 2 : i
  const [a = 0, b = 1] = [xs[k], xs[k + 1]]
  const [c = 0, d = 0] = [ys[k], ys[k + 1]]
  return c + ((d - c) * (v - a)) / (b - a || 1)
}

/** Levels that lie closer to the top, where EM goes slowly. */
function contourPaths(values: Float64Array, nq: number, ntheta: number) {
  const [low, high] = extentOf(values)
  const levels = Array.from({ length: LEVELS }, (_, i) => high - (high - low) * ((i + 0.35) / LEVELS) ** 2.4).reverse()
  const finite = Array.from(values, (v) => (Number.isFinite(v) ? v : low - (high - low)))
  // d3 reads rows of length nq
  const turned = Array.from({ length: nq * ntheta }, (_, k) => finite[(k % nq) * ntheta + Math.floor(k / nq)] ?? low)
  return contours()
    .size([nq, ntheta])
    .thresholds(levels)(turned)
    .map((c) => ({ value: c.value, rings: c.coordinates.flat() }))
}

/** d3's coordinates count cells, whose centres are at k + ½; the frame of the grid is no contour. */
function drawn(
  rings: readonly (readonly (readonly number[])[])[],
  frame: PlotFrame,
  xs: Float64Array,
  ys: Float64Array,
): string {
  const at = (axis: Float64Array, c: number): number => {
    const k = Math.max(0, Math.min(axis.length - 1, c - 0.5))
    const i = Math.min(axis.length - 2, Math.floor(k))
    const [a = 0, b = 0] = [axis[i], axis[i + 1]]
    return a + (b - a) * (k - i)
  }
  const edge = ([a = 0, b = 0]: readonly number[]): boolean =>
    a <= 0.5 || b <= 0.5 || a >= xs.length - 0.5 || b >= ys.length - 0.5
  return rings
    .map((ring) => {
      let pen = 'M'
      return ring
        .map((p) => {
          if (edge(p)) {
            pen = 'M'
            return ''
          }
          const step = `${pen}${round(frame.x(at(xs, p[0] ?? 0)))},${round(frame.y(at(ys, p[1] ?? 0)))}`
          pen = 'L'
          return step
        })
        .join('')
    })
    .join('')
}

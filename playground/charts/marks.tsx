import { area, line } from 'd3-shape'
import { colourOf, markerPath } from './palette.js'
import type { PlotFrame } from './plot.js'

export { ellipsePoints, RADIUS_95 } from '../../api/charts/ellipse.js'

interface Styled {
  readonly colour: string
  readonly dash?: string
  readonly width?: number
  readonly opacity?: number
}

/** A line through points; it is broken where a number is not finite. */
export function Line({
  frame,
  xs,
  ys,
  colour,
  dash,
  width = 2,
  opacity = 1,
}: { readonly frame: PlotFrame; readonly xs: ArrayLike<number>; readonly ys: ArrayLike<number> } & Styled) {
  const at = (i: number): number => ys[i] ?? Number.NaN
  const path = line<number>()
    .defined((i) => Number.isFinite(at(i)) && Number.isFinite(xs[i] ?? Number.NaN))
    .x((i) => round(frame.x(xs[i] ?? 0)))
    .y((i) => round(frame.y(at(i))))(indices(xs.length))
  return (
    <path
      d={path ?? ''}
      fill="none"
      stroke={colour}
      stroke-width={width}
      stroke-dasharray={dash ?? 'none'}
      stroke-linejoin="round"
      opacity={opacity}
    />
  )
}

/** The area between two lines. */
export function Band({
  frame,
  xs,
  low,
  high,
  colour,
  opacity = 0.18,
}: {
  readonly frame: PlotFrame
  readonly xs: ArrayLike<number>
  readonly low: ArrayLike<number>
  readonly high: ArrayLike<number>
} & Styled) {
  const path = area<number>()
    .defined((i) => Number.isFinite(low[i] ?? Number.NaN) && Number.isFinite(high[i] ?? Number.NaN))
    .x((i) => round(frame.x(xs[i] ?? 0)))
    .y0((i) => round(frame.y(low[i] ?? 0)))
    .y1((i) => round(frame.y(high[i] ?? 0)))(indices(xs.length))
  return <path d={path ?? ''} fill={colour} opacity={opacity} />
}

/** The marker of component k at a point. */
export function Marker({
  frame,
  x,
  y,
  series,
  size = 40,
  colour,
  ring = false,
}: {
  readonly frame: PlotFrame
  readonly x: number
  readonly y: number
  readonly series: number
  readonly size?: number
  readonly colour?: string
  readonly ring?: boolean
}) {
  if (!Number.isFinite(x) || !Number.isFinite(y)) return null
  return (
    <path
      d={markerPath(series, size)}
      transform={`translate(${round(frame.x(x))} ${round(frame.y(y))})`}
      fill={colour ?? colourOf(series)}
      stroke={ring ? 'var(--chart-back)' : 'none'}
      stroke-width={ring ? 1.5 : 0}
    />
  )
}

export function EllipseMark({
  frame,
  points,
  colour,
  dash,
}: { readonly frame: PlotFrame; readonly points: readonly (readonly [number, number])[] } & Styled) {
  const path = points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${round(frame.x(x))},${round(frame.y(y))}`).join('')
  return (
    <>
      <path d={`${path}Z`} fill="none" stroke="var(--chart-back)" stroke-width="4.5" opacity="0.8" />
      <path d={`${path}Z`} fill="none" stroke={colour} stroke-width="2.25" stroke-dasharray={dash ?? 'none'} />
    </>
  )
}

/** Bars from 0, over [from, to). */
export function Bars({
  frame,
  bars,
  colour,
  opacity = 1,
}: {
  readonly frame: PlotFrame
  readonly bars: readonly { readonly from: number; readonly to: number; readonly height: number }[]
} & Styled) {
  const floor = frame.y(0)
  return (
    <g fill={colour} opacity={opacity}>
      {bars.map((b) => {
        const x = frame.x(b.from)
        const y = frame.y(b.height)
        return (
          <rect
            key={`${b.from}`}
            x={round(x + 0.5)}
            y={round(Math.min(y, floor))}
            width={Math.max(0.5, round(frame.x(b.to) - x - 1))}
            height={Math.max(0, round(Math.abs(floor - y)))}
          />
        )
      })}
    </g>
  )
}

const indices = (n: number): number[] => Array.from({ length: n }, (_, i) => i)

export const round = (x: number): number => Math.round(x * 10) / 10

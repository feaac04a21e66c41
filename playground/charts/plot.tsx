import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import type { Frame } from '../../api/charts/frame.js'
import { type Domain, linear, type Tick, ticksOf } from './scales.js'

export type PlotFrame = Frame

export interface PlotProps {
  /** What a reader who does not see it is told. */
  readonly label: string
  readonly width: number
  readonly height?: number
  readonly x: Domain
  readonly y: Domain
  /** With the unit, where there is one. */
  readonly xLabel: string
  readonly yLabel: string
  /** Ticks of one's own, as of categories. */
  readonly xTicks?: readonly Tick[]
  readonly yTicks?: readonly Tick[]
  readonly wholeX?: boolean
  readonly wholeY?: boolean
  /** Marks in front of the axes, cut off at the frame. */
  children(frame: PlotFrame): ComponentChildren
  /** Marks that may leave the frame, as labels do. */
  over?(frame: PlotFrame): ComponentChildren
  onPointer?(x: number, frame: PlotFrame): void
  onLeave?(): void
}

/** At 12 px, in a font with wide digits. */
export const textWidth = (text: string): number => text.length * 7.2 + (text.includes('−') ? 4 : 0)

type Layout = Pick<PlotProps, 'width' | 'height' | 'x' | 'y' | 'yTicks' | 'wholeY'>

function layout(p: Layout): { readonly frame: PlotFrame; readonly yTicks: readonly Tick[]; readonly height: number } {
  const height = p.height ?? (p.width < 420 ? 230 : 280)
  const yTicks = p.yTicks ?? ticksOf(linear(p.y, [height, 0]), Math.floor((height - 60) / 44), p.wholeY)
  const left = Math.ceil(Math.max(24, ...yTicks.map((t) => textWidth(t.label))) + 12)
  const frame: PlotFrame = {
    x: linear(p.x, [left, p.width - 14]),
    y: linear(p.y, [height - 42, 24]),
    left,
    top: 24,
    width: Math.max(10, p.width - 14 - left),
    height: height - 66,
  }
  return { frame, yTicks, height }
}

/** The scales that a plot of these props has, for what is drawn beside it on a canvas. */
export const frameOf = (p: Layout): PlotFrame => layout(p).frame

/** Axes with ticks and labels around marks. */
export function Plot(p: PlotProps) {
  const { frame, yTicks, height } = layout(p)
  const { left } = frame
  const xTicks = fitting(p.xTicks ?? ticksOf(frame.x, Math.floor(frame.width / 78), p.wholeX), frame)
  const { x, y } = frame
  const bottom = frame.top + frame.height
  const clip = useId()
  return (
    <svg
      viewBox={`0 0 ${p.width} ${height}`}
      height={height}
      role="img"
      aria-label={p.label}
      onPointerMove={(e) => {
        if (p.onPointer === undefined) return
        const box = e.currentTarget.getBoundingClientRect()
        p.onPointer(x.invert(((e.clientX - box.left) / box.width) * p.width), frame)
      }}
      onPointerLeave={() => p.onLeave?.()}
    >
      <defs>
        <clipPath id={clip}>
          <rect x={left} y={frame.top - 6} width={frame.width + 6} height={frame.height + 6} />
        </clipPath>
      </defs>
      <g class="grid">
        {yTicks.map((t) => (
          <line key={t.label} x1={left} x2={left + frame.width} y1={y(t.value)} y2={y(t.value)} />
        ))}
      </g>
      <g clip-path={`url(#${clip})`}>{p.children(frame)}</g>
      <g class="axis">
        <path d={`M${left},${frame.top}V${bottom}H${left + frame.width}`} />
        {xTicks.map((t) => (
          <g key={`${t.value}`} transform={`translate(${x(t.value)} ${bottom})`}>
            <line y2="5" />
            <text y="18" text-anchor="middle">
              {t.label}
            </text>
          </g>
        ))}
        {yTicks.map((t) => (
          <g key={`${t.value}`} transform={`translate(${left} ${y(t.value)})`}>
            <line x2="-5" />
            <text x="-8" dy="0.32em" text-anchor="end">
              {t.label}
            </text>
          </g>
        ))}
        <text class="quiet" x={left + frame.width} y={height - 6} text-anchor="end">
          {cut(p.xLabel, frame.width + left - 8)}
        </text>
        <text class="quiet" x="2" y="12">
          {cut(p.yLabel, p.width - 8)}
        </text>
      </g>
      {p.over?.(frame)}
    </svg>
  )
}

/** Leaves out ticks whose labels would touch. */
function fitting(ticks: readonly Tick[], { x, left, width }: PlotFrame): readonly Tick[] {
  let end = Number.NEGATIVE_INFINITY
  return ticks.filter((t) => {
    const half = textWidth(t.label) / 2
    const at = x(t.value)
    if (at - half < end + 6 || at + half > left + width + 14 || at < left - 1) return false
    end = at + half
    return true
  })
}

export function cut(text: string, room: number): string {
  const most = Math.max(3, Math.floor(room / 7.2))
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`
}

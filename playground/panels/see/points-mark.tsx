import { useEffect, useRef } from 'preact/hooks'
import { mixed, type Rgb } from '../../charts/colours.js'
import { round } from '../../charts/marks.js'
import { markerPath } from '../../charts/palette.js'
import type { PlotFrame } from '../../charts/plot.js'
import type { LatentView } from '../../session/view.js'

/** From here on points are drawn on a canvas. */
export const MOST_IN_SVG = 1500

interface Points {
  readonly xs: Float64Array
  readonly ys: Float64Array
  readonly latent: LatentView | null
  readonly colours: readonly Rgb[]
}

/** Points whose colour mixes those of the components by their probabilities; the shape is that of the most probable. */
export function PointMarks({ frame, xs, ys, latent, colours }: Points & { readonly frame: PlotFrame }) {
  const out = []
  for (let i = 0; i < xs.length; i++) {
    const [x, y] = [xs[i] ?? Number.NaN, ys[i] ?? Number.NaN]
    if (Number.isNaN(x) || Number.isNaN(y)) continue
    out.push(
      <path
        key={i}
        d={markerPath(componentOf(latent, i), 30)}
        transform={`translate(${round(frame.x(x))} ${round(frame.y(y))})`}
        fill={fillOf(latent, i, colours)}
      />,
    )
  }
  return <g fill-opacity="0.85">{out}</g>
}

/** The same on a canvas over the plot, for many points. */
export function PointCanvas({
  xs,
  ys,
  latent,
  colours,
  frame,
  width,
  height,
}: Points & { readonly frame: PlotFrame; readonly width: number; readonly height: number }) {
  const ref = useRef<HTMLCanvasElement>(null)
  useEffect(() => {
    const canvas = ref.current
    const context = canvas?.getContext('2d')
    if (canvas === null || context == null) return
    const ratio = window.devicePixelRatio || 1
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
    context.scale(ratio, ratio)
    context.globalAlpha = Math.max(0.25, Math.min(0.85, 3000 / xs.length))
    const shapes = Array.from(
      { length: Math.max(1, latent?.labels.length ?? 1) },
      (_, k) => new Path2D(markerPath(k, 16)),
    )
    for (let i = 0; i < xs.length; i++) {
      const [x, y] = [xs[i] ?? Number.NaN, ys[i] ?? Number.NaN]
      if (Number.isNaN(x) || Number.isNaN(y)) continue
      const shape = shapes[componentOf(latent, i)]
      if (shape === undefined) continue
      context.fillStyle = fillOf(latent, i, colours)
      context.setTransform(ratio, 0, 0, ratio, ratio * frame.x(x), ratio * frame.y(y))
      context.fill(shape)
    }
  })
  return <canvas ref={ref} style={{ width: `${width}px`, height: `${height}px` }} />
}

export const componentOf = (latent: LatentView | null, row: number): number => latent?.modes?.[row] ?? 0

function fillOf(latent: LatentView | null, row: number, colours: readonly Rgb[]): string {
  const p = latent?.probabilities ?? null
  if (latent !== null && p !== null && colours.length > 0) return mixed(colours, p, row, latent.labels.length)
  const [first] = colours
  return first === undefined ? 'currentColor' : `rgb(${first.map(Math.round).join(' ')})`
}

import { useEffect, useRef } from 'preact/hooks'
import { mixed, type Rgb } from '../../charts/colours.js'
import { round } from '../../charts/marks.js'
import { markerPath } from '../../charts/palette.js'
import { frameOf, type PlotFrame } from '../../charts/plot.js'
import type { Domain } from '../../charts/scales.js'
import type { LatentView } from '../../session/view.js'

/** A missing cell and an infinite one have no place. */
export const isDrawn = (x: number, y: number): boolean => Number.isFinite(x) && Number.isFinite(y)

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
    if (!isDrawn(x, y)) continue
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

/** More rows than these are looked at through some of them, evenly spread. */
export const MOST_ON_CANVAS = 20_000

/** Milliseconds of drawing between two turns of the page. */
const SLICE = 8

interface OnCanvas extends Points {
  readonly x: Domain
  readonly y: Domain
  readonly width: number
  readonly height: number
}

/** The same on a canvas over the plot, for many points: drawn in slices, so that the page never waits for them. */
export function PointCanvas({ xs, ys, latent, colours, x, y, width, height }: OnCanvas) {
  const ref = useRef<HTMLCanvasElement>(null)
  const [x0, x1] = x
  const [y0, y1] = y
  useEffect(() => {
    const canvas = ref.current
    const context = canvas?.getContext('2d')
    if (canvas === null || context == null) return
    const frame = frameOf({ width, height, x: [x0, x1], y: [y0, y1] })
    const ratio = window.devicePixelRatio || 1
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
    const step = Math.max(1, xs.length / MOST_ON_CANVAS)
    context.globalAlpha = Math.max(0.25, Math.min(0.85, (3000 * step) / xs.length))
    const shapes = Array.from(
      { length: Math.max(1, latent?.labels.length ?? 1) },
      (_, k) => new Path2D(markerPath(k, 16)),
    )
    let at = 0
    let turn = 0
    const draw = (): void => {
      const until = performance.now() + SLICE
      for (let drawn = 0; at < xs.length; at += step, drawn++) {
        if (drawn % 64 === 63 && performance.now() > until) {
          turn = requestAnimationFrame(draw)
          return
        }
        const i = Math.floor(at)
        const [px, py] = [xs[i] ?? Number.NaN, ys[i] ?? Number.NaN]
        const shape = shapes[componentOf(latent, i)]
        if (!isDrawn(px, py) || shape === undefined) continue
        context.fillStyle = fillOf(latent, i, colours)
        context.setTransform(ratio, 0, 0, ratio, ratio * frame.x(px), ratio * frame.y(py))
        context.fill(shape)
      }
    }
    draw()
    return () => cancelAnimationFrame(turn)
  }, [xs, ys, latent, colours, x0, x1, y0, y1, width, height])
  return <canvas ref={ref} style={{ width: `${width}px`, height: `${height}px` }} />
}

export const componentOf = (latent: LatentView | null, row: number): number => latent?.modes?.[row] ?? 0

function fillOf(latent: LatentView | null, row: number, colours: readonly Rgb[]): string {
  const p = latent?.probabilities ?? null
  if (latent !== null && p !== null && colours.length > 0) return mixed(colours, p, row, latent.labels.length)
  const [first] = colours
  return first === undefined ? 'currentColor' : `rgb(${first.map(Math.round).join(' ')})`
}

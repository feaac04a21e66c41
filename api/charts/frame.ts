import type { ScaleLinear } from 'd3-scale'

/** The area of the marks of a chart, in pixels, with the scales of its axes. */
export interface Frame {
  readonly x: ScaleLinear<number, number>
  readonly y: ScaleLinear<number, number>
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

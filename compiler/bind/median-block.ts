/**
 * The weighted median as an M-step: Q is concave and piecewise linear in each element, and its left derivative, which the
 * gradient of |e − u| with sign(0) = 1 is, changes from positive to negative at the maximum. Elements are halved together,
 * each on its own interval, one pass over the rows a turn.
 */
import type { NumericBlock } from '../lower/program.js'
import { bounds, clamp, f64 } from '../targets/solve/types.js'
import type { NewtonHost } from './newton-block.js'

/** Halvings: to neighbouring floats, or next to 0 to 2^−64 of the interval. */
const MOST_TURNS = 64

/** Beyond all data, in units of the value. */
const FAR = 1e100

export function solveMedian(block: NumericBlock, host: NewtonHost): void {
  const [name] = block.params
  if (name === undefined) return
  const layout = host.layout(name)
  const memory = host.buffers()
  const u = f64(memory, `trial:${name}`)
  const slopes = (at: Float64Array): Float64Array => {
    u.set(at)
    host.deriveTrial()
    const total = new Float64Array(layout.length)
    const parts = ['grad', 'grad rows'].flatMap((part) => memory.buffers.get(`${part} ${name}`) ?? [])
    for (const part of parts) part.fill(0)
    host.run(block.gradient)
    for (const r of block.rows) host.runRows(r.pass, [r.gradient])
    for (const part of parts) for (let i = 0; i < total.length; i++) total[i] = (total[i] ?? 0) + (part[i] ?? 0)
    return total
  }
  const start = u.slice(0, layout.length)
  const low = new Float64Array(layout.length)
  const high = new Float64Array(layout.length)
  const end = bounds(layout)
  const first = slopes(start)
  // an element without weight keeps its value: Q is flat around it
  const flat = (i: number, by: number): boolean => slopes(moved(start, i, by))[i] === 0
  const idle = first.map((s, i) => (s === 0 && flat(i, FAR) && flat(i, -FAR) ? 1 : 0))
  bracket(start, first, idle, low, high, slopes)
  for (let turn = 0; turn < MOST_TURNS; turn++) {
    const middle = low.map((a, i) => a + ((high[i] ?? 0) - a) / 2)
    if (middle.every((m, i) => !(m > (low[i] ?? 0) && m < (high[i] ?? 0)))) break
    const at = slopes(middle)
    middle.forEach((m, i) => {
      if (!(m > (low[i] ?? 0) && m < (high[i] ?? 0))) return
      if ((at[i] ?? 0) > 0) low[i] = m
      else high[i] = m
    })
  }
  u.set(low.map((x, i) => ((idle[i] ?? 0) === 1 ? (start[i] ?? 0) : clamp(x, end.low, end.high))))
  host.deriveTrial()
}

function moved(at: Float64Array, i: number, by: number): Float64Array {
  const out = Float64Array.from(at)
  out[i] = (out[i] ?? 0) + by * (1 + Math.abs(out[i] ?? 0))
  return out
}

/** Intervals with a positive left derivative at the low end and none at the high one, by steps that double. */
function bracket(
  start: Float64Array,
  first: Float64Array,
  idle: Float64Array,
  low: Float64Array,
  high: Float64Array,
  slopes: (at: Float64Array) => Float64Array,
): void {
  low.set(start)
  high.set(start)
  const rising = Array.from(first, (s) => s > 0)
  let open = Array.from(idle, (x) => x === 0)
  for (let stride = 1e-3; open.some((x) => x) && stride < 1e300; stride *= 4) {
    const trial = start.map((x, i) =>
      open[i] === true ? x + (rising[i] === true ? 1 : -1) * stride * (1 + Math.abs(x)) : x,
    )
    const at = slopes(trial)
    open = open.map((isOpen, i) => {
      if (!isOpen) return false
      const up = (at[i] ?? 0) > 0
      const x = trial[i] ?? 0
      if (up) low[i] = x
      else high[i] = x
      return up === rising[i]
    })
  }
}

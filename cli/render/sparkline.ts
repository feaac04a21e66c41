import { formatObjective } from './numbers.js'

const blocks = '▁▂▃▄▅▆▇█'

/**
 * The trace of the objective as one line of block characters. EM gains most at first, so heights are on the logarithm of
 * the distance to the end: a straight slope is linear convergence.
 */
export function sparkline(trace: readonly number[], width: number): string {
  const finite = trace.filter(Number.isFinite)
  const end = finite.at(-1)
  const start = finite[0]
  if (end === undefined || start === undefined || finite.length < 2 || !(end > start)) return ''
  const floor = (end - start) * 1e-8
  const low = Math.log(end - start + floor)
  const high = Math.log(floor)
  const points = resample(finite, Math.max(2, Math.min(width, finite.length)))
  const bars = points.map((value) => {
    const share = (Math.log(Math.max(0, end - value) + floor) - low) / (high - low)
    return blocks[Math.max(0, Math.min(blocks.length - 1, Math.round(share * (blocks.length - 1))))] ?? ''
  })
  return `${formatObjective(start)} ${bars.join('')} ${formatObjective(end)}`
}

function resample(values: readonly number[], count: number): number[] {
  return Array.from({ length: count }, (_, i) => values[Math.round((i * (values.length - 1)) / (count - 1))] ?? 0)
}

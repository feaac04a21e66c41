/**
 * A buffer that is emptied and then added to is written once:
 *
 *   out = 0;  out[n, a] += u (for each d);  out[n, a] += v   →   out[n, a] = Σ_d u + v
 *
 * so that other passes see the whole sum. Page: docs/kernel-passes/join-additions.md.
 */
import * as k from '../build.js'
import type { Axis, Buffer, KernelOp } from '../types.js'
import { buffersReadByOp, buffersWritten } from '../visit.js'
import { withAxes } from './polynomial.js'
import type { KernelPass, PassContext } from './types.js'

type Addition = KernelOp & { readonly op: 'scatterAdd' }

export const joinAdditions: KernelPass = {
  name: 'join-additions',
  apply(program, context) {
    const buffers = new Map(program.buffers.map((b) => [b.id, b]))
    const applied: string[] = []
    const declined: string[] = []
    let rows = program.rows
    for (const op of program.rows) {
      if (op.op !== 'fill' || op.value !== 0) continue
      const buffer = buffers.get(op.out)
      if (buffer?.space !== 'scratch' || buffer.rows !== context.rows.table) continue
      const joined = join(rows, op, buffer, context)
      if (typeof joined === 'string') declined.push(`${op.out}: ${joined}`)
      else {
        rows = joined
        applied.push(op.out)
      }
    }
    return { program: { ...program, rows }, applied, declined }
  },
}

function join(
  rows: readonly KernelOp[],
  fill: KernelOp,
  buffer: Buffer,
  context: PassContext,
): readonly KernelOp[] | string {
  const start = rows.indexOf(fill)
  const additions: Addition[] = []
  for (const op of rows.slice(start + 1)) {
    if (buffersReadByOp(op).has(buffer.id)) break
    if (!buffersWritten(op).has(buffer.id)) continue
    if (op.op !== 'scatterAdd') return 'it is written in another way too'
    if (!coversRows(op, buffer, context)) return 'an addition does not have one place for each of its elements'
    additions.push(op)
  }
  const [first] = additions
  const last = additions.at(-1)
  if (first === undefined || last === undefined) return 'nothing is added'
  const between = rows.slice(start, rows.indexOf(last)).filter((op) => !additions.some((one) => one === op))
  const written = new Set(between.flatMap((op) => [...buffersWritten(op)]))
  if (additions.some((op) => [...buffersReadByOp(op)].some((id) => written.has(id) && id !== buffer.id)))
    return 'what is added is written in between'
  const axes = placesOf(first)
  const terms = additions.map((op) => {
    const own = placesOf(op)
    const names = new Map(own.map((axis, i) => [axis.id, axes[i]?.id ?? axis.id]))
    const inner = op.axes.filter((axis) => !own.includes(axis))
    const renamed = new Map(inner.map((axis) => [axis.id, context.fresh(`over`)]))
    const value = withAxes(op.value, new Map([...names, ...renamed]))
    return inner.reduceRight((body, axis) => k.sum({ ...axis, id: renamed.get(axis.id) ?? axis.id }, body), value)
  })
  const map = k.mapOver(buffer.id, axes, k.add(...terms))
  return rows.flatMap((op) => {
    if (op === last) return [map]
    return op === fill || additions.some((one) => one === op) ? [] : [op]
  })
}

/** Axes of the positions, in their order. */
function placesOf(op: Addition): readonly Axis[] {
  return op.at.flatMap((index) => (index.k === 'axis' ? op.axes.filter((axis) => axis.id === index.axis) : []))
}

function coversRows(op: Addition, buffer: Buffer, context: PassContext): boolean {
  const places = placesOf(op)
  return (
    places.length === op.at.length &&
    new Set(places).size === places.length &&
    places[0]?.id === context.rows.axis &&
    places.every((axis, i) => axis.size === buffer.shape[i]) &&
    op.axes.every((axis) => axis.ragged === undefined)
  )
}

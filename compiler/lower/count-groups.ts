import { call, num, sub } from '../algebra/build.js'
import { weightOf } from '../estep/plan.js'
import type { CountGroup } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import { addToObjective, meanBuffer } from './buffers.js'
import type { Draws } from './draws.js'
import { extentOf, type Lowerer } from './lowerer.js'

/**
 * Multinomial posteriors of counts given their sums, and their part of the objective. With draws the counts are drawn one after
 * another, each binomial given those before.
 */
export function lowerCountGroup(
  g: CountGroup,
  lowerer: Lowerer,
  draws: Draws | null,
): {
  readonly posterior: readonly KernelOp[]
  readonly given: readonly KernelOp[]
  readonly objective: readonly KernelOp[]
  readonly rows: readonly Axis[]
} {
  const { axes: rows, context } = lowerer.loops(
    g.loops.map((l) => l.index),
    { vars: new Map(), at: 'param' },
  )
  const rowAt = rows.map((a) => k.axis(a))
  const cells: Axis = { id: `cells ${g.id}`, name: 'c', size: lowerer.size(num(g.latents.length)) }
  const shape = g.loops.map((l) => lowerer.size(extentOf(l.index)))
  const table = g.loops[0] === undefined ? {} : { rows: g.loops.map((l) => l.index.id).join(',') }
  const weights = lowerer.buffer({
    id: `weights ${g.id}`,
    space: 'scratch',
    type: 'f64',
    shape: [...shape, cells.size],
    ...table,
  })
  const total = lowerer.buffer({ id: `normaliser ${g.id}`, space: 'scratch', type: 'f64', shape, ...table })
  const sum = lowerer.expr(g.total, context)
  const posterior: KernelOp[] = g.logWeights.map(
    (w, i): KernelOp => ({
      op: 'map',
      out: weights,
      axes: rows,
      at: [...rowAt, k.num(i)],
      value: lowerer.expr(w, context),
    }),
  )
  posterior.push({
    op: 'reduce',
    kind: 'logSumExp',
    out: total,
    axes: rows,
    over: [cells],
    at: rowAt,
    value: k.load(weights, ...rowAt, k.axis(cells)),
  })
  const given: KernelOp[] = []
  const means = g.latents.map((name) =>
    lowerer.buffer({ id: meanBuffer(name), space: 'scratch', type: 'f64', shape, ...table }),
  )
  const share = (i: number): KExpr => {
    const w = k.load(weights, ...rowAt, k.num(i))
    return k.select(
      k.compare('==', w, k.num(Number.NEGATIVE_INFINITY)),
      k.num(0),
      k.call('exp', k.sub(w, k.load(total, ...rowAt))),
    )
  }
  /** The count given those before; the last is what they leave. */
  const drawn = (i: number, from: Draws): KExpr => {
    const left = k.sub(sum, k.add(k.num(0), ...means.slice(0, i).map((m) => k.load(m, ...rowAt))))
    if (i === means.length - 1) return left
    const rest = k.add(...means.slice(i).map((_, j) => share(i + j)))
    const chance = k.select(k.compare('>', rest, k.num(0)), k.call('min', k.num(1), k.div(share(i), rest)), k.num(0))
    return from.binomial()(from.row(means[i] ?? '', rowAt), left, chance)
  }
  means.forEach((out, i) => {
    const value = draws === null ? k.mul0(sum, share(i)) : drawn(i, draws)
    posterior.push({ op: 'map', out, axes: rows, at: rowAt, value })
    given.push({ op: 'map', out, axes: rows, at: rowAt, value: k.mul(sum, k.num(1 / g.latents.length)) })
  })
  const log = k.sub(k.mul0(sum, k.load(total, ...rowAt)), lowerer.expr(call('lgamma', sub(g.total, num(-1))), context))
  const weight = weightOf(g.loops)
  return {
    posterior,
    given,
    objective: addToObjective(rows, weight === null ? log : k.mul0(lowerer.expr(weight, context), log)),
    rows,
  }
}

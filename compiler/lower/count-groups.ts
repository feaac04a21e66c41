import { call, num, sub } from '../algebra/build.js'
import { weightOf } from '../estep/plan.js'
import type { CountGroup } from '../estep/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp, SizeKey } from '../kernel/types.js'
import { addToObjective, meanBuffer } from './buffers.js'
import type { Draws } from './draws.js'
import { extentOf, type Lowerer } from './lowerer.js'
import { type Product, positionOfMaximum } from './max-product.js'

/**
 * Multinomial posteriors of counts given their sums, and their part of the objective. With draws the counts are drawn one after
 * another, each binomial given those before; under max-product they are the most probable ones together.
 */
export function lowerCountGroup(
  g: CountGroup,
  lowerer: Lowerer,
  draws: Draws | null,
  product: Product,
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
  const shareAt = (at: KExpr): KExpr => {
    const w = k.load(weights, ...rowAt, at)
    return k.select(
      k.compare('==', w, k.num(Number.NEGATIVE_INFINITY)),
      k.num(0),
      k.call('exp', k.sub(w, k.load(total, ...rowAt))),
    )
  }
  const share = (i: number): KExpr => shareAt(k.num(i))
  /** The count given those before; the last is what they leave. */
  const drawn = (i: number, from: Draws): KExpr => {
    const left = k.sub(sum, k.add(k.num(0), ...means.slice(0, i).map((m) => k.load(m, ...rowAt))))
    if (i === means.length - 1) return left
    const rest = k.add(...means.slice(i).map((_, j) => share(i + j)))
    const chance = k.select(k.compare('>', rest, k.num(0)), k.call('min', k.num(1), k.div(share(i), rest)), k.num(0))
    return from.binomial()(from.row(means[i] ?? '', rowAt), left, chance)
  }
  const whole = `whole ${g.id}`
  if (product === 'max') posterior.push(...mode())
  means.forEach((out, i) => {
    const expected = (): KExpr => k.mul0(sum, share(i))
    const value = product === 'max' ? k.load(whole, ...rowAt, k.num(i)) : draws === null ? expected() : drawn(i, draws)
    posterior.push({ op: 'map', out, axes: rows, at: rowAt, value })
    given.push({ op: 'map', out, axes: rows, at: rowAt, value: k.mul(sum, k.num(1 / g.latents.length)) })
  })
  const log =
    product === 'max'
      ? k.sum(cells, logOfSplit())
      : k.sub(k.mul0(sum, k.load(total, ...rowAt)), lowerer.expr(call('lgamma', sub(g.total, num(-1))), context))
  const weight = weightOf(g.loops)
  return {
    posterior,
    given,
    objective: addToObjective(rows, weight === null ? log : k.mul0(lowerer.expr(weight, context), log)),
    rows,
  }
  /** x log w − log x!, what a count adds to the log density of data and counts. */
  function logOfSplit(): KExpr {
    const x = k.load(whole, ...rowAt, k.axis(cells))
    return k.sub(k.mul0(x, k.load(weights, ...rowAt, k.axis(cells))), k.call('lgamma', k.add(x, k.num(1))))
  }

  /**
   * The most probable split of n into counts with probabilities p: none of them is n p_i − 1 or less (Feller 1968, volume I,
   * section VI.10, exercise 28), so it begins at the whole parts of n p_i. The units left, fewer than there are counts, go one by
   * one to where they raise p_1^x_1 … / (x_1! …) most, by p_i / (x_i + 1), which is best for each number of them since
   * these ratios fall with x_i (Finucan 1964, Biometrika 51); among equal ones to the first.
   */
  function mode(): readonly KernelOp[] {
    const scratch = (part: string, own: readonly SizeKey[]): string =>
      lowerer.buffer({ id: `${part} ${g.id}`, space: 'scratch', type: 'f64', shape: [...shape, ...own], ...table })
    const [ratio, largest, place, left] = [
      scratch('ratio', [cells.size]),
      scratch('largest ratio', []),
      scratch('place of ratio', []),
      scratch('left', []),
    ]
    lowerer.buffer({ id: whole, space: 'scratch', type: 'f64', shape: [...shape, cells.size], ...table })
    const moving = lowerer.buffer({ id: `moving ${g.id}`, space: 'scratch', type: 'f64', shape: [] })
    const cell = [...rowAt, k.axis(cells)]
    const [x, rest] = [k.load(whole, ...cell), k.load(left, ...rowAt)]
    const each = (out: string, value: KExpr): KernelOp => ({ op: 'map', out, axes: [...rows, cells], at: cell, value })
    const row = (out: string, value: KExpr): KernelOp => ({ op: 'map', out, axes: rows, at: rowAt, value })
    const hasLeft = k.compare('>', rest, k.num(0))
    const isPlace = k.compare('==', k.load(place, ...rowAt), k.axis(cells))
    const next = k.sub(k.load(weights, ...cell), k.call('log', k.add(x, k.num(1))))
    return [
      each(whole, k.call('floor', k.mul0(sum, shareAt(k.axis(cells))))),
      row(left, k.sub(sum, k.sum(cells, x))),
      { op: 'fill', out: moving, value: 1 },
      {
        op: 'repeat',
        times: g.latents.length - 1,
        until: moving,
        step: [
          each(ratio, next),
          {
            op: 'reduce',
            kind: 'max',
            out: largest,
            axes: rows,
            over: [cells],
            at: rowAt,
            value: k.load(ratio, ...cell),
          },
          row(place, positionOfMaximum([cells], k.load(ratio, ...cell), k.load(largest, ...rowAt))),
          each(whole, k.add(x, k.select(k.and(hasLeft, isPlace), k.num(1), k.num(0)))),
          row(left, k.sub(rest, k.num(1))),
          { op: 'fill', out: moving, value: 0 },
          { op: 'scatterAdd', out: moving, axes: rows, at: [], value: k.call('max', rest, k.num(0)) },
        ],
      },
    ]
  }
}

/**
 * Sums of products taken factor by factor: Σ_i Σ_j a_i b_j c_ik = (Σ_i a_i c_ik) (Σ_j b_j), as in variable elimination
 * (Koller and Friedman 2009, section 9.3). Second derivatives of a quadratic form by its matrix are sums over as many
 * indices as eight; taken so, over two at a time.
 */
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import { childrenOf, freeAxes } from '../kernel/visit.js'

/**
 * The same addition with each axis that its place does not name summed inside, over the factors that depend on it, where
 * others do not. Rows stay outside, as do axes of which another one's extent depends.
 *
 * @param hasRows whether the first index of a buffer is over rows
 */
export function factorSums(op: KernelOp, hasRows: (buffer: string) => boolean): KernelOp {
  if (op.op !== 'scatterAdd') return op
  const named = new Set([
    ...op.at.flatMap((e) => [...freeAxes(e)]),
    ...op.axes.flatMap((a) => (a.ragged === undefined ? [] : [...freeAxes(a.ragged.at)])),
    ...axesOverRows(op.value, hasRows),
  ])
  const inner = op.axes.filter((a, i) => i > 0 && a.ragged === undefined && !named.has(a.id))
  let { axes, value } = op
  for (;;) {
    const steps = inner
      .filter((axis) => axes.includes(axis))
      .map((axis) => ({ axis, sum: summedInside(value, axis, axes) }))
      .flatMap(({ axis, sum }) => (sum === null ? [] : [{ axis, ...sum }]))
    const [first, ...others] = steps
    if (first === undefined) return { ...op, axes, value }
    const best = others.reduce((a, b) => (b.width < a.width ? b : a), first)
    axes = axes.filter((a) => a !== best.axis)
    value = best.value
  }
}

/**
 * `value` summed over an axis, the sum standing where it is needed, with how many loops it is then inside of; null where
 * that is in all of them.
 */
function summedInside(
  value: KExpr,
  axis: Axis,
  axes: readonly Axis[],
): { readonly value: KExpr; readonly width: number } | null {
  if (value.k === 'select') {
    if (freeAxes(value.when).has(axis.id) || value.otherwise.k !== 'num' || value.otherwise.value !== 0) return null
    const then = summedInside(value.then, axis, axes)
    return then === null ? null : { ...then, value: k.select(value.when, then.value, value.otherwise) }
  }
  if (value.k !== 'mul' && value.k !== 'mul0') return null
  const depends = (e: KExpr): boolean => freeAxes(e).has(axis.id)
  const inside = value.args.filter(depends)
  const product = value.k === 'mul' ? k.mul : k.mul0
  const sum = k.sum(axis, product(...inside))
  const free = freeAxes(sum)
  const width = axes.filter((a) => free.has(a.id)).length
  if (inside.length === 0 || width >= axes.length - 1) return null
  return { value: product(...value.args.filter((e) => !depends(e)), sum), width }
}

/** Axes that lead an index over rows somewhere. */
function axesOverRows(value: KExpr, hasRows: (buffer: string) => boolean): ReadonlySet<string> {
  const out = new Set<string>()
  const seen = new Set<KExpr>()
  const visit = (e: KExpr): void => {
    if (seen.has(e)) return
    seen.add(e)
    if (e.k === 'load' && hasRows(e.buffer) && e.at[0] !== undefined) for (const id of freeAxes(e.at[0])) out.add(id)
    for (const part of childrenOf(e)) visit(part)
  }
  visit(value)
  return out
}

/** Rows of a frequency weight written out: each copy a row of its own, of weight 1. */
import type { BoundData, LatentLayout } from '../../runtime/contract.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import type { ProgramModel } from './bound-model.js'
import { whyNotMoved } from './moved-rows.js'
import { countedBy, gathered } from './resample.js'
import { rangeOf } from './sampling-units.js'

/** Copies that are still written out. */
const MOST = 1_000_000

export interface WrittenOut {
  readonly data: BoundData
  /** What there is for each row and value of discrete latents, for each copy of the rows. */
  spread(of: ReadonlyMap<string, Float64Array>): ReadonlyMap<string, Float64Array>
}

/**
 * null where no row that has latents of its own counts more than once, where weights are no whole numbers, where there are too
 * many copies (a million in all), or where a row is more than what its columns say.
 */
export function writtenOut(model: ProgramModel): WrittenOut | null {
  const { derivation: d, data } = model
  const shapes = new Map(d.graph.data.map((s) => [s.name, d.shapes.shape('data', s.name)]))
  const copies = new Map<string, Int32Array>()
  const names = new Map<string, string>()
  let total = 0
  for (const { loops } of d.graph.latents) {
    const loop = loops[0]?.index
    if (loop === undefined || copies.has(keyOf(loop.to))) continue
    const own = rangeOf(model, keyOf(loop.to), loop)
    const name = countedBy(own)
    if (name === null || own.weights === null || own.weights.every((w) => w <= 1)) continue
    total += own.weights.reduce((a, b) => a + b, 0)
    if (total > MOST) return null
    copies.set(
      keyOf(loop.to),
      Int32Array.from(Array.from(own.weights).flatMap((w, row) => new Array<number>(w).fill(row))),
    )
    names.set(keyOf(loop.to), name)
  }
  if (copies.size === 0 || !areRows(model, names, shapes)) return null
  const rows = gathered(data, shapes, copies, new Map(), new Map())
  const arrays = new Map(rows.arrays)
  for (const name of names.values()) {
    const weights = arrays.get(name)
    if (weights !== undefined) arrays.set(name, { ...weights, values: weights.values.slice().fill(1) })
  }
  const rangeOfLatent = new Map(
    d.graph.latents.flatMap((l) => (l.loops[0] === undefined ? [] : [[l.name, keyOf(l.loops[0].index.to)] as const])),
  )
  return {
    data: { ...rows, arrays },
    spread: (of) =>
      new Map(
        model.latents.map((l) => {
          const own = of.get(l.name) ?? new Float64Array(0)
          return [l.name, spreadOver(own, l, copies.get(rangeOfLatent.get(l.name) ?? ''))] as const
        }),
      ),
  }
}

/** Rows by their numbers, `copies` long. */
function spreadOver(own: Float64Array, { values }: LatentLayout, copies: Int32Array | undefined): Float64Array {
  if (copies === undefined) return own
  const out = new Float64Array(copies.length * values)
  copies.forEach((row, i) => {
    out.set(own.subarray(row * values, (row + 1) * values), i * values)
  })
  return out
}

/** true where all that is said of a row has its weight, and speaks of the row by what its columns hold. */
function areRows(
  { derivation: d }: ProgramModel,
  /** The columns of weights, by range. */
  ranges: ReadonlyMap<string, string>,
  shapes: ReadonlyMap<string, readonly Expr[]>,
): boolean {
  const isRange = (e: Expr | undefined): boolean => e !== undefined && ranges.has(keyOf(e))
  const homes = new Map(d.graph.latents.map((l) => [l.name, l.loops[0]?.index.to]))
  // a q has its numbers by rows of a single loop
  const isPlain =
    d.eStep.factorised === null || d.graph.latents.every((l) => !isRange(l.loops[0]?.index.to) || l.loops.length === 1)
  return (
    isPlain &&
    whyNotMoved(d, new Set(ranges.keys())) === null &&
    [...shapes.values()].every((shape) => !shape.slice(1).some(isRange)) &&
    d.graph.params.every((p) => !d.shapes.shape('param', p.name).some(isRange)) &&
    d.graph.factors.every(({ role, loops, value }) => {
      if (role === 'prior' || role === 'evidence') return true
      const outer = loops[0]
      const own = outer === undefined ? undefined : ranges.get(keyOf(outer.index.to))
      if (own !== undefined && !(outer?.weight?.kind === 'ref' && outer.weight.name === own)) return false
      return collectNodes(value, (n) => n.kind === 'ref' && n.space === 'latent' && isRange(homes.get(n.name))).every(
        (n) => n.kind === 'ref' && n.index[0]?.kind === 'index',
      )
    })
  )
}

/**
 * A long chain from both of its ends at once: α needs only what is before, β only what is after. With h places in its
 * first half, at the same time
 *
 *   α_0 … α_{h−1} from the left        β_{T−1} … β_{h−1}, and ρ_{T−1} … ρ_h, from the right,
 *
 * and then, likewise at the same time,
 *
 *   α_h … α_{T−1} from the left, with the ρ that are there        β_{h−2} … β_0 from the right, with the α that are there.
 *
 * The array of α holds α in the first half and ρ in the second one, so this is as much memory and as much arithmetic as one
 * after the other (`linear-chain.ts`). Scales of the first half come from Σ α, those of the second one, mirrored, from Σ ρ,
 * and whoever comes later takes those that are there: Σ α_t β_t is then the same number Z at each place, and
 *
 *   γ_t = α_t β_t / Z      ξ_t = α_{t−1} A_t ρ_t / Z      log p = log Z − Σ_t log s_t, plus what the weights left out.
 *
 * Each end divides what it starts anew with by Z. Products that are lost are bounded as in the plain form: what a loss ε in
 * α of the first half or in ρ of the second one takes of the total is ε times what it is multiplied with later, which
 * `reach` adds up.
 */
import { ONE } from '../algebra/build.js'
import { k } from '../kernel/index.js'
import { simplify } from '../kernel/simplify.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import { buffersReadByOp, buffersWritten } from '../kernel/visit.js'
import { MOST_PLACES } from './chain-sums.js'
import { LinearChainLowering, PERIOD, type PlaceReading, type PlaceSums } from './linear-chain.js'
import type { TwoEnds } from './program.js'

/** Which end does it, the left one or the right one. */
type End = 0 | 1

/** How often an end does something, in the list of counts: see `TwoEnds`. */
const ONCE = 0
const LEFT = 1
const RIGHT = 2
const RIGHT_BUT_LAST = 3

export class TwoEndsChain extends LinearChainLowering {
  /** β of the last place of the first half. */
  private readonly meeting = this.host.scratch(`meeting ${this.block.id}`, [], this.states)
  /** α of the place before the one at hand. */
  private readonly past = this.host.scratch(`past ${this.block.id}`, [], this.states)
  /** Σ over what leaves of α × step. */
  private readonly arriving = this.host.scratch(`arriving ${this.block.id}`, [], this.states)
  private readonly keys = {
    ends: `ends of ${this.block.id}`,
    left: `left half of ${this.block.id}`,
    far: `left half of ${this.block.id} beyond ${MOST_PLACES}`,
    right: `right half of ${this.block.id}`,
    counts: `counts of ${this.block.id}`,
  }
  private readonly ends: Axis = { id: `end ${this.block.id}`, name: 'e', size: this.keys.ends }

  /**
   * null where there are several sequences, which are shared as they are, or where what is computed at a place is not all
   * that the sums and the log-likelihood need.
   *
   * @param others operations beside this chain, in their order
   * @param keep arrays that they read
   */
  fromBothEnds(sums: PlaceSums | null, others: readonly KernelOp[], keep: ReadonlySet<string>): TwoEnds | null {
    const arrays = [this.alpha, this.ratio, this.gamma]
    const isOne = this.sequences.length === 0 && this.parents.length === 0 && this.axis.ragged === undefined
    if (!isOne || this.terms.local.keyed.length > 0 || arrays.some((id) => keep.has(id))) return null
    const first = this.both([this.leftFirst(), this.rightFirst()].flat())
    const second = this.both([this.leftSecond(sums), this.rightSecond(sums)].flat())
    const written = new Set([first, second].flatMap((op) => [...buffersWritten(op)]))
    const made = [this.total.buffer, this.check, this.reach, this.meeting, ...(sums?.buffers ?? [])]
    const { before, after } = parted(others, new Set([...written, ...made]))
    const log = k.neg(k.call('log', k.load(this.ending)))
    return {
      axis: this.ends,
      places: this.axis.size,
      sizes: this.keys,
      before: [...before, ...this.prepared],
      first,
      between: [this.mapParents(this.ending, [], k.div(k.num(1), this.totalAt(this.meeting)))],
      second,
      after: [this.addToTotal(log), ...(sums?.after() ?? []), this.checkReach(), ...after],
      kept: [this.alpha, this.scale, this.gamma].filter((id) => written.has(id)),
      sums: made,
    }
  }

  // -- places --------------------------------------------------------------------------------------------------------

  /** Places of the first half. */
  private get half(): KExpr {
    return k.add(k.size(this.keys.far), k.num(MOST_PLACES))
  }

  /** An axis that only one of the ends goes along: so many times as the counts say of it. */
  private alongOne(end: End, count: number, size: string): Axis {
    const own = k.axis(this.ends)
    const at = k.add(end === 0 ? own : k.sub(k.num(1), own), k.num(2 * count))
    return {
      id: `${this.axis.id} ${['left', 'right'][end]} ${count}`,
      name: this.axis.name,
      size,
      ragged: { sizes: this.keys.counts, at },
    }
  }

  private once(end: End, step: readonly KernelOp[]): KernelOp {
    const axis = this.alongOne(end, ONCE, this.host.lowerer.size(ONE))
    return { op: 'scan', axis, reverse: false, carry: [], step }
  }

  /** Places 1 to h − 1. */
  private leftPlaces(end: End): { readonly axis: Axis; readonly place: KExpr } {
    const axis = this.alongOne(end, LEFT, this.keys.left)
    return { axis, place: k.add(k.axis(axis), k.num(1)) }
  }

  /** Places h to T − 1, or to T − 2. */
  private rightPlaces(
    end: End,
    count: typeof RIGHT | typeof RIGHT_BUT_LAST,
  ): { readonly axis: Axis; readonly place: KExpr } {
    const axis = this.alongOne(end, count, this.keys.right)
    return { axis, place: k.add(k.axis(axis), this.half) }
  }

  private both(step: readonly KernelOp[]): KernelOp {
    return { op: 'scan', axis: this.ends, reverse: false, carry: [], step }
  }

  // -- to the middle -------------------------------------------------------------------------------------------------

  private leftFirst(): readonly KernelOp[] {
    const { axis, place } = this.leftPlaces(0)
    const hasScale = k.compare('==', k.call('mod', k.axis(axis), k.num(PERIOD)), k.num(1))
    const step = this.forwardAt(place, hasScale)
    return [
      this.once(0, this.atFirst()),
      { op: 'scan', axis, reverse: false, carry: [], step },
      this.once(0, [this.logOfProduct(), this.checkScale([], k.num(0))]),
      this.checkScale([axis], place),
    ]
  }

  private rightFirst(): readonly KernelOp[] {
    const { axis, place } = this.rightPlaces(1, RIGHT_BUT_LAST)
    const last = k.add(k.size(this.axis.size), k.num(-1))
    const back = (at: KExpr): KExpr =>
      this.backOneStep(at, (states) => k.load(this.alpha, ...this.rowOf(at), ...states))
    const stored = (at: KExpr, scale: KExpr, future: KExpr): readonly KernelOp[] => [
      ...this.weightOps(at),
      this.mapParents(this.scale, this.rowOf(at), scale),
      this.mapStates(this.alpha, this.rowOf(at), k.mul(future, this.weight(at), this.ofParents(this.scale, at))),
    ]
    // places T − 1 − q: scales at every fourth q, from 2 on
    const fromLast = k.sub(k.add(k.size(this.keys.right), k.num(-1)), k.axis(axis))
    const hasScale = k.compare('==', k.call('mod', fromLast, k.num(PERIOD)), k.num(2))
    const scale = k.select(hasScale, this.inverseMass(k.add(place, k.num(2))), k.num(1))
    return [
      this.once(1, [...stored(last, k.num(1), k.num(1)), this.mapParents(this.product, [], k.num(1))]),
      {
        op: 'scan',
        axis,
        reverse: true,
        carry: [],
        step: [...stored(place, scale, back(k.add(place, k.num(1)))), ...this.takeScale(place, hasScale)],
      },
      this.once(1, [
        this.logOfProduct(),
        this.mapStates(this.future, [], back(this.half)),
        this.addStates(this.meeting, this.future),
        this.checkScale([], last),
      ]),
      this.checkScale([axis], place),
    ]
  }

  private logOfProduct(): KernelOp {
    return this.addToTotal(k.neg(k.call('log', this.ofProduct())))
  }

  private checkScale(axes: readonly Axis[], place: KExpr): KernelOp {
    return { op: 'contract', out: this.check, axes, at: [], factors: [this.ofParents(this.scale, place)] }
  }

  // -- from the middle -----------------------------------------------------------------------------------------------

  /** Z, at the last place of the first half. */
  private totalAt(future: string): KExpr {
    const last = this.rowOf(k.add(this.half, k.num(-1)))
    const product = k.mul(this.ofStates(this.alpha, last), this.ofStates(future))
    return this.window.reduceRight<KExpr>((e, a) => k.sum(a, e), product)
  }

  private leftSecond(sums: PlaceSums | null): readonly KernelOp[] {
    const { axis, place } = this.rightPlaces(0, RIGHT)
    const ratio = (states: readonly KExpr[]): KExpr => k.load(this.alpha, ...this.rowOf(place), ...states)
    const at: PlaceReading = { place, isFar: true, past: this.past, ratio }
    const arriving = this.ofStates(this.arriving)
    const alpha = k.mul(arriving, this.weight(place), this.ofParents(this.scale, place))
    const begin = k.mul(this.ofStates(this.alpha, this.rowOf(k.add(this.half, k.num(-1)))), k.load(this.ending))
    const step = [
      this.mapStates(this.arriving, [], simplify(this.arrived(place, this.past))),
      this.mapStates(this.gammaRow, [], k.mul(arriving, this.ofStates(this.alpha, this.rowOf(place)))),
      ...(sums?.later(at) ?? []),
      this.mapStates(this.past, [], alpha),
      this.addStates(this.reach, this.past),
    ]
    return [
      this.once(0, [this.mapStates(this.past, [], begin), this.addStates(this.reach, this.past)]),
      { op: 'scan', axis, reverse: false, carry: [], step },
    ]
  }

  private rightSecond(sums: PlaceSums | null): readonly KernelOp[] {
    const { axis, place } = this.leftPlaces(1)
    const begin = k.mul(this.ofStates(this.meeting), k.load(this.ending))
    return [
      this.once(1, [this.mapStates(this.future, [], begin)]),
      { op: 'scan', axis, reverse: true, carry: [], step: this.backAt(place, new Set(), sums) },
      this.once(1, this.backAtFirst(new Set(), sums)),
    ]
  }
}

/** Operations that come before the chain, and those that need something of it. */
function parted(
  ops: readonly KernelOp[],
  ofChain: ReadonlySet<string>,
): { readonly before: readonly KernelOp[]; readonly after: readonly KernelOp[] } {
  const late = new Set(ofChain)
  const before: KernelOp[] = []
  const after: KernelOp[] = []
  for (const op of ops) {
    const written = buffersWritten(op)
    const needs = [...buffersReadByOp(op), ...written].some((id) => late.has(id))
    if (needs || after.some((earlier) => [...buffersReadByOp(earlier)].some((id) => written.has(id)))) {
      after.push(op)
      for (const id of written) late.add(id)
    } else before.push(op)
  }
  return { before, after }
}

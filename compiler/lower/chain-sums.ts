/**
 * Sums over the places of a chain, taken on a way along it: what they read of γ and ρ is that of the place at hand. Factors
 * that no place changes (the steps of ξ) are multiplied once at the end, and places in the sum that only a column of the
 * data tells come first, so that states lie side by side.
 */
import { add, num, sameExpr } from '../algebra/build.js'
import { k } from '../kernel/index.js'
import { simplify, simplifyAxis } from '../kernel/simplify.js'
import type { Axis, KExpr, KernelOp, SizeKey } from '../kernel/types.js'
import { buffersRead, expressionsOf, freeAxes, mapChildren, walk } from '../kernel/visit.js'
import type { LinearChainLowering, PlaceReading, PlaceSums } from './linear-chain.js'
import type { Lowerer } from './lowerer.js'

type Addition = KernelOp & { readonly op: 'contract' | 'scatterAdd' }

/** A sum whose places are those of the chain from one on, or one place of each sequence. */
interface Taken {
  readonly op: Addition
  /** The loop over places; null: one place. */
  readonly along: string | null
  /** The first place, or the only one. */
  readonly from: number
}

/** What a sum adds at each place: an element of `buffer` for each value of its axes, and what is done with it at the end. */
interface Plan {
  readonly taken: Taken
  readonly axes: readonly Axis[]
  readonly buffer: string
  readonly at: readonly KExpr[]
  readonly factors: readonly KExpr[]
  readonly after: KernelOp | null
}

/** Sums start at one of so many places. */
export const MOST_PLACES = 8

export class ChainSums implements PlaceSums {
  readonly #plans: Plan[] = []

  constructor(
    private readonly chain: LinearChainLowering,
    private readonly lowerer: Lowerer,
  ) {}

  /** Takes a sum over; false where it is none along this chain. */
  take(op: KernelOp): boolean {
    if (op.op !== 'contract' && op.op !== 'scatterAdd') return false
    const taken = this.#match(op)
    if (taken === null) return false
    this.#plans.push(this.#plan(taken))
    return true
  }

  before(): readonly KernelOp[] {
    return this.#plans.flatMap((p) => (p.after === null ? [] : [{ op: 'fill', out: p.buffer, value: 0 } as const]))
  }

  get buffers(): readonly string[] {
    return this.#plans.flatMap((p) => (p.after === null ? [] : [p.buffer]))
  }

  first(): readonly KernelOp[] {
    const at = this.chain.readingOf(k.num(0))
    return this.#plans.flatMap((p) => (p.taken.from === 0 ? [this.#addition(p, at, null)] : []))
  }

  later(at: PlaceReading): readonly KernelOp[] {
    const { arrays } = this.chain
    const { place, isFar } = at
    // γ has just been made, and the step back follows, which reads ρ
    const readsRatio = ({ factors }: Plan): boolean => factors.some((f) => buffersRead(f).has(arrays.ratio))
    const inOrder = [...this.#plans.filter((p) => !readsRatio(p)), ...this.#plans.filter(readsRatio)]
    return inOrder.flatMap((p) => {
      const { along, from } = p.taken
      if (along === null)
        return from === 0 || isFar ? [] : [this.#addition(p, at, simplify(k.compare('==', place, k.num(from))))]
      return [this.#addition(p, at, from <= 1 || isFar ? null : simplify(k.compare('>=', place, k.num(from))))]
    })
  }

  after(): readonly KernelOp[] {
    return this.#plans.flatMap((p) => (p.after === null ? [] : [p.after]))
  }

  // -- which sums ----------------------------------------------------------------------------------------------------

  #match(op: Addition): Taken | null {
    const { chain } = this
    const { alpha, ratio, gamma } = chain.arrays
    const ours = new Set([alpha, ratio, gamma])
    let reads = false
    let foreign = false
    for (const e of expressionsOf(op))
      for (const id of buffersRead(e)) {
        if (ours.has(id)) reads = true
        else if (!this.#isSettled(id)) foreign = true
      }
    if (!reads || foreign || ours.has(op.out)) return null
    const around = chain.around
    if (!around.every((s) => op.axes.some((a) => a.id === s.id && sameExtent(a, s)))) return null
    const sequences = new Set(around.map((a) => a.id))
    const rest = op.axes.filter((a) => !sequences.has(a.id))
    for (let from = 0; from < MOST_PLACES; from++) {
      for (const axis of rest) {
        if (!this.#startsAt(axis, from)) continue
        const taken: Taken = { op, along: axis.id, from }
        if (this.#readsOwnPlaces(taken, k.axis(chain.placeAxis))) return taken
      }
      const taken: Taken = { op, along: null, from }
      if (this.#readsOwnPlaces(taken, k.num(from))) return taken
    }
    return null
  }

  /** An axis over the places from one on. */
  #startsAt(axis: Axis, from: number): boolean {
    const { placeAxis } = this.chain
    if (from === 0) return sameExtent(axis, placeAxis)
    if (placeAxis.ragged !== undefined) {
      const [symbol, less = '0'] = placeAxis.ragged.sizes.split('#less')
      const sizes = `${symbol}#less${Number(less) + from}`
      return (
        keyOf([placeAxis.ragged.at]) === keyOf(axis.ragged === undefined ? [] : [axis.ragged.at]) &&
        axis.ragged?.sizes === sizes
      )
    }
    const [own, whole] = [this.lowerer.sizes.get(axis.size), this.lowerer.sizes.get(placeAxis.size)]
    return axis.ragged === undefined && own !== undefined && whole !== undefined && sameExpr(add(own, num(from)), whole)
  }

  /** Buffers that stay as they are on the way back. */
  #isSettled(id: string): boolean {
    const space = this.lowerer.buffers.get(id)?.space
    return (
      space === 'data' ||
      space === 'param' ||
      space === 'derived' ||
      space === 'trial' ||
      this.chain.stepBuffers.includes(id)
    )
  }

  #substitution({ along, from }: Taken, place: KExpr): ReadonlyMap<string, KExpr> {
    return new Map(along === null ? [] : [[along, k.add(place, k.num(-from))]])
  }

  /** γ and ρ are read at the place, α at the one before. */
  #readsOwnPlaces(taken: Taken, place: KExpr): boolean {
    const { chain } = this
    const { alpha, ratio, gamma } = chain.arrays
    const own = keyOf(chain.rowOf(place))
    const before = keyOf(chain.rowOf(k.add(place, k.num(-1))))
    const rank = chain.rowOf(place).length
    let all = true
    for (const e of expressionsOf(taken.op))
      walk(simplify(e, this.#substitution(taken, place)), (part) => {
        if (part.k !== 'load') return
        const at = keyOf(part.at.slice(0, rank))
        if ((part.buffer === ratio || part.buffer === gamma) && at !== own) all = false
        if (part.buffer === alpha && at !== before) all = false
      })
    return all
  }

  // -- what they add -------------------------------------------------------------------------------------------------

  #plan(taken: Taken): Plan {
    const { op, along } = taken
    const rows = new Set([...this.chain.around.map((a) => a.id), ...(along === null ? [] : [along])])
    const axes = op.axes.filter((a) => !rows.has(a.id))
    const inner = new Set(axes.map((a) => a.id))
    // an axis that stands alone at one place of the sum
    const plain = op.at.map((e, i) =>
      e.k === 'axis' && inner.has(e.axis) && op.at.findIndex((x) => x.k === 'axis' && x.axis === e.axis) === i
        ? e.axis
        : null,
    )
    const named = new Set(plain)
    const factors = (op.op === 'contract' ? op.factors : [op.value]).flatMap((f) => (f.k === 'mul' ? f.args : [f]))
    const settled = (f: KExpr): boolean =>
      [...buffersRead(f)].every((id) => this.#isSettled(id)) && [...freeAxes(f)].every((a) => named.has(a))
    // conditions on the place hold, or fail, alike for all places that are taken
    const place = k.add(k.axis(this.chain.later), k.num(taken.from))
    const known = factors.map((f) => simplify(f, this.#substitution(taken, place)))
    const constant = known.filter(settled)
    const varying = factors.filter((_, i) => !settled(known[i] ?? k.num(0)))
    const order = [...op.at.keys()].sort((a, b) => Number(plain[a] !== null) - Number(plain[b] !== null))
    const isSorted = order.every((from, i) => from === i)
    const shape = this.lowerer.buffers.get(op.out)?.shape ?? []
    if (constant.length === 0 && isSorted)
      return { taken, axes, buffer: op.out, at: op.at, factors: varying, after: null }
    const buffer = this.lowerer.buffer({
      id: `along ${this.#plans.length + 1} ${this.chain.check}`,
      space: 'scratch',
      type: 'f64',
      shape: order.map((i) => shape[i] ?? ''),
    })
    const places = op.at.map((_, i) => this.#placeAxis(i, plain[i] ?? null, shape[i] ?? '', axes))
    return {
      taken,
      axes,
      buffer,
      at: order.map((i) => op.at[i] ?? k.num(0)),
      factors: varying,
      after: {
        op: 'contract',
        out: op.out,
        axes: places,
        at: places.map((a) => k.axis(a)),
        factors: [k.load(buffer, ...order.map((i) => k.axis(places[i]?.id ?? ''))), ...constant],
      },
    }
  }

  #placeAxis(i: number, own: string | null, size: SizeKey, axes: readonly Axis[]): Axis {
    const known = axes.find((a) => a.id === own)
    return known === undefined ? { id: `at ${i + 1}`, name: 'i', size } : { id: known.id, name: known.name, size }
  }

  #addition(plan: Plan, { place, past, ratio }: PlaceReading, when: KExpr | null): KernelOp {
    const { chain } = this
    const { arrays } = chain
    const rank = chain.rowOf(place).length
    const values = this.#substitution(plan.taken, place)
    const rows = (e: KExpr): KExpr => {
      if (e.k !== 'load') return mapChildren(e, rows)
      const states = e.at.slice(rank).map(rows)
      if (e.buffer === arrays.ratio) return ratio(states)
      if (e.buffer === arrays.gamma) return k.load(chain.gammaRow, ...states)
      if (e.buffer === arrays.alpha && past !== null) return k.load(past, ...states)
      return mapChildren(e, rows)
    }
    const at = (e: KExpr): KExpr => rows(simplify(e, values))
    const own = plan.factors.map(at)
    const factors = when === null ? own : [k.select(when, k.mul(...own), k.num(0))]
    const common = { out: plan.buffer, axes: plan.axes.map((a) => simplifyAxis(a, values)), at: plan.at.map(at) }
    if (common.at.every((e) => e.k === 'axis')) return { op: 'contract', ...common, factors }
    return { op: 'scatterAdd', ...common, value: k.mul(...factors) }
  }
}

const keyOf = (at: readonly KExpr[]): string => JSON.stringify(at)

const sameExtent = (a: Axis, b: Axis): boolean =>
  a.size === b.size && JSON.stringify(a.ragged ?? null) === JSON.stringify(b.ragged ?? null)

/**
 * Scaled forward–backward along one chain in plain numbers: no logarithm of a state is taken at any place (Rabiner 1989,
 * section V.A, with the scale of a place applied at the next one).
 *
 * With c₀…c_p the values of the elements, A_t(c₀…c_p) the step, w_t the weight of a place (its evidence, see
 * `place-weights.ts`), s_t a scale of the place and σ_t = Σ α_t:
 *
 *   α_t(c₀…c_{p−1}) = w_t s_t Σ_{c_p} α_{t−1}(c₁…c_p) A_t(c₀…c_p)
 *   ρ_t = w_t s_t β_t      β_{t−1}(c₁…c_p) = Σ_{c₀} A_t ρ_t      β_T = 1/σ_T
 *   γ_t = α_t β_t          ξ_t(c₀…c_p) = α_{t−1}(c₁…c_p) A_t(c₀…c_p) ρ_t(c₀…c_{p−1})
 *
 * whatever the scales are; log p of the sequence is log σ_T − Σ_t log s_t, plus what the weights left out. Three of
 * four scales are 1, the others are 1/σ_{t−2}: known a place before they are needed, so that no place waits for a quotient. Their
 * logs are taken together, when their product has become large. Sums over γ and ξ are taken on the way back
 * (`chain-sums.ts`), so that neither γ nor ρ is stored unless something else reads them.
 *
 * Products that are smaller than what a double holds are lost. A loss of ε at (t, state) takes at most ε max(β) max(s)
 * of the total, so where no s and no β is above `MOST` nothing that is lost shows: ε is below 1e−307. Where one is, or is
 * no number, `check` says so, and the chain is done with numbers of any size (`chain.ts`).
 */
import { ONE, sub } from '../algebra/build.js'
import { elementName, elementOf } from '../estep/places.js'
import { branched } from '../kernel/branched.js'
import { k } from '../kernel/index.js'
import { simplify } from '../kernel/simplify.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import { ChainLowering } from './chain.js'
import type { Values } from './chain-places.js'
import type { ChainTerms } from './chain-terms.js'
import { need } from './need.js'
import { PlaceTables, weightTerms } from './place-weights.js'
import { type Direction, StepLayouts } from './step-layouts.js'

/** The largest s and β, added up, at which nothing that matters is lost. */
export const MOST = 1e100

/** Where sums find what they add at a place after the first; γ of it lies in the row of γ. */
export interface PlaceReading {
  readonly place: KExpr
  /** It is none of the first `MOST_PLACES`. */
  readonly isFar: boolean
  /** The buffer of α of the place before alone; null: it is read off the array. */
  readonly past: string | null
  /** ρ of the place. */
  ratio(states: readonly KExpr[]): KExpr
}

/** What is added up along a chain, on the way back or on the way there. */
export interface PlaceSums {
  /** Buffers that hold what is added up, where it is no sum of the program. */
  readonly buffers: readonly string[]
  before(): readonly KernelOp[]
  /** At the first place. */
  first(): readonly KernelOp[]
  /** At a place after the first. */
  later(at: PlaceReading): readonly KernelOp[]
  after(): readonly KernelOp[]
}

/** One of so many places has a scale. */
export const PERIOD = 4

/** A product of scales whose log is taken. */
const LARGE = 1e60

interface Weights {
  readonly factors: readonly KExpr[]
  /** Log of the rest; null: there is none. */
  readonly log: KExpr | null
}

export class LinearChainLowering extends ChainLowering {
  /** Stands for the way back until it is known what is read of it. */
  readonly marker: KernelOp = { op: 'fill', out: this.free, value: 0 }
  /** Operations of the way forward. */
  readonly own = new Set<KernelOp>()
  /** A buffer of one element: above `MOST`, or no number, where numbers are too far apart. */
  readonly check = this.host.scratch(`check ${this.block.id}`, [], [])
  readonly gammaRow = this.host.scratch(`post row ${this.block.id}`, [], this.states)
  private readonly ratioRow = this.host.scratch(`ratio row ${this.block.id}`, [], this.states)
  protected readonly future = this.host.scratch(`future ${this.block.id}`, [], this.states)
  protected readonly reach = this.host.scratch(`reach ${this.block.id}`, [], this.states)
  protected readonly scale = this.host.scratch(`scale ${this.block.id}`, this.table.loops, this.block.parents)
  /** 1/σ_T. */
  protected readonly ending = this.host.scratch(`ending ${this.block.id}`, this.chain.sequences, this.block.parents)
  /** Of scales whose log has not been taken. */
  protected readonly product = this.host.scratch(`product ${this.block.id}`, [], this.block.parents)
  protected readonly peak = this.host.scratch(`peak ${this.block.id}`, [], this.block.parents)
  private readonly steps = new StepLayouts(this.host, this.block, this.tables)
  private readonly placeTables = new PlaceTables(this.host.lowerer, this.block.id, [...this.window, ...this.parents])
  protected weights: Weights | null = null
  /** Tables that are made before the first place. */
  protected prepared: readonly KernelOp[] = []
  /** Axis over the places after the first. */
  readonly later: Axis = this.laterPlaces()
  /** Its place. */
  readonly place: KExpr = k.add(k.axis(this.later), k.num(1))

  /** The step is the same at each place, and so are the states. */
  static accepts({ step }: ChainTerms, states: readonly Axis[]): boolean {
    return step.direct.length + step.sources.length === 0 && states.every((a) => a.ragged === undefined)
  }

  private laterPlaces(): Axis {
    const { index } = need(this.table.loops[this.chain.position])
    const context = this.host.context(this.table.loops, this.positions())
    return { ...this.host.lowerer.axis({ ...index, to: sub(index.to, ONE) }, context), id: `${this.axis.id} +1` }
  }

  get arrays(): { readonly alpha: string; readonly ratio: string; readonly gamma: string } {
    return { alpha: this.alpha, ratio: this.ratio, gamma: this.gamma }
  }

  /** Axes of the loops around a sequence. */
  get around(): readonly Axis[] {
    return this.sequences
  }

  /** Where a place of the sequence at hand lies in the arrays. */
  rowOf(place: KExpr): readonly KExpr[] {
    return this.rowAt(this.positions(place))
  }

  get placeAxis(): Axis {
    return this.axis
  }

  /** Tables of steps that a pair of places reads. */
  get stepBuffers(): readonly string[] {
    return this.tables.map((t) => t.plain)
  }

  // -- steps ---------------------------------------------------------------------------------------------------------

  protected step(direction: Direction, place: KExpr, values: Values): KExpr {
    const positions = this.positions(place)
    return k.mul(
      ...this.steps.tables.map(({ of }, i) => {
        const at = of.loops.map((l) => need(positions[this.table.loops.indexOf(l)]))
        return this.where(of, positions, this.steps.read(i, direction, at, values), k.num(1))
      }),
    )
  }

  protected override pair(positions: readonly KExpr[], values: Values): KExpr {
    return k.mul(
      this.load(this.alpha, this.beforePositions(positions), this.states, this.before(values)),
      this.load(this.ratio, positions, this.states, values),
      this.plainStep(positions, values),
    )
  }

  // -- weights -------------------------------------------------------------------------------------------------------

  /** The evidence of a place, taken apart; what is found through a key is added up before. */
  private evidenceOps(): readonly KernelOp[] {
    const { local } = this.terms
    const values = this.ownValues()
    const positions = this.positions()
    if (local.keyed.length > 0) {
      this.weights = { factors: [], log: this.load(this.gamma, positions, this.states, values) }
      return this.evidence()
    }
    const rows = new Set([...this.sequences.map((a) => a.id), this.axis.id])
    const direct = simplify(k.add(...local.direct.map((f) => this.logDensity(f, positions, values))))
    const { factors, logs } = weightTerms(direct, rows)
    const all = [...logs, ...local.sources.map((s) => this.load(s.buffer, positions, s.scope, values))]
    this.weights = {
      factors: factors.map((f) => this.placeTables.byCategory(f)),
      log: all.length === 0 ? null : this.placeTables.hoisted(k.add(...all)),
    }
    return []
  }

  private atPlace(e: KExpr, place: KExpr): KExpr {
    return simplify(e, new Map([[this.axis.id, place]]))
  }

  protected mapStates(out: string, at: readonly KExpr[], value: KExpr): KernelOp {
    const states = [...this.window, ...this.parents]
    return { op: 'map', out, axes: states, at: [...at, ...states.map((a) => k.axis(a))], value: branched(value) }
  }

  protected ofStates(buffer: string, at: readonly KExpr[] = []): KExpr {
    return k.load(buffer, ...at, ...[...this.window, ...this.parents].map((a) => k.axis(a)))
  }

  protected ofParents(buffer: string, place: KExpr): KExpr {
    return k.load(buffer, ...this.rowOf(place), ...this.parents.map((a) => k.axis(a)))
  }

  /** What comes before the weight of a place can be read. */
  protected weightOps(place: KExpr): readonly KernelOp[] {
    const { log } = need(this.weights ?? undefined)
    if (log === null) return []
    const row = this.rowOf(place)
    const own = this.ofStates(this.gamma, row)
    const parents = this.parents.map((a) => k.axis(a))
    const peak = k.load(this.peak, ...parents)
    return [
      ...(this.terms.local.keyed.length > 0 ? [] : [this.mapStates(this.gamma, row, this.atPlace(log, place))]),
      {
        op: 'reduce',
        kind: 'max',
        out: this.peak,
        axes: this.parents,
        over: this.window,
        at: parents,
        value: own,
      },
      this.mapStates(this.gamma, row, k.call('exp', k.sub(own, peak))),
      this.addToTotal(peak),
    ]
  }

  protected weight(place: KExpr): KExpr {
    const { factors, log } = need(this.weights ?? undefined)
    const own = factors.map((f) => this.atPlace(f, place))
    return k.mul(...own, ...(log === null ? [] : [this.ofStates(this.gamma, this.rowOf(place))]))
  }

  // -- forward -------------------------------------------------------------------------------------------------------

  /** A buffer with an element for each value of the parents' elements. */
  protected mapParents(out: string, at: readonly KExpr[], value: KExpr): KernelOp {
    return { op: 'map', out, axes: this.parents, at: [...at, ...this.parents.map((a) => k.axis(a))], value }
  }

  protected addToTotal(value: KExpr): KernelOp {
    const at = [...this.sequenceRow(), ...this.parents.map((a) => k.axis(a))]
    return { op: 'scatterAdd', out: this.total.buffer, axes: this.parents, at, value }
  }

  /** 1/σ of a place. */
  protected inverseMass(place: KExpr): KExpr {
    const mass = this.window.reduceRight<KExpr>((e, a) => k.sum(a, e), this.ofStates(this.alpha, this.rowOf(place)))
    return k.div(k.num(1), mass)
  }

  /** α of the first place. */
  protected atFirst(): readonly KernelOp[] {
    const values = this.ownValues()
    const first = k.num(0)
    const began = k.mul(simplify(this.step('forward', first, this.firstLeaving(values))), this.weight(first))
    return [
      ...this.weightOps(first),
      this.mapStates(
        this.alpha,
        this.rowOf(first),
        k.select(this.absent(this.block.window.filter(this.lagged), values), began, k.num(0)),
      ),
      this.mapParents(this.scale, this.rowOf(first), k.num(1)),
      this.mapParents(this.product, [], k.num(1)),
    ]
  }

  /** Σ over what leaves of α at the place before × step. `past`: a buffer of that α alone; null: it is read off the array. */
  protected arrived(place: KExpr, past: string | null = null): KExpr {
    const values = this.ownValues()
    const before = this.before(this.summedLeaving(values))
    const previous =
      past === null
        ? this.load(this.alpha, this.positions(k.add(place, k.num(-1))), this.states, before)
        : k.load(past, ...this.states.map((e) => need(before.get(e))))
    return this.overLeaving('sum', (v) => k.mul(previous, simplify(this.step('forward', place, v))))
  }

  /** α of a place after the first, which may have a scale. */
  protected forwardAt(place: KExpr, hasScale: KExpr): readonly KernelOp[] {
    const scale = k.select(hasScale, this.inverseMass(k.add(place, k.num(-2))), k.num(1))
    const alpha = k.mul(this.arrived(place), this.weight(place), this.ofParents(this.scale, place))
    return [
      ...this.weightOps(place),
      this.mapParents(this.scale, this.rowOf(place), scale),
      this.mapStates(this.alpha, this.rowOf(place), alpha),
      ...this.takeScale(place, hasScale),
    ]
  }

  protected ofProduct(): KExpr {
    return k.load(this.product, ...this.parents.map((a) => k.axis(a)))
  }

  /** The scale of a place into the product, and the log of that where it is far from 1. */
  protected takeScale(place: KExpr, hasScale: KExpr): readonly KernelOp[] {
    const product = this.ofProduct()
    const isOut = k.or(k.compare('>', product, k.num(LARGE)), k.compare('<', product, k.num(1 / LARGE)))
    const isFar = k.and(hasScale, isOut)
    return [
      this.mapParents(this.product, [], k.mul(product, this.ofParents(this.scale, place))),
      this.addToTotal(k.seldom(isFar, k.neg(k.call('log', product)), k.num(0))),
      this.mapParents(this.product, [], k.seldom(isFar, k.num(1), product)),
    ]
  }

  override forward(): readonly KernelOp[] {
    const evidence = this.evidenceOps()
    const hasScale = k.compare('==', k.call('mod', k.axis(this.later), k.num(PERIOD)), k.num(1))
    const ending = this.inverseMass(k.sub(this.length(), k.num(1)))
    const atFirst = this.atFirst()
    const atLast = [
      this.mapParents(this.ending, this.sequenceRow(), ending),
      this.addToTotal(k.neg(k.add(k.call('log', this.ofProduct()), k.call('log', this.ofSequence(this.ending))))),
    ]
    const later = this.forwardAt(this.place, hasScale)
    const along = this.along([...this.ifAny(atFirst), this.scan(later, false), ...this.ifAny(atLast)])
    this.prepared = [...this.plainTables(), ...this.steps.ops(), ...this.placeTables.ops]
    const ops = [
      ...this.prepared,
      ...evidence,
      { op: 'fill', out: this.total.buffer, value: 0 } satisfies KernelOp,
      ...along,
      ...this.checkOps(),
    ]
    for (const op of ops) this.own.add(op)
    return ops
  }

  private plainTables(): readonly KernelOp[] {
    const plain = new Set(this.stepBuffers)
    return this.stepTables().filter((op) => op.op === 'map' && plain.has(op.out))
  }

  protected ofSequence(buffer: string): KExpr {
    return k.load(buffer, ...this.sequenceRow(), ...this.parents.map((a) => k.axis(a)))
  }

  /** Σ s. */
  private checkOps(): readonly KernelOp[] {
    const rows = this.host.lowerer.loops(
      this.table.loops.map((l) => l.index),
      this.host.base,
    ).axes
    const axes = [...rows, ...this.parents]
    const scale = this.ofParents(this.scale, k.axis(this.axis))
    return [
      { op: 'fill', out: this.check, value: 0 },
      { op: 'contract', out: this.check, axes, at: [], factors: [scale] },
    ]
  }

  // -- backward ------------------------------------------------------------------------------------------------------

  override backward(): readonly KernelOp[] {
    return [this.marker]
  }

  /**
   * The way back.
   *
   * @param sums what is added up along it
   * @param keep arrays that something else reads
   */
  wayBack(sums: PlaceSums | null, keep: ReadonlySet<string>): readonly KernelOp[] {
    const ending = this.ofSequence(this.ending)
    const end = this.block.parents.length === 0 ? ending : k.mul(this.parentAt(this.ownValues()), ending)
    const begin = [this.mapStates(this.future, [], end)]
    const later = this.backAt(this.place, keep, sums)
    const atFirst = this.backAtFirst(keep, sums)
    return [
      { op: 'fill', out: this.reach, value: 0 },
      ...(sums?.before() ?? []),
      ...this.along([...this.ifAny(begin), this.scan(later, true), ...this.ifAny(atFirst)]),
      ...(sums?.after() ?? []),
      this.checkReach(),
    ]
  }

  /** γ, ρ and what is added up at a place after the first, and β of the one before. */
  protected backAt(place: KExpr, keep: ReadonlySet<string>, sums: PlaceSums | null): readonly KernelOp[] {
    return [
      ...this.gammaHere(place),
      this.ratioHere(place),
      ...this.stored(keep, place, this.ofStates(this.ratioRow)),
      ...(sums?.later(this.readingOf(place)) ?? []),
      this.mapStates(this.future, [], this.backOneStep(place)),
    ]
  }

  /** On the way back. */
  readingOf(place: KExpr): PlaceReading {
    return { place, isFar: false, past: null, ratio: this.ratioAtHand }
  }

  private readonly ratioAtHand = (states: readonly KExpr[]): KExpr => k.load(this.ratioRow, ...states)

  protected backAtFirst(keep: ReadonlySet<string>, sums: PlaceSums | null): readonly KernelOp[] {
    const first = k.num(0)
    return [...this.gammaHere(first), ...this.stored(keep, first, first), ...(sums?.first() ?? [])]
  }

  private stored(keep: ReadonlySet<string>, place: KExpr, ratio: KExpr): readonly KernelOp[] {
    return [
      ...(keep.has(this.ratio) ? [this.mapStates(this.ratio, this.rowOf(place), ratio)] : []),
      ...(keep.has(this.gamma) ? [this.mapStates(this.gamma, this.rowOf(place), this.ofStates(this.gammaRow))] : []),
    ]
  }

  /** γ of a place from α and β, and β into its sum. */
  private gammaHere(place: KExpr): readonly KernelOp[] {
    const gamma = k.mul(this.ofStates(this.alpha, this.rowOf(place)), this.ofStates(this.future))
    return [this.mapStates(this.gammaRow, [], gamma), this.addStates(this.reach, this.future)]
  }

  /** ρ of a place from β. */
  protected ratioHere(place: KExpr): KernelOp {
    const ratio = k.mul(this.weight(place), this.ofParents(this.scale, place), this.ofStates(this.future))
    return this.mapStates(this.ratioRow, [], ratio)
  }

  /** Adds the numbers of the states in one buffer to those in another. */
  protected addStates(to: string, from: string): KernelOp {
    const states = [...this.window, ...this.parents]
    return { op: 'contract', out: to, axes: states, at: states.map((a) => k.axis(a)), factors: [this.ofStates(from)] }
  }

  protected checkReach(): KernelOp {
    const axes = [...this.window, ...this.parents]
    return { op: 'contract', out: this.check, axes, at: [], factors: [this.ofStates(this.reach)] }
  }

  /** β of the place before: the newest values are summed out, what was there lies one step back here. */
  protected backOneStep(place: KExpr, ratio: (states: readonly KExpr[]) => KExpr = this.ratioAtHand): KExpr {
    const values = this.ownValues()
    const here = new Map(this.block.parents.map((e) => [e, need(values.get(e))]))
    for (const e of this.block.window) {
      const { latent, lag } = elementOf(e)
      here.set(elementName(latent, lag + 1), need(values.get(e)))
      if (lag === 0) here.set(e, k.axis(`sum ${e}`))
    }
    const product = k.mul(
      ratio(this.states.map((e) => need(here.get(e)))),
      simplify(this.step('backward', place, here)),
    )
    return this.block.window
      .filter((e) => !this.lagged(e))
      .reduceRight<KExpr>((e, element) => k.sum({ ...this.host.valueAxis(element), id: `sum ${element}` }, e), product)
  }

  // -- loops ---------------------------------------------------------------------------------------------------------

  private along(steps: readonly KernelOp[]): readonly KernelOp[] {
    return this.sequences.reduceRight<readonly KernelOp[]>(
      (inner, axis) => [{ op: 'scan', axis, reverse: false, carry: [], step: inner }],
      steps,
    )
  }

  private scan(step: readonly KernelOp[], reverse: boolean): KernelOp {
    return { op: 'scan', axis: this.later, reverse, carry: [], step }
  }

  /** Once, where the sequence has a place. */
  private ifAny(ops: readonly KernelOp[]): readonly KernelOp[] {
    const { ragged } = this.axis
    if (ragged === undefined) return ops
    const axis: Axis = {
      id: `${this.axis.id} any`,
      name: this.axis.name,
      size: this.host.lowerer.size(ONE),
      ragged: { sizes: this.host.lowerer.atMostOne(ragged.sizes), at: ragged.at },
    }
    return [{ op: 'scan', axis, reverse: false, carry: [], step: ops }]
  }
}

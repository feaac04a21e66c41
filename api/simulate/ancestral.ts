/**
 * Ancestral sampling: statements are drawn in the order of the file, a value that is read before its turn when it is
 * read. What the model does not draw keeps the value that it is given.
 */
import type { Distribution, RandomSource } from '../../compiler/distributions/types.js'
import type { Subscript, SymbolId, TypedModel } from '../../lang/typed/types.js'
import { asArray, flatten, zip } from '../../oracle/arrays.js'
import type { Density } from '../../oracle/densities/types.js'
import { type Environment, evaluate, subscriptValues, truth } from '../../oracle/evaluate.js'
import { environment } from '../../oracle/factor.js'
import type { Instance } from '../../oracle/ground-types.js'
import { lawOf } from '../../oracle/law.js'
import { collect, noReads } from '../../oracle/reads.js'
import { type Cell, cellName, cellsIn, isCell, isList, resolve, type Stored, select } from '../../oracle/stored.js'
import type { Value, Values } from '../../oracle/types.js'
import { unroll } from '../../oracle/unroll.js'
import { makeWorld, symbolOf, type World } from '../../oracle/world.js'
import type { BoundArray } from '../../runtime/data/types.js'
import { OptionError } from '../errors.js'
import type { Basis } from './blank-data.js'
import { cellsOf, components } from './components.js'
import { drawLaw } from './draw-law.js'

/** Draws before it is given up that observed conditions hold. */
const TRIES = 10_000

export interface AncestralRequest {
  readonly model: TypedModel
  /** Data in which what is to be drawn is missing. */
  readonly blank: ReadonlyMap<string, BoundArray>
  readonly basis: Basis
  readonly consts: Values
  readonly params: Values
  readonly distributions: ReadonlyMap<string, Distribution>
  /** Densities of distributions that the caller brought along. */
  readonly densities: readonly Density[]
  readonly random: RandomSource
}

/** Values of data and latents: nested, categories from 1, null where a latent does not exist, NaN where nothing is drawn. */
export interface Drawn {
  valueOf(symbol: SymbolId): DrawnValue
}

export type DrawnValue = number | null | readonly DrawnValue[]

export function drawAncestrally(request: AncestralRequest): Drawn {
  const { sizes, lengths, levels, arrays } = request.basis
  const world = makeWorld(
    request.model,
    { sizes, lengths, levels, arrays: request.blank },
    request.consts,
    request.densities,
  )
  const env: Environment = { world, bound: new Map(), params: new Map(), lookup: () => Number.NaN }
  const block = { weight: 1, factors: [], children: [], cells: [], parent: null }
  const instances: Instance[] = []
  unroll(request.model.statements, { env, guards: [], block, weight: 1 }, instances)
  const weighted = instances.find((i) => i.weight !== 1)
  if (weighted !== undefined) throw new OptionError('rows whose weight is not a column of the data cannot be simulated')
  // what is given is looked up among all data, as far as there is any
  const full = request.model.symbols.every((s) => s.kind !== 'data' || arrays.has(s.name))
  const known = full
    ? makeWorld(request.model, { sizes, lengths, levels, arrays }, request.consts, request.densities)
    : null
  const draw = new Draw(request, world, known, instances)
  draw.all()
  return { valueOf: (symbol) => plain(world.stored.get(symbol) ?? null, draw) }
}

function plain(stored: Stored, draw: Draw): DrawnValue {
  if (isList(stored)) return stored.map((s) => plain(s, draw))
  return isCell(stored) ? draw.final(stored) : stored
}

/** An observed condition did not hold. */
class Rejected extends Error {}

type State = 0 | 1 | 2
const [BLANK, UNDER_WAY, DONE]: readonly [0, 1, 2] = [0, 1, 2]

class Draw {
  private readonly values: Float64Array
  private readonly states: Uint8Array
  private readonly done = new Set<Instance>()
  private readonly definers = new Map<number, Instance[]>()
  private readonly equations: readonly Instance[]
  private readonly lookup = (cell: Cell): number => this.value(cell)

  constructor(
    private readonly request: AncestralRequest,
    private readonly world: World,
    private readonly known: World | null,
    private readonly instances: readonly Instance[],
  ) {
    this.values = new Float64Array(world.cells.length).fill(Number.NaN)
    this.states = new Uint8Array(world.cells.length)
    this.equations = instances.filter((i) => i.statement.kind === 'observe-equation')
    for (const instance of instances) for (const cell of this.defined(instance)) this.addDefiner(cell, instance)
  }

  /** Draws everything; where a condition does not hold, again what has to do with it. */
  all(): void {
    const conditional = this.instances.some((i) => i.statement.kind === 'observe-condition')
    if (!conditional) for (const instance of this.instances) this.run(instance)
    else for (const group of components(this.instances, this.world.cells.length)) this.untilItHolds(group)
  }

  private untilItHolds(group: readonly Instance[]): void {
    for (let i = 0; i < TRIES; i++) {
      try {
        for (const instance of group) this.run(instance)
        return
      } catch (e) {
        if (!(e instanceof Rejected)) throw e
        for (const instance of group) {
          this.done.delete(instance)
          for (const cell of cellsOf(instance)) this.states[cell.id] = BLANK
        }
      }
    }
    throw new OptionError(
      `a condition that the model observes did not hold in ${TRIES.toLocaleString('en-US')} draws: it cannot be simulated`,
    )
  }

  /** A value when everything is drawn. */
  final(cell: Cell): number {
    return this.states[cell.id] === DONE ? (this.values[cell.id] ?? Number.NaN) : this.value(cell)
  }

  private addDefiner(cell: Cell, instance: Instance): void {
    const list = this.definers.get(cell.id)
    if (list === undefined) this.definers.set(cell.id, [instance])
    else list.push(instance)
  }

  /** The cells that a statement gives values to. */
  private defined({ statement, target, env }: Instance): readonly Cell[] {
    if (statement.kind === 'sample') return cellsIn(target ?? [])
    if (statement.kind !== 'observe-equation') return []
    return [statement.left, statement.right].flatMap((side) => {
      if (side.kind !== 'ref' || symbolOf(this.world, side.symbol).kind !== 'data') return []
      return cellsIn(this.storedAt(side, env, this.world))
    })
  }

  private storedAt(
    side: { readonly symbol: SymbolId; readonly subscripts: readonly Subscript[] },
    env: Environment,
    world: World,
  ): Stored {
    return select(world.stored.get(side.symbol) ?? null, subscriptValues(side.subscripts, env))
  }

  private value(cell: Cell): number {
    const state = (this.states[cell.id] ?? BLANK) as State
    if (state === DONE) return this.values[cell.id] ?? Number.NaN
    if (state === UNDER_WAY) {
      // a data value on the right of its own statement is the number that it was
      const was = this.given(cell)
      if (was !== null) return was
      throw new OptionError(`${cellName(cell)} is drawn given itself: the model cannot be simulated`)
    }
    for (const instance of this.definers.get(cell.id) ?? []) {
      this.run(instance)
      if (this.states[cell.id] === DONE) return this.values[cell.id] ?? Number.NaN
    }
    const kept = this.given(cell)
    if (kept === null && symbolOf(this.world, cell.symbol).kind === 'data')
      throw new OptionError(
        `the model does not draw ${cellName(cell)}: it takes it as given; give the data with --data FILE`,
      )
    this.put(cell, kept ?? Number.NaN)
    return kept ?? Number.NaN
  }

  private put(cell: Cell, value: number): void {
    this.values[cell.id] = value
    this.states[cell.id] = DONE
  }

  private run(instance: Instance): void {
    if (this.done.has(instance)) return
    this.done.add(instance)
    const { guards, statement } = instance
    const holds = guards.every(
      (g) => truth(g.condition, environment(g.env, this.request.params, this.lookup)) === g.holds,
    )
    if (!holds || (statement.kind === 'sample' && statement.role === 'prior')) return
    const env = environment(instance.env, this.request.params, this.lookup)
    switch (statement.kind) {
      case 'sample':
        if (instance.target !== null) this.sample(instance, instance.target, env)
        return
      case 'observe-equation':
        this.compute(instance, env)
        return
      case 'observe-condition':
        if (!truth(statement.condition, env)) throw new Rejected()
    }
  }

  private sample(instance: Instance, target: Stored, env: Environment): void {
    const { statement } = instance
    if (statement.kind !== 'sample') return
    const cells = cellsIn(target)
    for (const cell of cells) if (this.states[cell.id] === BLANK) this.states[cell.id] = UNDER_WAY
    const law = lawOf(statement.distribution, env)
    if (law.kind === 'censored') {
      // a limit of observation: the model does not say how it comes about
      for (const cell of cells) {
        const limit = this.given(cell)
        if (limit === null)
          throw new OptionError(
            `${cellName(cell)} is a limit of observation (Censored), which the model does not draw; give the data with --data FILE`,
          )
        this.put(cell, limit)
      }
      return
    }
    const free = isList(target) ? target.filter((s) => typeof s !== 'number') : []
    const fixed = isList(target) && free.length > 0 && free.length < target.length
    const drawing = {
      distributions: this.request.distributions,
      random: this.request.random,
      total: () => this.totalOf(instance, target),
    }
    if (!fixed) {
      this.assign(
        target,
        drawLaw(
          law,
          resolve(target, () => 0),
          drawing,
        ),
      )
      return
    }
    // given some of its counts, a multinomial vector is multinomial in the others
    if (law.kind !== 'plain' || law.density.name !== 'Multinomial')
      throw new OptionError('a vector of which some elements are numbers can only be drawn from a Multinomial')
    const p = asArray(law.args.get('p') ?? [])
    const rest = p.map(Number).filter((_, i) => typeof target[i] !== 'number')
    const mass = rest.reduce((a, b) => a + b, 0)
    const own = { ...law, args: new Map([['p', rest.map((x) => x / mass)]]) }
    const left = (): number => this.totalOf(instance, free)
    this.assign(
      free,
      drawLaw(
        own,
        resolve(free, () => 0),
        { ...drawing, total: left },
      ),
    )
  }

  private assign(target: Stored, value: Value): void {
    if (isList(target)) {
      const parts = asArray(value)
      target.forEach((s, i) => {
        this.assign(s, parts[i] ?? Number.NaN)
      })
    } else if (isCell(target) && this.states[target.id] !== DONE) this.put(target, Number(value))
  }

  /** The data that an observed equation gives: a side that is nothing but data. */
  private compute({ statement, env }: Instance, at: Environment): void {
    if (statement.kind !== 'observe-equation') return
    const { left, right } = statement
    for (const [side, other] of [
      [left, right],
      [right, left],
    ] as const) {
      if (side.kind !== 'ref' || symbolOf(this.world, side.symbol).kind !== 'data') continue
      const stored = this.storedAt(side, env, this.world)
      const cells = cellsIn(stored)
      if (cells.length === 0 || cells.some((c) => this.states[c.id] === DONE)) continue
      this.assign(stored, evaluate(other, at))
      return
    }
  }

  /** What the data says of a cell; null where it is missing, or there is no data. */
  private given(cell: Cell): number | null {
    if (this.known === null) return null
    const symbol = symbolOf(this.known, cell.symbol)
    if (symbol.kind !== 'data') return null
    const found = select(
      this.known.stored.get(cell.symbol) ?? null,
      cell.indices.map((index) => ({ kind: 'at', index }) as const),
    )
    return typeof found === 'number' ? found : null
  }

  /** The sum of a vector of counts as the data has it: of latent counts, what observed equations say of their sums. */
  private totalOf(instance: Instance, target: Stored): number {
    let total = 0
    const latents = new Set<Cell>()
    const leaves = (s: Stored): readonly Stored[] => (isList(s) ? s.flatMap(leaves) : [s])
    for (const leaf of leaves(target)) {
      if (typeof leaf === 'number') total += leaf
      else if (isCell(leaf)) {
        const value = this.given(leaf)
        if (value !== null) total += value
        else if (symbolOf(this.world, leaf.symbol).kind === 'latent') latents.add(leaf)
        else total = Number.NaN
      }
    }
    for (const equation of this.equations) {
      if (latents.size === 0) break
      const found = this.sumIn(equation, latents)
      if (found === null) continue
      total += found.sum
      for (const cell of found.cells) latents.delete(cell)
    }
    if (latents.size > 0 || Number.isNaN(total))
      throw new OptionError(
        `how many there are in all is given to ${instance.statement.kind === 'sample' ? 'a Multinomial' : 'a sum'}, not drawn: give the data with --data FILE`,
      )
    return total
  }

  /** Σ of some of the latents, where an equation gives it: it is linear in them with one coefficient. */
  private sumIn(
    { statement, env }: Instance,
    among: ReadonlySet<Cell>,
  ): { readonly cells: readonly Cell[]; readonly sum: number } | null {
    if (statement.kind !== 'observe-equation') return null
    const reads = noReads()
    collect(statement.left, env, reads)
    collect(statement.right, env, reads)
    const cells = [...reads.cells].filter((c) => symbolOf(this.world, c.symbol).kind === 'latent')
    if (cells.length === 0 || !cells.every((c) => among.has(c))) return null
    const residual = (one: Cell | null): number => {
      const lookup = (c: Cell): number => (cells.includes(c) ? Number(c === one) : (this.given(c) ?? Number.NaN))
      const inner = environment(env, this.request.params, lookup)
      return flatten(zip(evaluate(statement.left, inner), evaluate(statement.right, inner), (a, b) => a - b))[0] ?? 0
    }
    const base = residual(null)
    const slopes = cells.map((c) => residual(c) - base)
    const [slope = 0] = slopes
    if (slope === 0 || Number.isNaN(base) || slopes.some((s) => s !== slope)) return null
    return { cells, sum: -base / slope }
  }
}

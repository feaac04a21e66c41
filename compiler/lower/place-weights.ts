/**
 * The evidence of a place as weights in place of logs: exp E(place, states), or exp (E − its maximum over the states).
 *
 * Terms that are the log of something read off tables (categories, first states) are multiplied as they are. What they
 * look up by a column of categories lies in a table of its own, states side by side. All other terms are added up as
 * logs, and their maximum over the states of the window is taken off before the exponential, so that the largest is 1.
 */
import { add, num } from '../algebra/build.js'
import { k } from '../kernel/index.js'
import { simplify } from '../kernel/simplify.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'
import { childrenOf, freeAxes, mapChildren, walk } from '../kernel/visit.js'
import type { Lowerer } from './lowerer.js'

export interface WeightTerms {
  /** Factors of the weight. */
  readonly factors: readonly KExpr[]
  /** Summands of its log. */
  readonly logs: readonly KExpr[]
}

/** The summands of a log at a place, as factors where they are logs of tables. `ofRow`: axes that tell rows apart. */
export function weightTerms(log: KExpr, ofRow: ReadonlySet<string>): WeightTerms {
  const terms = log.k === 'add' ? log.args : [log]
  const factors: KExpr[] = []
  const logs: KExpr[] = []
  const alike: KExpr[] = []
  for (const term of terms) {
    const plain = exponential(term)
    if (plain !== null) factors.push(plain)
    else if (dependsOn(term, ofRow)) logs.push(term)
    else alike.push(term)
  }
  if (logs.length > 0) return { factors, logs: [...alike, ...logs] }
  return { factors: [...factors, ...alike.map((term) => k.call('exp', term))], logs }
}

const dependsOn = (e: KExpr, axes: ReadonlySet<string>): boolean => [...freeAxes(e)].some((a) => axes.has(a))

/** exp of a log density that needs no exponential; null where it needs one. */
function exponential(e: KExpr): KExpr | null {
  if (e.k === 'call' && e.fn === 'log') return e.args[0] ?? null
  if (e.k === 'num') return k.num(Math.exp(e.value))
  if (e.k === 'select') {
    const [then, otherwise] = [exponential(e.then), exponential(e.otherwise)]
    return then === null || otherwise === null ? null : k.select(e.when, then, otherwise)
  }
  if (e.k === 'add') {
    const parts = e.args.map(exponential)
    const factors = parts.filter((part) => part !== null)
    return factors.length === parts.length ? k.mul(...factors) : null
  }
  return null
}

/** Tables of what is the same at each place, filled before the first one. */
export class PlaceTables {
  readonly ops: KernelOp[] = []
  readonly #known = new Map<string, { readonly buffer: string; readonly axes: readonly Axis[] }>()

  constructor(
    private readonly lowerer: Lowerer,
    private readonly id: string,
    /** Axes of the states, in the order in which they lie. */
    private readonly states: readonly Axis[],
  ) {}

  /** A factor with what it looks up by one column of categories in a table; as it is where it is no such thing. */
  byCategory(factor: KExpr): KExpr {
    const keys = new Map<string, KExpr & { readonly k: 'load' }>()
    const extents = new Set<string>()
    let compared = false
    walk(factor, (part) => {
      if (part.k === 'compare') compared = true
      if (part.k === 'load' && this.isCategory(part)) keys.set(JSON.stringify(part), part)
    })
    const [key] = keys.values()
    if (key === undefined || keys.size > 1) return factor
    const name = JSON.stringify(key)
    const readsKey = (e: KExpr): boolean => JSON.stringify(e) === name || childrenOf(e).some((part) => readsKey(part))
    walk(factor, (part) => {
      if (part.k !== 'load' || JSON.stringify(part) === name) return
      part.at.forEach((index, i) => {
        const extent = this.lowerer.buffers.get(part.buffer)?.shape[i]
        if (extent !== undefined && readsKey(index)) extents.add(extent)
      })
    })
    const [extent] = extents
    const size = extent === undefined ? undefined : this.lowerer.sizes.get(extent)
    if (size === undefined || extents.size > 1) return factor
    // a missing category is −1: its place is the first
    const axis: Axis = {
      id: `category ${this.id}`,
      name: 'c',
      size: compared ? this.lowerer.size(add(size, num(1))) : (extent ?? ''),
    }
    const replace = (e: KExpr): KExpr =>
      JSON.stringify(e) === name ? k.add(k.axis(axis), k.num(compared ? -1 : 0)) : mapChildren(e, replace)
    const value = simplify(replace(factor))
    const states = this.states.filter((a) => freeAxes(value).has(a.id))
    if ([...freeAxes(value)].some((a) => a !== axis.id && !states.some((s) => s.id === a))) return factor
    const table = this.table([axis, ...states], value)
    return k.load(table, k.add(key, k.num(compared ? 1 : 0)), ...states.map((a) => k.axis(a)))
  }

  /** An expression with the parts that are dear and alike at each place in tables. */
  hoisted(e: KExpr): KExpr {
    const free = freeAxes(e)
    const states = this.states.filter((a) => free.has(a.id))
    if (isDear(e) && states.length === free.size && !this.readsScratch(e))
      return k.load(this.table(states, e), ...states.map((a) => k.axis(a)))
    return mapChildren(e, (part) => this.hoisted(part))
  }

  private table(axes: readonly Axis[], value: KExpr): string {
    const key = JSON.stringify([axes, value])
    const known = this.#known.get(key)
    if (known !== undefined) return known.buffer
    const buffer = this.lowerer.buffer({
      id: `weights ${this.#known.size + 1} ${this.id}`,
      space: 'scratch',
      type: 'f64',
      shape: axes.map((a) => a.size),
    })
    this.#known.set(key, { buffer, axes })
    this.ops.push(k.mapOver(buffer, axes, value))
    return buffer
  }

  private isCategory({ buffer }: KExpr & { readonly k: 'load' }): boolean {
    const own = this.lowerer.buffers.get(buffer)
    return own?.space === 'data' && own.type === 'i32' && buffer.startsWith('data:')
  }

  private readsScratch(e: KExpr): boolean {
    let reads = false
    walk(e, (part) => {
      if (part.k === 'load' && this.lowerer.buffers.get(part.buffer)?.space === 'scratch') reads = true
    })
    return reads
  }
}

/** It has a function, a power or a quotient at its root, or is a sum or a product of such. */
function isDear(e: KExpr): boolean {
  if (e.k === 'call' || e.k === 'pow' || e.k === 'div' || e.k === 'reduce') return true
  return (
    (e.k === 'add' || e.k === 'mul' || e.k === 'mul0' || e.k === 'neg' || e.k === 'sub') && childrenOf(e).some(isDear)
  )
}

import type { KExpr } from '../kernel/types.js'
import { childrenOf } from '../kernel/visit.js'

/** What code motion needs to know of an expression; computed once per node. */
export interface Facts {
  /** Equal exactly for expressions that are written alike, among those of one table. */
  readonly key: string
  readonly free: ReadonlySet<string>
  readonly reads: ReadonlySet<string>
  /** Every load is at plain axes and numbers: in range wherever its axes are, guards or not. A covariance may throw. */
  readonly safe: boolean
}

/** Facts per node, for one compilation. */
export class FactTable {
  readonly #facts = new WeakMap<KExpr, Facts>()
  /** A number for each way that a node and its parts are written: keys stay short however deep an expression is. */
  readonly #numbers = new Map<string, number>()

  of(expr: KExpr): Facts {
    const known = this.#facts.get(expr)
    if (known !== undefined) return known
    const parts = childrenOf(expr).map((part) => this.of(part))
    const plain =
      expr.k !== 'covariance' &&
      (expr.k !== 'load' || expr.at.every((index) => index.k === 'axis' || index.k === 'num'))
    const facts: Facts = {
      key: this.#keyOf(`${headOf(expr)}(${parts.map((part) => part.key).join()})`),
      free: freeOf(expr, parts),
      reads: readsOf(expr, parts),
      safe: plain && parts.every((part) => part.safe),
    }
    this.#facts.set(expr, facts)
    return facts
  }

  #keyOf(written: string): string {
    const number = this.#numbers.get(written) ?? this.#numbers.size
    this.#numbers.set(written, number)
    return `#${number}`
  }
}

const NONE: ReadonlySet<string> = new Set()

/** Axes that it reads and does not bind itself. */
function freeOf(expr: KExpr, parts: readonly Facts[]): ReadonlySet<string> {
  if (expr.k === 'axis') return new Set([expr.axis])
  const sets = parts.map(({ free }) => free)
  if (expr.k !== 'reduce') return union(sets)
  const body = new Set(sets.at(-1) ?? NONE)
  body.delete(expr.axis.id)
  return union([...sets.slice(0, -1), body])
}

/** Buffers that it reads, extents of ragged axes included. */
function readsOf(expr: KExpr, parts: readonly Facts[]): ReadonlySet<string> {
  const sets = parts.map(({ reads }) => reads)
  if (expr.k === 'load') return union([...sets, new Set([expr.buffer])])
  if (expr.k === 'reduce' && expr.axis.ragged !== undefined) return union([...sets, new Set([expr.axis.ragged.sizes])])
  return union(sets)
}

/** Sets are shared where one holds all: they are never changed. */
function union(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  let whole = NONE
  let own: Set<string> | null = null
  for (const set of sets)
    if (whole.size === 0) whole = set
    else
      for (const item of set)
        if (!whole.has(item)) {
          own ??= new Set(whole)
          own.add(item)
          whole = own
        }
  return whole
}

/** A node without its parts. */
function headOf(expr: KExpr): string {
  switch (expr.k) {
    case 'num':
      return `num ${Object.is(expr.value, -0) ? '-0' : expr.value}`
    case 'axis':
      return `axis ${JSON.stringify(expr.axis)}`
    case 'size':
      return `size ${JSON.stringify(expr.size)}`
    case 'load':
      return `load ${JSON.stringify(expr.buffer)}`
    case 'covariance':
      return `covariance ${JSON.stringify(expr.of)}`
    case 'pow':
      return `pow ${expr.exponent}`
    case 'call':
      return `call ${expr.fn}`
    case 'compare':
      return `compare ${expr.operator}`
    case 'reduce':
      return `reduce ${expr.kind} ${JSON.stringify([expr.axis.id, expr.axis.size, expr.axis.ragged?.sizes ?? null])}`
    default:
      return expr.k
  }
}

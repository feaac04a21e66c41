import type { KExpr } from '../kernel/types.js'
import { buffersRead, childrenOf, freeAxes } from '../kernel/visit.js'

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
    const parts = childrenOf(expr)
    const facts: Facts = {
      key: this.#keyOf(`${headOf(expr)}(${parts.map((part) => this.of(part).key).join()})`),
      free: freeAxes(expr),
      reads: buffersRead(expr),
      safe: isSafe(expr),
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

const safe = new WeakMap<KExpr, boolean>()

function isSafe(expr: KExpr): boolean {
  const known = safe.get(expr)
  if (known !== undefined) return known
  const plain =
    expr.k !== 'covariance' && (expr.k !== 'load' || expr.at.every((index) => index.k === 'axis' || index.k === 'num'))
  const own = plain && childrenOf(expr).every(isSafe)
  safe.set(expr, own)
  return own
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

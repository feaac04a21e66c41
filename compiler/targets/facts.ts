import type { KExpr } from '../kernel/types.js'
import { buffersRead, childrenOf, freeAxes } from '../kernel/visit.js'

/** What code motion needs to know of an expression; computed once per node. */
export interface Facts {
  /** Equal exactly for expressions that are written alike. */
  readonly key: string
  readonly free: ReadonlySet<string>
  readonly reads: ReadonlySet<string>
  /** Every load is at plain axes and numbers: in range wherever its axes are, guards or not. A covariance may throw. */
  readonly safe: boolean
}

/** Facts per node, for one compilation. */
export class FactTable {
  readonly #facts = new WeakMap<KExpr, Facts>()

  of(expr: KExpr): Facts {
    const known = this.#facts.get(expr)
    if (known !== undefined) return known
    const parts = childrenOf(expr).map((part) => this.of(part))
    const plain =
      expr.k !== 'covariance' &&
      (expr.k !== 'load' || expr.at.every((index) => index.k === 'axis' || index.k === 'num'))
    const facts: Facts = {
      key: `${headOf(expr)}(${parts.map((part) => part.key).join(',')})`,
      free: freeAxes(expr),
      reads: buffersRead(expr),
      safe: plain && parts.every((part) => part.safe),
    }
    this.#facts.set(expr, facts)
    return facts
  }
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

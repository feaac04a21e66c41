/**
 * Σ log x over rows with one logarithm for all of them: x = 2^k m, the k are added up and the m multiplied. √½ ≤ m < √2, so a
 * product of a thousand is far from the ends of the range of doubles.
 */
import type { KExpr } from '../../kernel/types.js'
import { f64x2, get } from './code.js'
import type { Copy, Lowering } from './lowering.js'
import { LN2_HIGH, LN2_LOW } from './math/exp.js'
import { log, parts } from './math/log.js'
import { add, madd, mul } from './math/vector.js'
import type { Local, WExpr } from './wasm-ast.js'

/** Factors that a lane may have. */
export const MOST_FACTORS = 1024

/** A sum of logarithms, as what is under the logarithm and what is added beside it; null for anything else. */
export function logarithmIn(value: KExpr): { readonly of: KExpr; readonly beside: KExpr | null } | null {
  const terms = value.k === 'add' ? value.args : [value]
  const logs = terms.flatMap((term) => (term.k === 'call' && term.fn === 'log' ? [term] : []))
  const [only] = logs
  const [of] = only?.args ?? []
  if (only === undefined || of === undefined || logs.length > 1) return null
  const rest = terms.filter((term) => term !== only)
  const [first] = rest
  return { of, beside: rest.length > 1 ? { k: 'add', args: rest } : (first ?? null) }
}

/** Σ k and Π m of one copy. */
interface Product {
  readonly exponents: Local
  readonly factors: Local
}

/** Sums of logarithms of the copies of a loop, in lanes. */
export class LogSums {
  readonly #products: Product[] = []

  constructor(
    private readonly lowering: Lowering,
    private readonly of: KExpr,
  ) {}

  /** In the loop: one more factor for each copy. */
  take(copies: readonly Copy[]): void {
    const { blocks, code } = this.lowering
    const values = this.lowering.vectors(this.of, copies)
    values.forEach((value, i) => {
      const product = this.#products[i] ?? { exponents: code.local('v128'), factors: code.local('v128') }
      this.#products[i] = product
      blocks.emitting(() => {
        const { k, m } = parts(code, value)
        code.set(product.exponents, add(get(product.exponents), k))
        code.set(product.factors, mul(get(product.factors), m))
      })
    })
  }

  /** Before the loop, once it is known how many copies it has. */
  begin(): void {
    for (const { exponents, factors } of this.#products) {
      this.lowering.blocks.append({ w: 'set', local: exponents, value: f64x2(0) })
      this.lowering.blocks.append({ w: 'set', local: factors, value: f64x2(1) })
    }
  }

  /** After the loop: the sum of all copies, in each lane. */
  total(): WExpr {
    const { blocks, code } = this.lowering
    const exponents = this.#products.map((p) => get(p.exponents)).reduce((a, b) => add(a, b))
    const factors = this.#products.map((p) => get(p.factors)).reduce((a, b) => mul(a, b))
    return blocks.emitting(() => {
      const k = code.bind(exponents)
      return code.bind(madd(k, f64x2(LN2_HIGH), madd(k, f64x2(LN2_LOW), log(code, factors))))
    })
  }
}

/** Tensors in index notation: a value with its index domains and a function that gives an element. */
import type { Span } from '../../lang/source.js'
import { add, caseOf, compare, literal, num, ONE, sum, ZERO } from '../algebra/build.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { collectNodes, rewrite, substituteIndex } from '../algebra/visit.js'
import type { Tensor, TensorDim } from '../distributions/types.js'

/** Thrown inside the graph stage for a construct this version cannot put into index notation; caught and reported. */
export class NotElaborated extends Error {
  constructor(
    message: string,
    readonly span: Span,
  ) {
    super(message)
  }
}

/** A tensor whose elements were written one by one, so that sums over it are unrolled. */
export interface BuiltTensor extends Tensor {
  readonly dims: readonly RaggedDim[]
}

/** `sizeAt` gives the extent where it depends on the indices of earlier dimensions. */
export interface RaggedDim extends TensorDim {
  readonly sizeAt?: (previous: readonly Expr[]) => Expr
}

/** Source of unique index variables. */
export class IndexSupply {
  private count = 0
  fresh(name: string, to: Expr, from: Expr = ONE): IndexVar {
    this.count += 1
    return { id: `${name}${this.count}`, name, from, to }
  }
}

/** A number. */
export const scalar = (e: Expr): BuiltTensor => ({ dims: [], at: () => e })

/** Σ over an index, written out where its range is a small number of terms that differ in form. */
export function unrolled(v: IndexVar, body: Expr): Expr {
  const elements = literalElements(v, body)
  return elements === null ? sum(v, body) : add(...elements)
}

const UNROLL_LIMIT = 64

export function literalElements(v: IndexVar, body: Expr): readonly Expr[] | null {
  const from = literal(v.from)
  const to = literal(v.to)
  if (from === null || to === null || to - from >= UNROLL_LIMIT) return null
  const chosen = collectNodes(body, (n) => n.kind === 'case' && guardReads(n.when, v.id))
  if (chosen.length === 0) return null
  return Array.from({ length: to - from + 1 }, (_, i) => substituteIndex(body, new Map([[v.id, num(from + i)]])))
}

function guardReads(g: Guard, id: string): boolean {
  switch (g.kind) {
    case 'compare':
      return (g.left.kind === 'index' && g.left.var === id) || (g.right.kind === 'index' && g.right.var === id)
    case 'and':
    case 'or':
      return guardReads(g.left, id) || guardReads(g.right, id)
    case 'not':
      return guardReads(g.of, id)
    case 'literal':
      return false
  }
}

/** Unrolls every sum in an expression whose terms differ in form. */
export const unrollSums = (e: Expr): Expr => rewrite(e, (n) => (n.kind === 'sum' ? unrolled(n.index, n.body) : n))

export function mapTensor(t: BuiltTensor, f: (e: Expr) => Expr): BuiltTensor {
  return { dims: t.dims, at: (i) => f(t.at(i)) }
}

export function stack(elements: readonly BuiltTensor[]): BuiltTensor {
  const first = elements[0]
  const size = num(elements.length)
  if (first === undefined) return { dims: [{ size }], at: () => ZERO }
  return {
    dims: [{ size }, ...first.dims],
    at: ([i, ...rest]) => {
      const position = literal(need(i))
      if (position !== null) {
        const chosen = elements[position - 1]
        if (chosen === undefined) throw new Error(`element ${position} of a vector of ${elements.length}`)
        return chosen.at(rest)
      }
      return elements.reduceRight<Expr>(
        (otherwise, el, k) => caseOf(compare('==', need(i), num(k + 1)), el.at(rest), otherwise),
        ZERO,
      )
    },
  }
}

export function need(e: Expr | undefined): Expr {
  if (e === undefined) throw new Error('too few indices')
  return e
}

export function needDim(d: RaggedDim | undefined, span: Span): RaggedDim {
  if (d === undefined) throw new NotElaborated('a vector is needed here', span)
  return d
}

import { KernelError } from '../../kernel/kernel-error.js'
import type { KExpr } from '../../kernel/types.js'
import { childrenOf } from '../../kernel/visit.js'
import { type JsExpr, jsBinary, jsMath, jsNumber, jsSum } from './js-ast.js'
import { depthOf, type Lowering } from './lowering.js'

/** `buffer[at]`, as a value or as the target of an assignment. */
export function lowerElement(lowering: Lowering, buffer: string, at: readonly KExpr[]): JsExpr {
  return { js: 'element', array: lowering.table.array(buffer), at: lowerPosition(lowering, buffer, at) }
}

/** Flat position: parts of it that belong to outer loops are added up there. */
export function lowerPosition(lowering: Lowering, buffer: string, at: readonly KExpr[]): JsExpr {
  const declared = lowering.table.declared(buffer)
  if (declared.shape.length !== at.length) {
    throw new KernelError(`buffer ${buffer} has rank ${declared.shape.length}, not ${at.length}`)
  }
  const terms = at
    .map((index, dim) => ({ index, dim, depth: depthOf(lowering, index) }))
    .filter(({ index }) => !(index.k === 'num' && index.value === 0))
    .sort((left, right) => left.depth - right.depth)
  let sum: JsExpr[] = []
  if (declared.space === 'scratch' && declared.rows !== undefined) {
    sum = [lowering.table.bufferInteger('origin', buffer)]
  }
  let key = `position ${JSON.stringify(buffer)}`
  const reads = new Set<string>()
  for (let i = 0; i < terms.length; ) {
    const depth = terms[i]?.depth ?? 0
    const from = i
    while (i < terms.length && terms[i]?.depth === depth) i++
    const group = terms.slice(from, i)
    for (const { index, dim } of group) {
      const facts = lowering.facts.of(index)
      key += ` ${dim}:${facts.key}`
      for (const id of facts.reads) reads.add(id)
    }
    sum = [partialPosition(lowering, buffer, sum, group, depth, at.length, key, new Set(reads))]
  }
  return sum[0] ?? jsNumber(0)
}

function partialPosition(
  lowering: Lowering,
  buffer: string,
  sum: readonly JsExpr[],
  group: readonly { readonly index: KExpr; readonly dim: number }[],
  depth: number,
  rank: number,
  key: string,
  reads: ReadonlySet<string>,
): JsExpr {
  const build = (): JsExpr => {
    const parts = group.map(({ index, dim }) => {
      const value = integer(lowering, index)
      return dim === rank - 1 ? value : jsMath('imul', value, lowering.table.stride(buffer, dim))
    })
    const all = [...sum, ...parts]
    return all.length === 1 ? jsSum(all) : jsBinary('|', jsSum(all), jsNumber(0))
  }
  if (depth === lowering.blocks.depth) return build()
  return (
    lowering.blocks.recall(key) ??
    lowering.blocks.at(depth, () => {
      const bound = lowering.blocks.bind(build())
      lowering.blocks.remember(key, bound, reads)
      return bound
    })
  )
}

function integer(lowering: Lowering, index: KExpr): JsExpr {
  const value = lowering.lower(index)
  return isInteger(lowering, index) ? value : jsBinary('|', value, jsNumber(0))
}

function isInteger(lowering: Lowering, expr: KExpr): boolean {
  switch (expr.k) {
    case 'axis':
    case 'size':
      return true
    case 'num':
      return Number.isInteger(expr.value)
    case 'load':
      return lowering.table.declared(expr.buffer).type === 'i32'
    case 'add':
    case 'sub':
      return childrenOf(expr).every((part) => isInteger(lowering, part))
    default:
      return false
  }
}

import type { KExpr, KernelOp } from '../types.js'
import { walk } from '../visit.js'

/**
 * Buffers of values that count by their absolute error, as logarithms of probabilities do: those that a log-sum-exp
 * adds up, that are added up as they are, or that are added to such values.
 */
export function logarithms(ops: readonly KernelOp[]): ReadonlySet<string> {
  const found = new Set<string>()
  const take = (value: KExpr): void => {
    for (const id of addends(value)) found.add(id)
  }
  const all = ops.flatMap(withSteps)
  for (let before = -1; before < found.size; ) {
    before = found.size
    for (const op of all) {
      if (op.op === 'reduce' && op.kind === 'logSumExp') take(op.value)
      if (op.op === 'map' && found.has(op.out)) take(op.value)
      if (op.op === 'contract' && op.at.length === 0 && op.factors.length === 1) op.factors.forEach(take)
      if (op.op === 'map')
        walk(op.value, (part) => {
          if (part.k === 'reduce' && part.kind === 'logSumExp') take(part.body)
        })
    }
  }
  return found
}

function withSteps(op: KernelOp): readonly KernelOp[] {
  return op.op === 'scan' || op.op === 'repeat' ? op.step.flatMap(withSteps) : [op]
}

/** Buffers whose elements are added to a value, and nothing else done with them. */
function addends(value: KExpr): readonly string[] {
  switch (value.k) {
    case 'load':
      return [value.buffer]
    case 'add':
      return value.args.flatMap(addends)
    case 'reduce':
      return value.kind === 'sum' ? addends(value.body) : []
    default:
      return []
  }
}

import { expressionsOf, partsOf } from '../../kernel/visit.js'
import type { FactTable } from '../facts.js'
import type { LoopOp } from '../loop-op.js'

/**
 * Operations that stand in the same loops up to `depth`, in runs that may share the next one: neighbours over the same
 * axis that only add, to buffers which none of them reads, and that have a function call, a power or a sum within that
 * loop in common. An operation that joins nothing is a run of its own.
 */
export function joinLoops(ops: readonly LoopOp[], depth: number, facts: FactTable): readonly (readonly LoopOp[])[] {
  const runs: { readonly ops: LoopOp[]; readonly costly: Set<string> }[] = []
  for (const op of ops) {
    const own = costlyWithin(op, depth, facts)
    const last = runs.at(-1)
    const shares = last !== undefined && [...own].some((key) => last.costly.has(key))
    if (shares && last.ops.every((before) => mayJoin(before, op, depth))) {
      last.ops.push(op)
      for (const key of own) last.costly.add(key)
    } else runs.push({ ops: [op], costly: own })
  }
  return runs.map((run) => run.ops)
}

/** Keys of the calls, powers and sums of an operation that depend on its axis at `depth`. */
function costlyWithin(op: LoopOp, depth: number, facts: FactTable): Set<string> {
  const axis = op.axes[depth]
  const keys = new Set<string>()
  if (axis === undefined || axis.ragged !== undefined) return keys
  for (const expr of expressionsOf(op))
    for (const part of partsOf(expr)) {
      if (part.k !== 'call' && part.k !== 'pow' && part.k !== 'reduce') continue
      const { key, free } = facts.of(part)
      if (free.has(axis.id)) keys.add(key)
    }
  return keys
}

function mayJoin(before: LoopOp, next: LoopOp, depth: number): boolean {
  const [a, b] = [before.axes[depth], next.axes[depth]]
  if (a === undefined || b === undefined || a.id !== b.id || a.size !== b.size) return false
  const adds = (op: LoopOp): boolean => op.op === 'contract' || op.op === 'scatterAdd'
  return adds(before) && adds(next) && !reads(before, next.out) && !reads(next, before.out)
}

function reads(op: LoopOp, buffer: string): boolean {
  return expressionsOf(op).some((expr) => partsOf(expr).some((part) => part.k === 'load' && part.buffer === buffer))
}

/** Variances of counts that an observed sum shares out, and of latents that an observed equation gives. */
import { caseOf, compare, div, idx, mul, ONE, ref, sub, ZERO } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import type { KernelOp } from '../kernel/types.js'
import { meanBuffer } from './buffers.js'
import { over, scratch } from './continuous-reports.js'
import type { Lowerer, LoweringContext } from './lowerer.js'

/** Buffers of variances by latent; a latent whose variance is not known here is left out. */
export function lowerCountVariances(
  d: Derivation,
  lowerer: Lowerer,
  context: LoweringContext,
): { readonly variances: ReadonlyMap<string, string>; readonly ops: readonly KernelOp[] } {
  const variances = new Map<string, string>()
  const ops: KernelOp[] = []
  const add = (name: string, loops: readonly IndexVar[], value: (mean: Expr) => Expr): void => {
    const buffer = scratch(`variance of ${name}`, loops, lowerer)
    const mean = ref(
      'table',
      meanBuffer(name),
      loops.map((v) => sub(idx(v), sub(v.from, ONE))),
    )
    ops.push(over(loops, buffer, value(mean), lowerer, context))
    variances.set(name, buffer)
  }
  // given its sum a count is Binomial, with mean total · p
  for (const g of d.eStep.countGroups)
    for (const name of g.latents)
      add(
        name,
        g.loops.map((l) => l.index),
        (mean) => caseOf(compare('>', g.total, ZERO), mul(mean, sub(ONE, div(mean, g.total))), ZERO),
      )
  const kinds = new Map(d.graph.latents.map((l) => [l.name, l.kind]))
  for (const s of d.graph.solved) {
    const reads = collectNodes(s.value, (n) => n.kind === 'ref' && n.space === 'latent')
    if (reads.length === 0 || !reads.every((n) => n.kind === 'ref' && kinds.get(n.name) === 'continuous')) continue
    add(
      s.name,
      s.loops.map((l) => l.index),
      (mean) => ({ kind: 'expect', of: [], body: mul(sub(s.value, mean), sub(s.value, mean)) }),
    )
  }
  return { variances, ops }
}

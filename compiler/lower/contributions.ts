/**
 * What each row of the outermost plates adds to the log-likelihood: the terms of the objective, added up by the first of
 * their loops. The rows of two plates over one range are the same rows.
 */
import { literal } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { IndexVar } from '../algebra/types.js'
import { k } from '../kernel/index.js'
import type { KExpr, KernelOp } from '../kernel/types.js'
import type { Lowerer, LoweringContext } from './lowerer.js'
import type { Program } from './program.js'

export interface Contribution {
  readonly buffer: string
  /** The outermost loop; its rows are 1 to `to`. null: what belongs to no row. */
  readonly loop: IndexVar | null
}

export function lowerContributions(
  program: Pick<Program, 'passes'>,
  variables: ReadonlyMap<string, IndexVar>,
  lowerer: Lowerer,
  /** Terms that are taken apart otherwise, by the buffer that they read. */
  elsewhere: ReadonlySet<string>,
): { readonly contributions: readonly Contribution[]; readonly ops: readonly KernelOp[] } {
  const none: LoweringContext = { vars: new Map(), at: 'param' }
  const found = new Map<string, Contribution>()
  const ops: KernelOp[] = []
  for (const op of program.passes.flatMap((p) => p.objective)) {
    if (!('out' in op) || op.out !== 'loglik') continue
    if (op.op !== 'contract' || op.at.length > 0) throw new Error('an objective that is not one sum')
    const [term] = op.factors
    if (op.axes.length === 0 && term?.k === 'load' && elsewhere.has(term.buffer)) continue
    const [first] = op.axes
    const loop = first === undefined ? null : (variables.get(first.id) ?? null)
    if (first !== undefined && loop === null) throw new Error(`no loop ${first.id}`)
    const key = loop === null ? '' : keyOf(loop.to)
    const contribution = found.get(key) ?? { buffer: `contribution ${key}`, loop }
    if (!found.has(key)) {
      found.set(key, contribution)
      lowerer.buffer({
        id: contribution.buffer,
        space: 'scratch',
        type: 'f64',
        shape: loop === null ? [] : [lowerer.size(loop.to)],
      })
      ops.push({ op: 'fill', out: contribution.buffer, value: 0 })
    }
    const at: readonly KExpr[] =
      loop === null || first === undefined
        ? []
        : [literal(loop.from) === 1 ? k.axis(first) : k.add(k.axis(first), lowerer.expr(loop.from, none), k.num(-1))]
    const [value] = op.factors
    if (value === undefined || op.factors.length !== 1) throw new Error('an objective that is not one term')
    ops.push({ op: 'scatterAdd', out: contribution.buffer, axes: op.axes, at, value })
  }
  return { contributions: [...found.values()], ops }
}

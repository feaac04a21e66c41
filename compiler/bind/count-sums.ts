/** Expected counts of the values of latents, and the entropy of their posterior, as sums of a pass: no posterior of all rows is kept. */
import type { Expr } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import type { FactorGraph } from '../graph/types.js'
import { buffersReadByOp, k } from '../kernel/index.js'
import type { Axis, Buffer, KExpr, KernelOp } from '../kernel/types.js'
import type { Pass, Program } from '../lower/program.js'

/** The sums that hold the counts of one latent, and −Σ p log p of its marginals in nats. */
export interface CountSum {
  readonly latent: string
  readonly counts: string
  readonly entropy: string
  readonly pass: Pass
  /** To be run behind the pass's posterior. */
  readonly ops: readonly KernelOp[]
}

/** The least number whose logarithm is taken: p log p is 0 where p is. */
const TINY = 1e-300

/**
 * The program with buffers for the counts of each discrete latent and its entropy, and the sums that fill them. A latent is left out
 * where its marginals are not made row by row of one pass, or its weights are more than columns of data.
 */
export function withCounts(
  program: Program,
  graph: FactorGraph,
): { readonly program: Program; readonly sums: readonly CountSum[] } {
  const sums: CountSum[] = []
  const buffers: Buffer[] = []
  for (const latent of program.latents) {
    if (latent.kind !== 'discrete') continue
    const loops = graph.latents.find((l) => l.name === latent.name)?.loops ?? []
    for (const pass of program.passes) {
      const made = countSum(program, pass, latent.name, latent.buffer, loops)
      if (made === null) continue
      const values = program.buffers.find((b) => b.id === latent.buffer)?.shape.at(-1)
      if (values === undefined) break
      sums.push(made)
      buffers.push({ id: made.counts, space: 'sum', type: 'f64', shape: [values] })
      buffers.push({ id: made.entropy, space: 'sum', type: 'f64', shape: [] })
      break
    }
  }
  return { program: { ...program, buffers: [...program.buffers, ...buffers] }, sums }
}

function countSum(
  program: Program,
  pass: Pass,
  latent: string,
  buffer: string,
  loops: FactorGraph['latents'][number]['loops'],
): CountSum | null {
  const inPass = pass.posterior.find((op) => op.op === 'map' && op.out === buffer)
  const writer = inPass ?? program.marginals.find((op) => op.op === 'map' && op.out === buffer)
  if (writer?.op !== 'map' || writer.axes[0]?.id !== pass.rows?.axis) return null
  const made = new Set(pass.posterior.flatMap((op) => ('out' in op ? [op.out] : [])))
  const scratch = new Set(program.buffers.flatMap((b) => (b.space === 'scratch' ? [b.id] : [])))
  if (inPass === undefined && [...buffersReadByOp(writer)].some((id) => scratch.has(id) && !made.has(id))) return null
  const value = writer.at.at(-1)
  if (value?.k !== 'axis' || writer.axes.some((a) => a.ragged !== undefined)) return null
  const weights = loops.flatMap((l) => (l.weight === null ? [] : [columnOf(l.weight, loops, writer.axes)]))
  if (weights.some((w) => w === null)) return null
  const p = k.load(buffer, ...writer.at)
  const weighted = [p, ...weights.flatMap((w) => (w === null ? [] : [w]))]
  const information = k.mul(k.num(-1), k.call('log', k.call('max', p, k.num(TINY))))
  const [counts, entropy] = [`count ${latent}`, `count entropy ${latent}`]
  const sums: readonly KernelOp[] = [
    { op: 'contract', out: counts, axes: writer.axes, at: [value], factors: weighted },
    { op: 'contract', out: entropy, axes: writer.axes, at: [], factors: [...weighted, information] },
  ]
  return { latent, counts, entropy, pass, ops: inPass === undefined ? [writer, ...sums] : sums }
}

/** A weight that is a cell of data at the loops of the latent; else null. */
function columnOf(weight: Expr, loops: FactorGraph['latents'][number]['loops'], axes: readonly Axis[]): KExpr | null {
  if (weight.kind !== 'ref' || weight.space !== 'data' || collectNodes(weight, (n) => n.kind === 'ref').length > 1)
    return null
  const at = weight.index.map((e): KExpr | null => {
    const i = e.kind === 'index' ? loops.findIndex((l) => l.index.id === e.var) : -1
    const axis = axes[i]
    return axis === undefined ? null : k.axis(axis)
  })
  return at.some((a) => a === null)
    ? null
    : k.load(`data:${weight.name}`, ...at.flatMap((a) => (a === null ? [] : [a])))
}

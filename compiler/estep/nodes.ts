/**
 * Latents whose posterior is no family: it is represented by nodes. A node acts as a value of a discrete latent does, with
 * a log weight for a prior probability: adaptive Gauss–Hermite quadrature around the mode of the log joint density, scaled
 * by its curvature there (Naylor and Smith 1982; Liu and Pierce 1994; Pinheiro and Bates 1995), over up to three
 * coordinates of one posterior; draws beyond, weighted by importance (Booth and Hobert 1999).
 */
import { literal } from '../algebra/build.js'
import { NotDifferentiable, partials } from '../algebra/differentiate.js'
import { readsLatent } from '../algebra/expectation.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { freeIndices, guardChildren, rewrite, some } from '../algebra/visit.js'
import type { BindTable } from '../graph/types.js'
import { dimension } from './block-layout.js'
import { logWeightsTable, nodeCount, placesTable } from './node-layout.js'
import type { EStepStep, NodeBlock } from './types.js'

/** The most coordinates of one posterior for which there is a product rule. */
export const MOST_DIMENSIONS = 3

/** Which nodes may stand for a posterior that is no family: those of a quadrature in few dimensions, or drawn ones too. */
export type NodePolicy = 'none' | 'quadrature' | 'draws'

/** Functions whose slope jumps. */
const KINKED: ReadonlySet<string> = new Set(['abs', 'min', 'max', 'round', 'floor', 'ceil', 'mod'])

/** Why the latents of a block have no nodes either; null where they have. */
export function nodeRefusal(b: Omit<NodeBlock, 'kind' | 'because'>, rename: (v: IndexVar) => IndexVar): string | null {
  for (const { latent, coordinates } of b.latents) {
    if (latent.support !== 'real' && latent.support !== 'positive' && latent.support !== 'unit')
      return `it has no quadrature over ${latent.support === 'count' ? 'counts' : `${latent.support} values`}`
    if (coordinates.some((v) => freeIndices(v.to).size > 0))
      return 'its posteriors differ in their number of coordinates'
  }
  const names = new Set(b.latents.map((l) => l.latent.name))
  const own = (r: Extract<Expr, { kind: 'ref' }>): boolean => r.space === 'latent' && names.has(r.name)
  for (const { expr, lifted } of b.factors) {
    if (some(expr, (n) => n.kind === 'case' && guardChildren(n.when).some(readsLatent)))
      return `a density that is cut off has no quadrature to a stated error, and this ${lifted.factor.distribution} is`
    if (some(expr, (n) => n.kind === 'call' && KINKED.has(n.fn) && n.args.some(readsLatent)))
      return `a density with a kink has no quadrature to a stated error, and this ${lifted.factor.distribution} has one`
    try {
      for (const p of partials(expr, own, rename)) partials(p.value, own, rename)
    } catch (e) {
      if (!(e instanceof NotDifferentiable)) throw e
      return `its mode cannot be found by Newton's method: ${e.message}`
    }
  }
  return null
}

/** Bind tables of the product rule. */
export function nodeTables(
  b: Omit<NodeBlock, 'kind' | 'because'>,
  rename: (v: IndexVar) => IndexVar,
): readonly BindTable[] {
  const one = { kind: 'num', value: { n: 1, d: 1 } } as const
  const node = rename({ id: 'q', name: 'q', from: one, to: nodeCount(b) })
  const position = rename({ id: 'i', name: 'i', from: one, to: dimension(b) })
  const span = b.latents[0]?.latent.span ?? { start: 0, end: 0 }
  return [
    { name: placesTable(b), indices: [node, position], compute: { kind: 'nodes', block: b.id, part: 'place' }, span },
    { name: logWeightsTable(b), indices: [node], compute: { kind: 'nodes', block: b.id, part: 'weight' }, span },
  ]
}

/** Number of coordinates where the model tells it, by the values that its consts have there; else null. */
export function knownDimension(b: Pick<NodeBlock, 'latents'>, tables: readonly BindTable[]): number | null {
  const consts = new Map(
    tables.flatMap((t) =>
      t.compute.kind === 'const' && t.indices.length === 0 ? [[t.name, t.compute.value] as const] : [],
    ),
  )
  const known = rewrite(dimension(b), (n) =>
    n.kind === 'ref' && n.space === 'const' && n.index.length === 0 ? (consts.get(n.name) ?? n) : n,
  )
  return literal(known)
}

export const QUADRATURE_REFERENCE =
  'Naylor and Smith (1982), Applied Statistics 31, p. 214; Pinheiro and Bates (1995), J. Comput. Graph. Statist. 4, p. 12'
export const DRAWS_REFERENCE =
  'Booth and Hobert (1999), J. R. Statist. Soc. B 61, p. 265; Caffo, Jank and Jones (2005), J. R. Statist. Soc. B 67, p. 235'

export function describeNodes(b: NodeBlock, given: string, coordinates: number | null): EStepStep {
  const drawn = coordinates === null || coordinates > MOST_DIMENSIONS
  const road = drawn
    ? 'draws from a t distribution around the mode of the log joint density, weighted by importance'
    : 'adaptive Gauss–Hermite quadrature around the mode of the log joint density'
  const few =
    coordinates === null ? `, and quadrature where the data make it ${MOST_DIMENSIONS} coordinates or fewer` : ''
  return {
    latents: b.latents.map((l) => l.latent.name),
    method: drawn ? 'monte-carlo' : 'quadrature',
    explanation: `${b.because.reason}: ${road}${few}${given}`,
    reference: drawn ? DRAWS_REFERENCE : QUADRATURE_REFERENCE,
  }
}

/** Blocks whose log density is a quadratic in their cells: Normal posteriors. */
import { add } from '../algebra/build.js'
import type { CollectOptions } from '../algebra/collect.js'
import type { Expr } from '../algebra/types.js'
import { rewrite } from '../algebra/visit.js'
import type { FactorGraph } from '../graph/types.js'
import { type Base, isCell, isQuadratic, type Made, type Term, termsOf } from './block-terms.js'
import { patternTables, sharingOf } from './patterns.js'
import { referenceOf, referenceTables } from './references.js'
import type { BlockCell, BlockFactor, BlockTerm, GaussianBlock } from './types.js'

/** null where a term is no quadratic in real cells. */
export function asGaussian(
  base: Base,
  layout: GaussianBlock['layout'],
  plain: readonly Term[],
  graph: FactorGraph,
  options: Omit<CollectOptions, 'inU'>,
): (Made & { readonly block: GaussianBlock }) | null {
  if (!plain.every((t) => isQuadratic(t.atoms))) return null
  if (base.latents.some((l) => l.latent.support !== 'real')) return null
  const references = referenceTables(base.latents, graph)
  const about = aboutReference(base, new Set(references.map((r) => r.latent)), options)
  const rank = base.loops.length
  const cellOf = (e: Expr): BlockCell => {
    if (!isCell(e)) throw new Error('a cell of a Gaussian block is a latent')
    return { latent: e.name, at: e.index.slice(rank) }
  }
  const linear: (BlockTerm & { cell: BlockCell })[] = []
  const quadratic: (BlockTerm & { cells: readonly [BlockCell, BlockCell] })[] = []
  for (const { atoms, ...term } of about) {
    const cells = atoms.flatMap((a) => Array.from({ length: a.power.n }, () => cellOf(a.base)))
    const [a, b] = cells
    if (a === undefined) continue
    if (b === undefined) linear.push({ ...term, cell: a })
    else quadratic.push({ ...term, cells: [a, b] })
  }
  const shared = layout === 'joint' ? ({ sharing: 'row', masks: [] } as const) : sharingOf(base, quadratic)
  const tables = shared.sharing === 'pattern' ? patternTables(base, shared.masks) : null
  return {
    block: {
      ...base,
      kind: 'gaussian',
      layout,
      linear,
      quadratic,
      sharing: shared.sharing,
      pattern:
        tables === null
          ? null
          : { id: tables.number.name, representative: tables.representative.name, count: tables.count },
      references: new Map(references.map((r) => [r.latent, r.table.name])),
      given: null,
    },
    bindTables: [...references.map((r) => r.table), ...(tables === null ? [] : [tables.number, tables.representative])],
  }
}

/** The terms in δ = u − r for half-observed arrays: what is observed has δ = 0 and falls out. */
function aboutReference(
  base: Base,
  halfObserved: ReadonlySet<string>,
  options: Omit<CollectOptions, 'inU'>,
): readonly Term[] {
  const moved = base.factors.map(
    (f): BlockFactor => ({
      ...f,
      expr: rewrite(f.expr, (n) => {
        if (n.kind !== 'ref' || n.space !== 'latent' || !halfObserved.has(n.name)) return n
        return add(n, referenceOf(n))
      }),
    }),
  )
  const terms = termsOf({ ...base, factors: moved }, options)
  if (typeof terms === 'string') throw new Error(`terms about a reference: ${terms}`)
  return terms.map((t) => ({ ...t, factor: base.factors[moved.indexOf(t.factor)] ?? t.factor }))
}

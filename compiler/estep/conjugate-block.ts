/** Blocks of one latent whose log density is linear in the statistics of a family. */
import { mul, num } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { type Family, type FamilyStatistic, recogniseFamily } from '../families/index.js'
import type { ContinuousLatent } from '../graph/types.js'
import { refusal } from './block-refusals.js'
import type { Base, Made, Term } from './block-terms.js'
import { statisticOf } from './latent-atoms.js'
import { lengthOf } from './places.js'
import type { BlockCell, BlockFactor, BlockTerm, ConjugateBlock, EStepRefusal } from './types.js'

export function asConjugate(
  base: Base,
  latent: ContinuousLatent,
  terms: readonly Term[],
): (Made & { readonly block: ConjugateBlock }) | EStepRefusal {
  const rank = base.loops.length
  const statistics = new Set<FamilyStatistic>()
  const out: (BlockTerm & { statistic: FamilyStatistic; cell: BlockCell })[] = []
  for (const { atoms, ...term } of terms) {
    const [atom] = atoms
    const found = atoms.length === 1 && atom !== undefined ? statisticOf(atom) : null
    if (found === null && latent.support === 'count' && !latent.evidence) return unbounded(latent)
    if (found === null)
      return {
        ...refusal(
          latent,
          `the log density of \`${latent.name}\` is not linear in statistics of a known family: this statement brings in another function of it, and its posterior has no closed form`,
        ),
        coupled: [latent.name],
        ...(latent.support === 'count'
          ? {}
          : {
              cost: {
                kind: 'integral',
                dimensions: mul(...(base.latents[0]?.coordinates ?? []).map(lengthOf)),
                times: mul(...base.loops.map((l) => lengthOf(l.index))),
              },
            }),
        span: term.factor.lifted.factor.span,
      }
    statistics.add(found.statistic)
    out.push({ ...term, statistic: found.statistic, cell: { latent: latent.name, at: found.index.slice(rank) } })
  }
  const family = familyOf(latent.support, statistics)
  if ((family === null || !keepsFixed(family, out)) && latent.support === 'count' && !latent.evidence)
    return unbounded(latent)
  if (family === null || !keepsFixed(family, out))
    return refusal(
      latent,
      `the posterior of \`${latent.name}\` has the statistics {${[...statistics].join(', ')}} on ${SUPPORTS.get(latent.support) ?? `${latent.support} values`}, which is no family with known moments`,
    )
  return { block: { ...base, kind: 'conjugate', family, terms: out, inner: null }, bindTables: [] }
}

/** Supports by other words than their names. */
const SUPPORTS: ReadonlyMap<string, string> = new Map([
  ['unit', '(0, 1)'],
  ['covariance', 'covariance matrices'],
])

/** A matrix has a density only where some term is linear in it, or in its inverse. */
function familyOf(support: string, statistics: ReadonlySet<FamilyStatistic>): Family | null {
  const family = recogniseFamily(support, statistics)
  return family?.matrix !== undefined && !statistics.has(family.matrix) ? null : family
}

const unbounded = (latent: ContinuousLatent): EStepRefusal => ({
  code: 'E407',
  span: latent.span,
  message: `the latent count \`${latent.name}\` is unbounded: no \`observe\` gives a sum that contains it, and its posterior would be a sum over 0, 1, 2, … without end`,
  coupled: [latent.name],
  help: `give it a largest value, as in  latent ${latent.name} ~ Truncated(…, high=100), or a sum that is observed, as in  observe total = ${latent.name} + …`,
})

/** A natural parameter that the family fixes is that number, in one term. */
function keepsFixed(
  family: Family,
  terms: readonly { statistic: FamilyStatistic; coefficient: Expr; loops: readonly IndexVar[]; factor: BlockFactor }[],
): boolean {
  const { fixed } = family
  if (fixed === undefined) return true
  const own = terms.filter((t) => t.statistic === fixed.statistic)
  return (
    own.length === 1 &&
    own.every((t) => keyOf(t.coefficient) === keyOf(num(fixed.value)) && t.loops.length === 0 && t.factor.direct)
  )
}

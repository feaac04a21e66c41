/** Latents and factors as those of one block: rows, coordinates and the discrete variables that choose its terms. */
import { add, idx, mul } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import { freeIndices, substituteIndex } from '../algebra/visit.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { ContinuousLatent, Loop } from '../graph/types.js'
import type { Base } from './block-terms.js'
import { lengthOf, valuesOf } from './places.js'
import type { BlockFactor, BlockLatent, EStepRefusal, ScopeVariable } from './types.js'

/**
 * The block of a group with a posterior for each row of the loops that its latents share, `rank` of them; the rows of
 * the first `apart` loops are independent of each other.
 */
export function baseOf(
  group: readonly ContinuousLatent[],
  lifted: readonly LiftedFactor[],
  id: string,
  rank: number,
  apart = rank,
): Base | EStepRefusal {
  const shared = group[0]?.loops ?? []
  const loops = shared.slice(0, rank)
  const latents = group.map(
    (latent): BlockLatent => ({
      latent,
      coordinates: [...latent.loops.slice(rank).map((l) => l.index), ...latent.own],
    }),
  )
  const scope = new Map<string, ScopeVariable>()
  const factors: BlockFactor[] = []
  for (const f of lifted) {
    const placed = place(f, loops, scope, group)
    if ('code' in placed) return placed
    factors.push(placed)
  }
  return { id, loops, apart: shared.slice(rank, apart), latents, scope: [...scope.values()], factors }
}

/** A factor as one of a block: its row, and its discrete variables as those of the block's scope. */
function place(
  f: LiftedFactor,
  loops: readonly Loop[],
  scope: Map<string, ScopeVariable>,
  group: readonly ContinuousLatent[],
): BlockFactor | EStepRefusal {
  const row = (f.continuous[0]?.index ?? []).slice(0, loops.length)
  const direct = row.every((e, i) => e.kind === 'index' && e.var === loops[i]?.index.id)
  const byKey = new Map(row.map((e, i) => [keyOf(e), loops[i]]))
  const own = new Set(loops.map((l) => l.index.id))
  const by = new Map<string, Expr>()
  for (const v of f.variables) {
    const index = v.index.map((e) =>
      rewriteWhole(e, (x) => {
        const loop = byKey.get(keyOf(x))
        return loop === undefined ? null : idx(loop.index)
      }),
    )
    if (index.some((e) => [...freeIndices(e)].some((x) => !own.has(x))))
      return {
        code: 'E404',
        span: f.factor.span,
        message: `\`${v.latent.name}\` and \`${group[0]?.name ?? ''}\` are coupled over several rows: \`${group[0]?.name ?? ''}\` at one place depends on \`${v.latent.name}\` at many`,
        coupled: [v.latent.name, ...group.map((l) => l.name)],
        cost: {
          kind: 'mixture',
          values: valuesOf(v.latent),
          places: mul(...v.latent.loops.map((l) => lengthOf(l.index))),
          dimension: add(...group.map(cellsOf)),
        },
        help: 'an exact E-step needs the discrete latent to be of the same rows, or of rows these point to',
      }
    const key = `${v.latent.name}[${index.map(keyOf).join(',')}]`
    const known = scope.get(key) ?? { latent: v.latent, index, value: v.value }
    scope.set(key, known)
    by.set(v.value.id, idx(known.value))
  }
  return {
    lifted: f,
    expr: substituteIndex(f.expr, by),
    row,
    direct,
    extraLoops: direct ? f.factor.loops.filter((l) => !own.has(l.index.id)) : f.factor.loops,
  }
}

/** Number of cells of a latent array. */
const cellsOf = (l: ContinuousLatent): Expr => mul(...[...l.loops.map((x) => x.index), ...l.own].map(lengthOf))

/** Replaces the outermost sub-expressions for which `f` has something. */
function rewriteWhole(e: Expr, f: (x: Expr) => Expr | null): Expr {
  const found = f(e)
  if (found !== null) return found
  if (e.kind === 'ref') return { ...e, index: e.index.map((i) => rewriteWhole(i, f)) }
  if (e.kind === 'add') return add(...e.terms.map((t) => rewriteWhole(t, f)))
  return e
}

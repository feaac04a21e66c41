/** Statements on cells of data that can be made to say nothing: the E-step is that of all others. */
import { bothOf, caseOf, compare, eitherOf, idx, notOf, num, ref, ZERO } from '../../algebra/build.js'
import type { Expr, Guard } from '../../algebra/types.js'
import { substituteIndex } from '../../algebra/visit.js'
import type { BlockFactor, BlockTerm, ContinuousBlock, EStepPlan, PlacedFactor } from '../../estep/types.js'
import type { CellDensity } from '../../graph/cell-density.js'
import type { LiftedFactor } from '../../graph/lift.js'
import type { Factor } from '../../graph/types.js'
import type { ArrayShapes } from '../lowerer.js'

/** Number of an array of data, from 1. */
export const numberOf = (data: string, cells: readonly CellDensity[]): number =>
  [...new Set(cells.map((c) => c.data))].indexOf(data) + 1

/**
 * Number of the array of data whose statements are silent, or 0; how many loops these have, 0 for any; and at which rows:
 * values of the loops, 0 for all.
 */
const SILENT = 'silent data'
const DEPTH = 'silent loops'
const AT = 'silent at loop'
export const silentBuffer = `param:${SILENT}`
export const silentDepthBuffer = `param:${DEPTH}`
export const silentLoopBuffer = (loop: number): string => `param:${AT} ${loop + 1}`

/** More loops than this has no statement that is silenced. */
export const MOST_LOOPS = 4

/** Shapes with the numbers that say what is silent: no name of a user has a space. */
export function withSilence(shapes: ArrayShapes): ArrayShapes {
  return {
    ...shapes,
    shape: (space, name) =>
      space === 'param' && (name === SILENT || name === DEPTH || name.startsWith(`${AT} `))
        ? []
        : shapes.shape(space, name),
  }
}

/**
 * The E-step in which one iteration of a statement, or all of them along some loops, can be made to say nothing.
 *
 * Of a factorised posterior only the discrete latents know nothing of it.
 *
 * @param rowByRow in Normal posteriors too: each row then has a covariance of its own, whatever rows had in common
 */
export function withSilent(plan: EStepPlan, cells: readonly CellDensity[], rowByRow: boolean): EStepPlan {
  const silenced = (lifted: LiftedFactor, expr: Expr, shifted: PlacedFactor['shifted'] = new Map()): Expr => {
    const here = silentAt(lifted.factor, cells, shifted)
    return here === null ? expr : caseOf(here, ZERO, expr)
  }
  const potential = (f: PlacedFactor): PlacedFactor => ({
    ...f,
    lifted: { ...f.lifted, expr: silenced(f.lifted, f.lifted.expr, f.shifted) },
  })
  const ofBlock = (f: BlockFactor): BlockFactor => ({ ...f, expr: silenced(f.lifted, f.expr) })
  const block = (b: ContinuousBlock): ContinuousBlock => {
    if (plan.factorised !== null || !hasSilence(b)) return b
    const factors = b.factors.map(ofBlock)
    const term = <T extends BlockTerm>(t: T): T => {
      const here = silentAt(t.factor.lifted.factor, cells)
      return here === null ? t : { ...t, guards: [...t.guards, notOf(here)] }
    }
    switch (b.kind) {
      case 'nodes':
        return { ...b, factors }
      case 'conjugate':
        return { ...b, factors, terms: b.terms.map(term) }
      case 'gaussian':
        return rowByRow
          ? {
              ...b,
              factors,
              linear: b.linear.map(term),
              quadratic: b.quadratic.map(term),
              sharing: 'row',
              pattern: null,
            }
          : b
    }
  }
  return {
    ...plan,
    blocks: plan.blocks.map(block),
    potentials: plan.potentials.map((p) => ({ ...p, factors: p.factors.map(potential) })),
  }
}

/** Blocks whose posterior can be that without a statement. */
export function hasSilence(b: ContinuousBlock): boolean {
  if (b.kind === 'nodes') return true
  return b.kind === 'conjugate' ? b.inner === null : b.given === null
}

/** When a factor says nothing; null where it is none of these statements. */
function silentAt(
  factor: Factor,
  cells: readonly CellDensity[],
  shifted: PlacedFactor['shifted'] = new Map(),
): Guard | null {
  const scalar = (name: string): Expr => ref('param', name, [])
  const isCell = cells.some(
    ({ data, span }) => factor.target.name === data && factor.span.start === span.start && factor.span.end === span.end,
  )
  if (factor.role !== 'likelihood' || !isCell || factor.loops.length > MOST_LOOPS) return null
  const depth = scalar(DEPTH)
  const one = bothOf(
    compare('==', scalar(SILENT), num(numberOf(factor.target.name, cells))),
    eitherOf(compare('==', depth, ZERO), compare('==', depth, num(factor.loops.length))),
  )
  return factor.loops.reduce<Guard>((all, l, i) => {
    const at = scalar(`${AT} ${i + 1}`)
    return bothOf(all, eitherOf(compare('==', at, ZERO), compare('==', at, substituteIndex(idx(l.index), shifted))))
  }, one)
}

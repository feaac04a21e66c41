/** Residuals over product rules of two or three coordinates: with more nodes until they settle. */
import { MOST_DIMENSIONS } from '../../estep/nodes.js'
import type { ContinuousBlock } from '../../estep/types.js'
import { extentOf } from '../../lower/lowerer.js'
import type { ProgramModel } from '../bound-model.js'
import type { ArrayChecks, CellCheck } from './checked-cells.js'

/** Two rules agree on a cell where its probabilities differ by less. */
const AGREEMENT = 1e-4

/** Nodes of all posteriors, at most. */
const MOST_NODES = 2e6

/** Positions of cells, by array. */
type Alone = ReadonlyMap<string, ReadonlySet<number>>
const NONE: Alone = new Map()
/** Steps from rule to rule before cells that have not settled are taken out of the E-step, whose nodes then lie where they are. */
const STEPS = 3
/** Steps after that. */
const STEPS_ALONE = 7

/**
 * What is found with as many nodes as it takes, cells left out of which two rules say different things.
 *
 * @param find what the present rules say; of some cells with nodes of the posterior without them
 */
export function settled(model: ProgramModel, find: (alone: Alone) => readonly ArrayChecks[]): readonly ArrayChecks[] {
  const { nodes } = model.numbers
  const blocks = model.derivation.eStep.blocks.filter((b) => {
    const dimension = b.kind === 'nodes' ? nodes.dimension(b.id) : 0
    return dimension > 1 && dimension <= MOST_DIMENSIONS
  })
  if (blocks.length === 0) return find(NONE)
  const levels = blocks.map((b) => nodes.level(b.id))
  const move = (by: number): boolean => {
    const moved = blocks.map((b, i) => nodes.setLevel(b.id, (levels[i] ?? 0) + by))
    return moved.some((m) => m) && blocks.every((b) => nodes.count(b.id) * posteriorsOf(b, model) <= MOST_NODES)
  }
  /** Two rules that agree, or the finest two. */
  const climb = (
    alone: Alone,
    steps: number,
  ): { readonly agreed: readonly ArrayChecks[]; readonly unsettled: Alone } => {
    move(0)
    let coarser = find(alone)
    let last = { agreed: coarser, unsettled: NONE }
    for (let by = 1; by <= steps && move(by); by++) {
      const finer = find(alone)
      last = whereTheyAgree(coarser, finer)
      if (last.unsettled.size === 0) return last
      coarser = finer
    }
    // the finest rule has none to be compared with but the one before
    return last.agreed === coarser && move(-1) ? whereTheyAgree(find(alone), coarser) : last
  }
  try {
    const all = climb(NONE, STEPS)
    return all.unsettled.size === 0 ? all.agreed : climb(all.unsettled, STEPS_ALONE).agreed
  } finally {
    blocks.forEach((b, i) => {
      nodes.setLevel(b.id, levels[i] ?? 0)
    })
  }
}

/** Rows of a block times the values of its scope. */
const posteriorsOf = (b: ContinuousBlock, { numbers }: ProgramModel): number =>
  [...b.loops.map((l) => l.index), ...b.scope.map((s) => s.value)].reduce((n, v) => n * numbers.extent(extentOf(v)), 1)

/** The finer ones without cells of which the two rules say different things, and these. */
function whereTheyAgree(
  coarse: readonly ArrayChecks[],
  fine: readonly ArrayChecks[],
): { readonly agreed: readonly ArrayChecks[]; readonly unsettled: Alone } {
  const unsettled = new Map<string, ReadonlySet<number>>()
  const agreed = fine.map((found, i): ArrayChecks => {
    const other = new Map(coarse[i]?.checks.map((c) => [c.position, c]))
    const checks = found.checks.filter((c) => agrees(c, other.get(c.position)))
    if (checks.length === found.checks.length) return found
    const kept = new Set(checks.map((c) => c.position))
    unsettled.set(found.data, new Set(found.checks.flatMap((c) => (kept.has(c.position) ? [] : [c.position]))))
    const lost = found.lost + found.checks.length - checks.length
    const reason = found.reason ?? (checks.length === 0 ? 'the quadrature over its latents does not settle' : null)
    return { ...found, checks, lost, reason }
  })
  return { agreed, unsettled }
}

function agrees(a: CellCheck, b: CellCheck | undefined): boolean {
  if (b === undefined) return false
  const probabilities = (c: CellCheck): readonly number[] => [
    ...[...c.below, ...c.above].map(Math.exp),
    ...(c.masses ?? []),
  ]
  const others = probabilities(b)
  return probabilities(a).every((p, i) => Math.abs(p - (others[i] ?? Number.NaN)) <= AGREEMENT)
}

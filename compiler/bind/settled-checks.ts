/** Residuals over product rules of two or three coordinates: with more nodes until they settle. */
import { MOST_DIMENSIONS } from '../estep/nodes.js'
import type { ContinuousBlock } from '../estep/types.js'
import { extentOf } from '../lower/lowerer.js'
import type { ProgramModel } from './bound-model.js'
import type { ArrayChecks, CellCheck } from './cell-checks.js'

/** Two rules agree on a cell where its probabilities differ by less. */
const AGREEMENT = 1e-4

/** Nodes of all posteriors, at most. */
const MOST_NODES = 2e6

/** What is found with as many nodes as it takes, cells left out of which two rules say different things. */
export function settled(model: ProgramModel, find: () => readonly ArrayChecks[]): readonly ArrayChecks[] {
  const { nodes } = model.numbers
  const blocks = model.derivation.eStep.blocks.filter((b) => {
    const dimension = b.kind === 'nodes' ? nodes.dimension(b.id) : 0
    return dimension > 1 && dimension <= MOST_DIMENSIONS
  })
  let coarser = find()
  if (blocks.length === 0) return coarser
  const levels = blocks.map((b) => nodes.level(b.id))
  const move = (by: number): boolean => {
    const moved = blocks.map((b, i) => nodes.setLevel(b.id, (levels[i] ?? 0) + by))
    return moved.some((m) => m) && blocks.every((b) => nodes.count(b.id) * posteriorsOf(b, model) <= MOST_NODES)
  }
  try {
    let agreed: readonly ArrayChecks[] | null = null
    for (let by = 1; move(by); by++) {
      const finer = find()
      agreed = whereTheyAgree(coarser, finer)
      if (agreed.every((a, i) => a.lost === finer[i]?.lost)) return agreed
      coarser = finer
    }
    if (agreed !== null) return agreed
    return move(-1) ? whereTheyAgree(find(), coarser) : coarser
  } finally {
    blocks.forEach((b, i) => {
      nodes.setLevel(b.id, levels[i] ?? 0)
    })
  }
}

/** Rows of a block times the values of its scope. */
const posteriorsOf = (b: ContinuousBlock, { numbers }: ProgramModel): number =>
  [...b.loops.map((l) => l.index), ...b.scope.map((s) => s.value)].reduce((n, v) => n * numbers.extent(extentOf(v)), 1)

/** The finer ones without cells of which the two rules say different things. */
function whereTheyAgree(coarse: readonly ArrayChecks[], fine: readonly ArrayChecks[]): readonly ArrayChecks[] {
  return fine.map((found, i): ArrayChecks => {
    const other = new Map(coarse[i]?.checks.map((c) => [c.position, c]))
    const checks = found.checks.filter((c) => agrees(c, other.get(c.position)))
    const lost = found.lost + found.checks.length - checks.length
    const reason =
      found.reason ?? (checks.length === 0 && lost > 0 ? 'the quadrature over its latents does not settle' : null)
    return { ...found, checks, lost, reason }
  })
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

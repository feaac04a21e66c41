/** The values a discrete cell may take, given those assigned before it. */
import { at, range } from './arrays.js'
import type { Assignment } from './assignment.js'
import { cellSupport } from './cell-support.js'
import type { Factor, Ground } from './ground-types.js'
import { type Cell, cellName } from './stored.js'
import type { Unit } from './structure.js'
import { OracleError, type Values } from './types.js'

export type Choices =
  | { readonly kind: 'finite'; readonly values: readonly number[] }
  /** from, from + 1, …: to be taken until what they add is negligible. */
  | { readonly kind: 'infinite'; readonly from: number }

/**
 * The support of the cell's distribution; narrowed where an equation leaves one value, or bounds a count (all unknown
 * counts of the equation have coefficients of one sign). Whatever is left out has probability 0.
 */
export function choicesOf(ground: Ground, unit: Unit, cell: Cell, params: Values, a: Assignment): Choices {
  const support = cellSupport(ground, cell, params, a.lookup)
  switch (support.kind) {
    case 'absent':
      return { kind: 'finite', values: [0] }
    case 'point':
      return { kind: 'finite', values: [support.value] }
    case 'integers': {
      let { high } = support
      if (Number.isNaN(high)) throw new OracleError(`the range of ${cellName(cell)} depends on a continuous latent`)
      for (const equation of unit.equations) {
        if (!equation.cells.includes(cell)) continue
        const unknown = equation.cells.filter((c) => !a.has(c))
        if (unknown.length === 1) {
          const x = solution(equation, cell, params, a)
          if (x !== null)
            return { kind: 'finite', values: x >= support.low && x <= high && Number.isInteger(x) ? [x] : [] }
        } else if (high === Number.POSITIVE_INFINITY) {
          high = Math.min(high, upperBound(equation, cell, unknown, params, a))
        }
      }
      if (high === Number.POSITIVE_INFINITY) return { kind: 'infinite', from: support.low }
      return { kind: 'finite', values: range(support.low, high) }
    }
    default:
      throw new OracleError(`${cellName(cell)} is not discrete`)
  }
}

function residualsAt(equation: Factor, cell: Cell, x: number, params: Values, a: Assignment): readonly number[] {
  a.set(cell, x)
  const r = equation.residuals(params, a.lookup)
  a.clear(cell)
  return r
}

/** The value of the last unknown cell of an equation that is linear in it; null where it is not linear in it. */
export function solution(equation: Factor, cell: Cell, params: Values, a: Assignment): number | null {
  const linear = linearIn(equation, cell, params, a)
  if (linear === null) return null
  const x = -linear.constant / linear.slope
  return Math.abs(x - Math.round(x)) < 1e-9 ? Math.round(x) : x
}

/** The first residual that moves with the cell, as constant + slope · x; null where none does so linearly. */
export function linearIn(
  equation: Factor,
  cell: Cell,
  params: Values,
  a: Assignment,
): { readonly constant: number; readonly slope: number } | null {
  const [r1, r2, r3] = [1, 2, 3].map((x) => residualsAt(equation, cell, x, params, a))
  if (r1 === undefined || r2 === undefined || r3 === undefined) return null
  for (const [i, x1] of r1.entries()) {
    const x2 = at(r2, i)
    const slope = x2 - x1
    const straight = Math.abs(at(r3, i) - x2 - slope) <= 1e-9 * Math.max(1, Math.abs(x1), Math.abs(slope))
    if (slope !== 0 && straight) return { constant: x1 - slope, slope }
  }
  return null
}

/** Largest value of a count in an equation over several counts, all but this one at least 0. */
function upperBound(equation: Factor, cell: Cell, unknown: readonly Cell[], params: Values, a: Assignment): number {
  for (const c of unknown) a.set(c, 0)
  const base = equation.residuals(params, a.lookup)
  const slopes = unknown.map((c) => {
    a.set(c, 1)
    const r = equation.residuals(params, a.lookup)
    a.set(c, 0)
    return r.map((x, i) => x - at(base, i))
  })
  for (const c of unknown) a.clear(c)
  const own = at(slopes, unknown.indexOf(cell))
  const bounds = own.map((slope, i) => {
    const sameSign = slope !== 0 && slopes.every((s) => at(s, i) * slope >= 0)
    return sameSign ? Math.max(-1, Math.floor(-at(base, i) / slope + 1e-9)) : Number.POSITIVE_INFINITY
  })
  return Math.min(...bounds)
}

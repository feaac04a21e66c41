/** Numbers of one iteration, and how they are written. */
import { num } from '../algebra/build.js'
import { type Environment, evaluate } from '../algebra/evaluate.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { substituteIndex } from '../algebra/visit.js'

/** Lines that are shown of what has many elements. */
export const MOST = 8

/** Index variables at their values. */
export const placed = (e: Expr, indices: readonly IndexVar[], at: ReadonlyMap<string, number>): Expr =>
  substituteIndex(e, new Map(indices.map((v) => [v.id, num(at.get(v.id) ?? 0)])))

/** Every assignment of the indices, the last one fastest. */
export function assignments(indices: readonly IndexVar[], env: Environment): readonly ReadonlyMap<string, number>[] {
  return indices.reduce<readonly ReadonlyMap<string, number>[]>(
    (all, v) =>
      all.flatMap((m) => {
        const [from, to] = [v.from, v.to].map((e) => numberAt(e, { ...env, indices: m }) ?? 0)
        const low = from ?? 1
        return Array.from({ length: Math.max(0, (to ?? 0) - low + 1) }, (_, i) => new Map([...m, [v.id, low + i]]))
      }),
    [new Map()],
  )
}

export const few = <T>(list: readonly T[]): readonly T[] => list.slice(0, MOST)

/** null where it reads what nothing gives. */
export function numberAt(e: Expr, env: Environment): number | null {
  try {
    const value = evaluate(e, env)
    return Number.isNaN(value) ? null : value
  } catch {
    return null
  }
}

export const rounded = (value: number): number => Number(value.toPrecision(6))

/** Six digits. */
export function number(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞'
  return String(rounded(value)).replace('-', '−')
}

export function numberLatex(value: number): string {
  if (!Number.isFinite(value)) return value > 0 ? '\\infty' : '-\\infty'
  const [mantissa = '', power] = String(rounded(value)).split('e')
  return power === undefined ? mantissa : `${mantissa} \\cdot 10^{${power.replace('+', '')}}`
}

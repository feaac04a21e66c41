/** Where a factor reads latents: index expressions taken apart into a base and a fixed number of steps. */
import { add, literal, num, ZERO } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import { printText } from '../algebra/print-text.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import type { LiftedVariable } from '../graph/lift.js'
import type { DiscreteLatent, Loop } from '../graph/types.js'

/** `t - 1` is the base t and the offset −1; `3` is the base 0 and the offset 3. */
export interface Step {
  readonly base: Expr
  readonly offset: number
}

export function stepOf(e: Expr): Step {
  const whole = literal(e)
  if (whole !== null) return { base: ZERO, offset: whole }
  if (e.kind !== 'add') return { base: e, offset: 0 }
  const constant = e.terms.map(literal).find((c) => c !== null) ?? 0
  return Number.isInteger(constant)
    ? { base: constant === 0 ? e : add(e, num(-constant)), offset: constant }
    : { base: e, offset: 0 }
}

/** Table of a latent: its loop variables, which are shared between loops over the same domain. */
export const tableOf = (l: DiscreteLatent): string => l.loops.map((x) => x.index.id).join(',') || 'all'

/** Name of a latent's value some steps back along its chain: `z`, `z@1`, `z@2`, …. */
export const elementName = (latent: string, lag: number): string => (lag === 0 ? latent : `${latent}@${lag}`)

/** The latent and the lag of an element. */
export function elementOf(name: string): { readonly latent: string; readonly lag: number } {
  const at = name.lastIndexOf('@')
  return at < 0 ? { latent: name, lag: 0 } : { latent: name.slice(0, at), lag: Number(name.slice(at + 1)) }
}

/** The variables of a factor by the table that they belong to. */
export interface TableReads {
  readonly table: string
  readonly loops: readonly Loop[]
  readonly variables: readonly LiftedVariable[]
}

export function readsByTable(variables: readonly LiftedVariable[]): readonly TableReads[] {
  const out = new Map<string, { table: string; loops: readonly Loop[]; variables: LiftedVariable[] }>()
  for (const v of variables) {
    const table = tableOf(v.latent)
    const known = out.get(table)
    if (known === undefined) out.set(table, { table, loops: v.latent.loops, variables: [v] })
    else known.variables.push(v)
  }
  return [...out.values()]
}

export const keysOf = (es: readonly Expr[]): string => es.map(keyOf).join(';')

/** A size as the user wrote it: symbols without the kind that stands before their names. */
export const sizeText = (e: Expr): string => printText(e).replace(/\b(?:const|size|data):/g, '')

const neg = (e: Expr): Expr => (literal(e) === null ? { kind: 'mul', factors: [num(-1), e] } : num(-(literal(e) ?? 0)))

/** Number of integers from..to. */
export const extentOf = (from: Expr, to: Expr): Expr => (literal(from) === 1 ? to : add(to, num(1), neg(from)))
export const valuesOf = (l: DiscreteLatent): Expr => extentOf(l.low, l.high)
export const lengthOf = (v: IndexVar): Expr => extentOf(v.from, v.to)

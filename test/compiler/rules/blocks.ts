/** Blocks of the M-step put together by hand: what a rule sees of Q, without a model around it. */
import { idx, inverse, logdet, num, ref } from '../../../compiler/algebra/build.js'
import type { Monomial } from '../../../compiler/algebra/monomial.js'
import type { Expr, IndexVar, Rational } from '../../../compiler/algebra/types.js'
import { splitFor } from '../../../compiler/mstep/atoms.js'
import type { RowTerm, Statistic } from '../../../compiler/mstep/types.js'
import type { Block, ParamInfo } from '../../../compiler/rules/mstep/types.js'

export const rational = (n: number, d = 1): Rational => ({ n, d })

/** An index variable 1..3. */
export const variable = (name: string): IndexVar => ({ id: name, name, from: num(1), to: num(3) })
export const [i, j, k] = [variable('i'), variable('j'), variable('k')]
export const at = (...variables: readonly IndexVar[]): readonly Expr[] => variables.map(idx)

export const param = (name: string, ...index: readonly Expr[]): Expr => ref('param', name, index)
export const shift = (name: string, ...index: readonly Expr[]): Expr => ref('shift', name, index)
/** A sum over rows. */
export const stat = (name: string, ...index: readonly Expr[]): Expr => ref('stat', name, index)

/** A symmetric matrix of the param `name`, its rows and columns being i and j. */
const matrix = (name: string) => ({ row: i, column: j, element: param(name, ...at(i, j)) })
export const logDeterminant = (name: string): Expr => logdet(matrix(name))
export const inverseElement = (name: string, row: Expr, column: Expr): Expr => inverse(matrix(name), row, column)

/** Σ over loops of coefficient · Π base^power. */
export function term(
  coefficient: Expr,
  atoms: readonly (Expr | readonly [Expr, Rational])[],
  loops: readonly IndexVar[] = [],
): Monomial {
  const isPair = (atom: Expr | readonly [Expr, Rational]): atom is readonly [Expr, Rational] => Array.isArray(atom)
  return {
    loops,
    guards: [],
    coefficient,
    atoms: atoms.map((atom) => (isPair(atom) ? { base: atom[0], power: atom[1] } : { base: atom, power: rational(1) })),
  }
}

export const scalar = (
  name: string,
  support: ParamInfo['support'],
  low: Expr | null = null,
  high: Expr | null = null,
) => ({ name, support, low, high, rank: 0 }) satisfies ParamInfo

export function blockOf(
  params: readonly ParamInfo[],
  monomials: readonly Monomial[],
  more: Partial<Block> = {},
): Block {
  const names = new Set(params.map((p) => p.name))
  return {
    params,
    terms: monomials.map((m) => splitFor(m, names)),
    hasRowTerms: false,
    rowTerms: [],
    isNonnegative: (e) => e.kind === 'ref' && e.space === 'stat',
    statistics: new Map<string, Statistic>(),
    continuousData: new Set(),
    matrices: new Set(),
    hasComponents: false,
    ...more,
  }
}

export const rowTerm = (expr: Expr, params: readonly string[]): RowTerm => ({ expr, params, reason: '', source: 0 })

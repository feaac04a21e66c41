/** How a monomial of Q reads the elements of one block of params. */
import { literal, mul, num, splitCoefficient, sub } from '../algebra/build.js'
import { matrixSlice } from '../algebra/matrices.js'
import type { Atom, Monomial } from '../algebra/monomial.js'
import type { Expr, Rational } from '../algebra/types.js'
import { collectNodes, some } from '../algebra/visit.js'

export type BlockAtom =
  | { readonly kind: 'log'; readonly at: readonly Expr[] }
  /** log(u − bound) and log(bound − u). */
  | { readonly kind: 'log-above' | 'log-below'; readonly at: readonly Expr[]; readonly bound: Expr }
  | { readonly kind: 'power'; readonly at: readonly Expr[]; readonly power: Rational }
  /** exp(u)^power. */
  | { readonly kind: 'exp'; readonly at: readonly Expr[]; readonly power: Rational }
  | { readonly kind: 'shift'; readonly param: string; readonly at: readonly Expr[]; readonly times: 1 | 2 }
  | { readonly kind: 'logdet'; readonly at: readonly Expr[] }
  /** Element (row, column) of the inverse of the matrix at `at`. */
  | { readonly kind: 'inverse'; readonly at: readonly Expr[]; readonly row: Expr; readonly column: Expr }
  | { readonly kind: 'other'; readonly reason: string }

export interface SplitMonomial {
  readonly monomial: Monomial
  readonly block: readonly BlockAtom[]
  readonly blockAtoms: readonly Atom[]
  readonly others: readonly Atom[]
}

export const readsParam = (e: Expr, params: ReadonlySet<string>): boolean =>
  some(e, (n) => n.kind === 'ref' && (n.space === 'param' || n.space === 'shift') && params.has(n.name))

/** Splits the atoms of a monomial into those of the block and the others. */
export function splitFor(m: Monomial, params: ReadonlySet<string>): SplitMonomial {
  const blockAtoms = m.atoms.filter((a) => readsParam(a.base, params))
  const others = m.atoms.filter((a) => !readsParam(a.base, params))
  return { monomial: m, block: blockAtoms.map(classify), blockAtoms, others }
}

/** The first power: the thing itself. */
export const isFirst = ({ n, d }: Rational): boolean => n === 1 && d === 1

function classify(a: Atom): BlockAtom {
  const { base, power } = a
  if (base.kind === 'ref' && base.space === 'shift') {
    if (power.d === 1 && (power.n === 1 || power.n === 2))
      return { kind: 'shift', param: base.name, at: base.index, times: power.n }
    return { kind: 'other', reason: 'a power of a location beyond 2' }
  }
  if (base.kind === 'ref' && base.space === 'param') return { kind: 'power', at: base.index, power }
  if (base.kind === 'call' && base.fn === 'exp' && base.args[0]?.kind === 'ref' && base.args[0].space === 'param')
    return { kind: 'exp', at: base.args[0].index, power }
  if (base.kind === 'logdet' && isFirst(power)) {
    const slice = matrixSlice(base.of)
    if (slice !== null && slice.ref.space === 'param') return { kind: 'logdet', at: slice.lead }
  }
  if (base.kind === 'inverse' && isFirst(power)) {
    const slice = matrixSlice(base.of)
    if (slice !== null && slice.ref.space === 'param')
      return { kind: 'inverse', at: slice.lead, row: base.row, column: base.column }
  }
  if (base.kind === 'call' && base.fn === 'log' && isFirst(power)) {
    const arg = base.args[0]
    if (arg?.kind === 'ref' && arg.space === 'param') return { kind: 'log', at: arg.index }
    const affine = arg === undefined ? null : affineArgument(arg)
    if (affine !== null) return affine
  }
  return { kind: 'other', reason: 'a function that no family has as its statistic' }
}

/** u − r or r − u with r free of params. */
function affineArgument(e: Expr): BlockAtom | null {
  const refs = collectNodes(e, (n) => n.kind === 'ref' && (n.space === 'param' || n.space === 'shift'))
  const r = refs[0]
  if (e.kind !== 'add' || refs.length !== 1 || r?.kind !== 'ref') return null
  const own = e.terms.find((t) => some(t, (n) => n === r))
  if (own === undefined) return null
  const { coefficient, rest } = splitCoefficient(own)
  const c = literal(coefficient)
  if (rest !== r || (c !== 1 && c !== -1)) return null
  const bound = mul(num(-c), sub(e, own))
  return { kind: c === 1 ? 'log-above' : 'log-below', at: r.index, bound }
}

/**
 * Normal vectors x_r and one matrix U of the same rows, whose power ±1, P, multiplies all that is quadratic in them:
 *
 *   log p = a log |P| + Σ_ij P_ij (c_ij + Σ_r g_rj x_ri − ½ Σ_rs C_rs x_ri x_sj) + …,
 *
 * with C free of i and j. Then x given U is Normal with precision C ⊗ P and means C⁻¹g, free of U, and U, with x integrated
 * out, has the statistics {log |U|, P} again: a Normal–Wishart or Normal–inverse-Wishart posterior (DeGroot 1970, section 9.10;
 * Bishop 2006, eq. 2.157 and 10.59). C and g are those of the Normal given P = I, whose coordinates are independent.
 */
import { add, caseOf, idx, literal, mul, num, ONE, ZERO } from '../algebra/build.js'
import { type CollectOptions, collect, TooManyTerms } from '../algebra/collect.js'
import { keyOf } from '../algebra/key.js'
import type { Atom, Monomial } from '../algebra/monomial.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { freeIndices, guardChildren, some, substituteIndex } from '../algebra/visit.js'
import type { ContinuousLatent } from '../graph/types.js'
import { type Base, isCell, isQuadratic } from './block-terms.js'
import { statisticOf } from './latent-atoms.js'
import { type Cell, guardedSum } from './moments.js'
import type { BlockFactor } from './types.js'

type Options = Omit<CollectOptions, 'inU'>
type Power = 1 | -1

/** true where each cell of the Normal latents is an element of a vector that a matrix may be the covariance of. */
export function fitsMatrix(matrix: ContinuousLatent, normals: readonly ContinuousLatent[]): boolean {
  const [row, column] = matrix.own
  if (row === undefined || column === undefined || matrix.own.length > 2 || freeIndices(row.to).size > 0) return false
  return normals.every((l) => {
    const [own] = l.own
    return l.own.length === 1 && own !== undefined && !l.evidence && sameRange(own, row)
  })
}

const sameRange = (a: IndexVar, b: IndexVar): boolean => keyOf(a.from) === keyOf(b.from) && keyOf(a.to) === keyOf(b.to)

/**
 * The factors as those of the Normal part given P = I; null where something that reads it is multiplied by another function
 * of the matrix, or C depends on the coordinates.
 */
export function inMatrixSpread(
  base: Base,
  spread: ContinuousLatent,
  options: Options,
): { readonly power: Power; readonly factors: readonly BlockFactor[] } | null {
  const isSpread = (r: Expr): boolean => isCell(r) && r.name === spread.name
  const inBlock = new Set(base.latents.map((l) => l.latent.name))
  const readsNormal = ({ base: b }: Atom): boolean => isCell(b) && b.name !== spread.name
  const powers = new Set<Power>()
  const factors: BlockFactor[] = []
  try {
    for (const f of base.factors) {
      // how the cells stand together decides, the compact form is kept
      const isOfBlock: CollectOptions['inU'] = (r) => r.space === 'latent' && inBlock.has(r.name)
      const unrolled = new UnrolledProducts(spread)
      for (const m of collect(f.expr, { ...options, inU: isOfBlock })) {
        const normal = m.atoms.filter(readsNormal)
        if (normal.length === 0) continue
        const element = elementOf(m, spread)
        if (element === null || m.atoms.length !== normal.length + 1 || !isQuadratic(normal)) return null
        const known =
          isVar(element.row) && isVar(element.column)
            ? isProduct(m, normal, element.row, element.column)
            : unrolled.take(m, normal, element)
        if (!known) return null
      }
      if (!unrolled.areProducts()) return null
      const own = collect(f.expr, { ...options, inU: isSpread }).flatMap((m) => {
        if (!readsNormals(m)) return []
        const found = elementOf(m, spread)
        return found === null ? [null] : [{ m, found }]
      })
      const parts: Expr[] = []
      for (const part of own) {
        if (part === null) return null
        powers.add(part.found.power)
        parts.push(atIdentity(part.m, part.found))
      }
      if (parts.length > 0) factors.push({ ...f, expr: add(...parts) })
    }
  } catch (e) {
    if (e instanceof TooManyTerms) return null
    throw e
  }
  const [power] = powers
  return power === undefined || powers.size > 1 ? null : { power, factors }

  function readsNormals(m: Monomial): boolean {
    return some(m.coefficient, (n) => isCell(n) && n.name !== spread.name && inBlock.has(n.name))
  }
}

/** An element of the matrix P: summed over its row and its column, or one that is named by numbers. */
interface Element {
  readonly power: Power
  readonly row: IndexVar | number
  readonly column: IndexVar | number
}

const isVar = (x: IndexVar | number): x is IndexVar => typeof x !== 'number'

/** The element that a monomial is linear in; null where it is otherwise, or is summed over other than the whole matrix. */
function elementOf(m: Monomial, spread: ContinuousLatent): Element | null {
  const own = m.atoms.filter((a) => some(a.base, (n) => isCell(n) && n.name === spread.name))
  const [atom] = own
  const found = atom === undefined || own.length > 1 ? null : statisticOf(atom)
  if (found === null || (found.statistic !== 'u' && found.statistic !== 'u⁻¹')) return null
  const power: Power = found.statistic === 'u' ? 1 : -1
  const [row, column] = found.index
    .slice(-2)
    .map((e) => literal(e) ?? m.loops.find((l) => e.kind === 'index' && l.id === e.var))
  const [range] = spread.own
  if (row === undefined || column === undefined || range === undefined) return null
  if (!isVar(row) && !isVar(column)) return m.loops.length > 0 ? null : { power, row, column }
  if (!isVar(row) || !isVar(column) || row === column) return null
  if (!sameRange(row, range) || !sameRange(column, range)) return null
  const free = (e: Expr): boolean => !freeIndices(e).has(row.id) && !freeIndices(e).has(column.id)
  if (!m.guards.flatMap(guardChildren).every(free)) return null
  if (!m.loops.every((l) => free(l.from) && free(l.to))) return null
  return { power, row, column }
}

const cellsOf = (atoms: readonly Atom[]): readonly Cell[] =>
  atoms.flatMap((a) => Array.from({ length: a.power.n }, () => a.base).filter(isCell))

/** true where a monomial is c P_ij x_ri x_sj with c free of i and j, or c P_ij x_ri with c free of i. */
function isProduct(m: Monomial, normal: readonly Atom[], row: IndexVar, column: IndexVar): boolean {
  const along = cellsOf(normal).map((c) => {
    if (c.index.slice(0, -1).some((e) => freeIndices(e).has(row.id) || freeIndices(e).has(column.id))) return null
    const at = c.index.at(-1)
    return at?.kind === 'index' ? ([row, column].find((v) => v.id === at.var) ?? null) : null
  })
  const [a, b] = along
  return a !== b && along.every((v) => v !== null && !freeIndices(m.coefficient).has(v.id))
}

/** The same products written out element by element, as those about a vector of numbers are. */
class UnrolledProducts {
  /** Sums of coefficients by what they are of: which vectors, which coordinates of these. */
  private readonly sums = new Map<string, Expr>()
  private readonly kinds = new Map<string, (of: (a: number, b: number) => Expr) => boolean>()
  private readonly order: number | null

  constructor(spread: ContinuousLatent) {
    this.order = literal(spread.own[0]?.to ?? ZERO)
  }

  /** false where it is none: another element than that of the coordinates. */
  take(m: Monomial, normal: readonly Atom[], { row, column }: Element): boolean {
    const cells = cellsOf(normal).map((c) => ({
      vector: `${c.name}[${c.index.slice(0, -1).map(keyOf).join(',')}]`,
      at: literal(c.index.at(-1) ?? ZERO),
    }))
    const [x, y] = [...cells].sort((p, q) => (p.vector < q.vector ? -1 : 1))
    if (x === undefined || x.at === null || isVar(row) || isVar(column)) return false
    const guards = m.guards.map((g) => keyOf(caseOf(g, ONE, ZERO))).join(' ')
    if (y === undefined) {
      // P is symmetric: the other coordinate is that of what the vector is multiplied by
      const other = x.at === row ? column : x.at === column ? row : null
      return other !== null && this.add(`${guards} ${x.vector}`, x.at, other, m.coefficient, this.isFreeOfFirst)
    }
    if (y.at === null) return false
    if (!((x.at === row && y.at === column) || (x.at === column && y.at === row))) return false
    if (x.vector !== y.vector)
      return this.add(`${guards} ${x.vector} ${y.vector}`, x.at, y.at, m.coefficient, this.isOne)
    // one half for each of the two orders
    const half = x.at === y.at ? m.coefficient : mul(num(1, 2), m.coefficient)
    return (
      this.add(`${guards} ${x.vector}²`, x.at, y.at, half, this.isOne) &&
      (x.at === y.at || this.add(`${guards} ${x.vector}²`, y.at, x.at, half, this.isOne))
    )
  }

  areProducts(): boolean {
    return [...this.kinds].every(([key, holds]) => holds((a, b) => this.sums.get(`${key} ${a} ${b}`) ?? ZERO))
  }

  private add(
    key: string,
    a: number,
    b: number,
    coefficient: Expr,
    holds: (of: (a: number, b: number) => Expr) => boolean,
  ): boolean {
    const at = `${key} ${a} ${b}`
    this.sums.set(at, add(this.sums.get(at) ?? ZERO, coefficient))
    this.kinds.set(key, holds)
    return true
  }

  private readonly isFreeOfFirst = (of: (a: number, b: number) => Expr): boolean =>
    this.every((a, b) => keyOf(of(a, b)) === keyOf(of(1, b)))

  private readonly isOne = (of: (a: number, b: number) => Expr): boolean =>
    this.every((a, b) => keyOf(of(a, b)) === keyOf(of(1, 1)))

  private every(f: (a: number, b: number) => boolean): boolean {
    const { order } = this
    if (order === null) return false
    const all = Array.from({ length: order }, (_, i) => i + 1)
    return all.every((a) => all.every((b) => f(a, b)))
  }
}

/** Σ_ij P_ij f_ij at P = I: Σ_i f_ii. */
function atIdentity(m: Monomial, { row, column }: Element): Expr {
  if (!isVar(row) || !isVar(column)) return row === column ? guardedSum(m, m.coefficient) : ZERO
  return guardedSum(
    { ...m, loops: m.loops.filter((l) => l.id !== column.id) },
    substituteIndex(m.coefficient, new Map([[column.id, idx(row)]])),
  )
}

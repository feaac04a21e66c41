import { pow, sameExpr } from '../../algebra/build.js'
import { keyOf } from '../../algebra/key.js'
import { matrixSlice } from '../../algebra/matrices.js'
import type { Atom, Monomial } from '../../algebra/monomial.js'
import type { Expr } from '../../algebra/types.js'
import { freeIndices, guardChildren, substituteIndex } from '../../algebra/visit.js'
import { isFirst } from '../../mstep/atoms.js'
import { contribution, paramsRead } from '../../mstep/contributions.js'
import type { NormalStep } from '../../mstep/types.js'
import { type MStepRule, NOT_IN_STATISTICS } from './types.js'

type Linear = NormalStep['linear'][number]
type Quadratic = NormalStep['quadratic'][number]

interface Term {
  readonly monomial: Monomial
  readonly elements: readonly { readonly param: string; readonly at: readonly Expr[] }[]
  readonly others: readonly Atom[]
}

/**
 * A block that Q is quadratic in: h·δ − ½ δᵀΛδ has its maximum at δ = Λ⁻¹h. What every coefficient has in common (a
 * 1/σ² or an inverse covariance on the left) cancels from the solution, so that the block is solved before those params
 * are, and exactly.
 */
export const normalMode: MStepRule = {
  id: 'family-mode/normal',
  statement:
    'Q is quadratic in the block, h·δ − ½ δᵀΛδ, with its maximum at δ = Λ⁻¹h; a common left factor of h and Λ cancels',
  citation: 'Bishop (2006), Pattern Recognition and Machine Learning, eq. 3.15',
  apply(block) {
    const names = new Set(block.params.map((p) => p.name))
    if (
      block.params.some((p) => !['real', 'interval', 'positive', 'nonnegative', 'unit', 'ordered'].includes(p.support))
    )
      return { kind: 'declines', reason: 'the support is not a real line' }
    if (block.hasRowTerms) return { kind: 'declines', reason: NOT_IN_STATISTICS }
    const terms: Term[] = []
    for (const t of block.terms) {
      const elements: { param: string; at: readonly Expr[] }[] = []
      for (const a of t.block) {
        if (a.kind !== 'shift') return { kind: 'declines', reason: 'Q is not a quadratic in it', term: t.monomial }
        for (let i = 0; i < a.times; i++) elements.push({ param: a.param, at: a.at })
      }
      if (elements.length > 2)
        return { kind: 'declines', reason: 'Q has degree above 2 in the block', term: t.monomial }
      terms.push({ monomial: t.monomial, elements, others: t.others })
    }
    const quadratics = terms.filter((t) => t.elements.length === 2)
    for (const name of names)
      if (!quadratics.some((t) => t.elements.some((e) => e.param === name)))
        return { kind: 'declines', reason: `Q has no square of ${name}, so it has no maximum` }
    const bounded = block.params.find((p) => p.support !== 'real')
    if (bounded !== undefined && !quadratics.every(sameElements) && cancelMatrix(terms, block.matrices) === null)
      return {
        kind: 'declines',
        reason: `${bounded.name} is bounded and its elements are solved jointly, so the clamped solution would not be the maximum`,
      }
    const cancelled = cancelMatrix(terms, block.matrices) ?? cancelScalar(terms) ?? { terms, factors: [] }
    const batch = batchPositions(
      [...names],
      cancelled.terms.filter((t) => t.elements.length === 2),
    )
    const linear: Linear[] = []
    const quadratic: Quadratic[] = []
    for (const t of cancelled.terms) {
      const [a, b] = t.elements
      if (a === undefined) continue
      const c = contribution(t.monomial, a.at, t.others)
      if (b === undefined) linear.push({ ...c, param: a.param })
      else quadratic.push({ ...c, param: a.param, other: b.param, otherAt: b.at })
    }
    const reads = paramsRead([...linear, ...quadratic])
    return {
      kind: 'applies',
      candidate: {
        reads,
        step: {
          kind: 'normal',
          id: [...names].join(','),
          params: [...names],
          rule: cancelled.factors.length > 0 ? 'triangular-elimination' : 'family-mode',
          closedForm: true,
          exact: 'joint',
          declined: [],
          dependsOn: reads,
          family: block.params.length > 1 || quadratics.some((t) => !sameElements(t)) ? 'MvNormal' : 'Normal',
          batch,
          linear,
          quadratic,
          cancelled: cancelled.factors,
        },
      },
    }
  },
}

const sameElements = (t: Term): boolean => {
  const [a, b] = t.elements
  return (
    a !== undefined &&
    b !== undefined &&
    a.param === b.param &&
    a.at.every((e, i) => b.at[i] !== undefined && sameExpr(e, b.at[i]))
  )
}

/** One factor, a function of the batch indices alone, that all terms share. */
function cancelScalar(
  terms: readonly Term[],
): { readonly terms: readonly Term[]; readonly factors: readonly Expr[] } | null {
  const first = terms[0]
  if (first === undefined) return null
  const keyed = terms.map((t) => factorKey(t))
  const key = keyed[0]
  if (key === undefined || key === null || key === '' || !keyed.every((k) => k === key)) return null
  return { terms: terms.map((t) => ({ ...t, others: [] })), factors: first.others.map((a) => pow(a.base, a.power)) }
}

/** The other atoms with the element's positions named canonically; null where they read anything but these. */
function factorKey(t: Term): string | null {
  const keys = t.elements.map((e) => {
    const by = new Map<string, Expr>()
    e.at.forEach((x, i) => {
      if (x.kind === 'index' && !by.has(x.var)) by.set(x.var, { kind: 'index', var: `@${i}`, name: x.name })
    })
    const free = t.others.flatMap((a) => [...freeIndices(a.base)])
    if (free.some((v) => !by.has(v))) return null
    return t.others
      .map((a) => `${keyOf(substituteIndex(a.base, by))}^${a.power.n}/${a.power.d}`)
      .sort()
      .join(' ')
  })
  const key = keys[0] ?? null
  return keys.every((k) => k === key) ? key : null
}

/**
 * Σ_j M_ij c_j on both sides of the normal equations, with one inverse matrix M: it is invertible, so M cancels, and row
 * i of the system reads only row i of the block.
 */
function cancelMatrix(
  terms: readonly Term[],
  matrices: ReadonlySet<string>,
): { readonly terms: readonly Term[]; readonly factors: readonly Expr[] } | null {
  const out: Term[] = []
  let seen: { readonly key: string; readonly factor: Expr } | null = null
  for (const t of terms) {
    const atom = t.others[0]
    if (t.others.length !== 1 || atom === undefined || !isFirst(atom.power)) return null
    const inv = invertible(atom.base, matrices)
    const slice = inv === null ? null : inv.slice
    const [a, b] = t.elements
    if (inv === null || slice === null || a === undefined || inv.row.kind !== 'index' || inv.column.kind !== 'index')
      return null
    // where some rows have no equation, M does not cancel from the others
    const within = [inv.row.var, inv.column.var]
    const picks = t.monomial.guards.flatMap(guardChildren)
    if (picks.some((e) => within.some((v) => freeIndices(e).has(v)))) return null
    // the position of the element that the matrix multiplies
    const positionIn = (e: { at: readonly Expr[] }, v: string): number =>
      e.at.findIndex((x) => x.kind === 'index' && x.var === v)
    const rowIn = positionIn(a, inv.row.var)
    const colIn = positionIn(a, inv.column.var)
    const position = rowIn >= 0 ? rowIn : colIn
    if (position < 0) return null
    const summed = rowIn >= 0 ? inv.column.var : inv.row.var
    const own = rowIn >= 0 ? inv.row : inv.column
    const lead = slice.lead.map((e) => {
      const at = a.at.findIndex((x) => sameExpr(x, e))
      return at >= 0 ? `@${at}` : freeIndices(e).size === 0 ? keyOf(e) : null
    })
    if (lead.some((x) => x === null)) return null
    const key = `${atom.base.kind} ${slice.name}[${lead.join(',')}]@${position}`
    if (seen === null) seen = { key, factor: atom.base }
    else if (seen.key !== key) return null
    if (b !== undefined) {
      const other = b.at[position]
      if (other === undefined || other.kind !== 'index' || other.var !== summed) return null
      for (const e of slice.lead) if (freeIndices(e).size > 0 && !b.at.some((x) => sameExpr(x, e))) return null
    }
    // M_ij → δ_ij: the summed variable becomes the element's own
    const by = new Map<string, Expr>([[summed, own]])
    const s = (e: Expr): Expr => substituteIndex(e, by)
    out.push({
      monomial: {
        ...t.monomial,
        loops: t.monomial.loops.filter((l) => l.id !== summed),
        coefficient: s(t.monomial.coefficient),
        atoms: [],
      },
      elements: t.elements.map((e) => ({ param: e.param, at: e.at.map(s) })),
      others: [],
    })
  }
  return seen === null ? null : { terms: out, factors: [seen.factor] }
}

/** Element of an invertible matrix: of an inverse, or of a covariance or precision param itself. */
function invertible(
  e: Expr,
  matrices: ReadonlySet<string>,
): {
  readonly row: Expr
  readonly column: Expr
  readonly slice: { readonly name: string; readonly lead: readonly Expr[] }
} | null {
  if (e.kind === 'inverse') {
    const slice = matrixSlice(e.of)
    return slice === null ? null : { row: e.row, column: e.column, slice: { name: slice.ref.name, lead: slice.lead } }
  }
  if (e.kind !== 'ref' || e.space !== 'param' || !matrices.has(e.name)) return null
  const [row, column] = e.index.slice(-2)
  return row === undefined || column === undefined
    ? null
    : { row, column, slice: { name: e.name, lead: e.index.slice(0, -2) } }
}

/** Index positions that both elements of every quadratic term share: the system is one small solve per value of these. */
function batchPositions(names: readonly string[], quadratics: readonly Term[]): NormalStep['batch'] {
  const first = names[0]
  if (first === undefined) return []
  const positionsOf = new Map<string, Set<number>>()
  const maps = new Map<string, Map<number, number>>()
  for (const t of quadratics) {
    const [a, b] = t.elements
    if (a === undefined || b === undefined) continue
    if (a.param === b.param) {
      const shared = new Set(a.at.flatMap((e, i) => (b.at[i] !== undefined && sameExpr(e, b.at[i]) ? [i] : [])))
      const known = positionsOf.get(a.param)
      positionsOf.set(a.param, known === undefined ? shared : new Set([...known].filter((i) => shared.has(i))))
    } else {
      const [p, q] = a.param === first ? [a, b] : [b, a]
      const pairs = new Map<number, number>()
      p.at.forEach((e, i) => {
        const j = q.at.findIndex((x) => e.kind === 'index' && sameExpr(e, x))
        if (j >= 0) pairs.set(i, j)
      })
      const known = maps.get(`${p.param}|${q.param}`)
      maps.set(
        `${p.param}|${q.param}`,
        known === undefined ? pairs : new Map([...known].filter(([i, j]) => pairs.get(i) === j)),
      )
    }
  }
  const rows: number[][] = []
  for (const i of positionsOf.get(first) ?? []) {
    const row = names.map((n) => {
      if (n === first) return i
      const j = maps.get(`${first}|${n}`)?.get(i)
      return j !== undefined && (positionsOf.get(n)?.has(j) ?? false) ? j : -1
    })
    // every coupling between two others must respect it too
    const respected = names.every((n, x) =>
      names.every((m, y) => {
        const map = n === first ? undefined : maps.get(`${n}|${m}`)
        const from = row[x]
        return map === undefined || from === undefined || map.get(from) === row[y]
      }),
    )
    if (row.every((j) => j >= 0) && respected) rows.push(row)
  }
  return names.map((param, x) => ({ param, positions: rows.map((r) => r[x] ?? 0) }))
}

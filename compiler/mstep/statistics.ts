/** Q → statistics: each term of Q is split into a part over rows, summed in the data pass, and a part in params. */
import { add, compare, idx, isOne, literal, mul, num, ONE, ref, sub } from '../algebra/build.js'
import { type CollectOptions, collect, TooManyTerms } from '../algebra/collect.js'
import { splitContent } from '../algebra/content.js'
import { guardKey, keyOf } from '../algebra/key.js'
import type { Monomial } from '../algebra/monomial.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { collectNodes, freeIndices, guardChildren, mapGuard, rewrite, some, substituteIndex } from '../algebra/visit.js'
import { joinRowTerms, type ValueRange } from './row-terms.js'
import type { DriverObjective, RowTerm, Statistic } from './types.js'

/** true for what only a row, or the posterior, knows. */
const isRowNode = (e: Expr): boolean =>
  (e.kind === 'ref' && (e.space === 'data' || e.space === 'observed')) ||
  e.kind === 'probability' ||
  e.kind === 'expect' ||
  e.kind === 'mean'

const isParamNode = (e: Expr): boolean => e.kind === 'ref' && (e.space === 'param' || e.space === 'shift')

export const readsRows = (e: Expr): boolean => some(e, isRowNode)

/** Data in index positions of params does not count: it only picks which element is meant. */
function valueReadsRows(e: Expr): boolean {
  if (isRowNode(e)) return true
  if (e.kind === 'ref') return false
  if (e.kind === 'inverse') return valueReadsRows(e.of.element)
  if (e.kind === 'logdet') return valueReadsRows(e.of.element)
  const kids =
    e.kind === 'sum' ? [e.body] : e.kind === 'case' ? [...guardChildren(e.when), e.then, e.otherwise] : shallow(e)
  return kids.some(valueReadsRows)
}

function shallow(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case 'add':
      return e.terms
    case 'mul':
      return e.factors
    case 'pow':
      return [e.base]
    case 'call':
      return e.args
    default:
      return []
  }
}

export interface StatisticsOptions extends CollectOptions {
  /** Extent domain of dimension `position` of a param, given the indices before it. */
  readonly paramDomain: (param: string, position: number, previous: readonly Expr[]) => IndexVar
  /** Ranges of the values of discrete latents, where no loop varies them. */
  readonly ranges?: ReadonlyMap<string, ValueRange>
}

/** Splits Σ terms (each an expression over its own sums) into statistics and monomials on the driver. */
export function toStatistics(terms: readonly Expr[], options: StatisticsOptions): DriverObjective {
  const statistics = new Map<string, Statistic>()
  const monomials: Monomial[] = []
  const rowTerms: RowTerm[] = []
  const sources = new Map<string, Set<number>>()
  for (const [source, term] of terms.entries()) {
    const mixedTerms: Monomial[] = []
    let ms: readonly Monomial[]
    try {
      ms = collect(term, options)
    } catch (e) {
      if (!(e instanceof TooManyTerms)) throw e
      rowTerms.push({ expr: term, params: paramsOf(term), reason: e.message, source })
      continue
    }
    for (const m of ms) {
      if (m.atoms.length === 0) continue
      const mixed = m.atoms.find((a) => valueReadsRows(a.base))
      const guarded = m.guards.some((g) => guardChildren(g).some((x) => some(x, isParamNode)))
      if (mixed !== undefined || guarded) {
        mixedTerms.push(m)
        continue
      }
      const parts = split(m, statistics, options)
      monomials.push(...parts)
      for (const a of parts.flatMap((x) => x.atoms)) {
        const key = atomKey(a.base)
        sources.set(key, (sources.get(key) ?? new Set()).add(source))
      }
    }
    rowTerms.push(...joinRowTerms(mixedTerms, options.ranges ?? new Map(), paramsOf, source))
  }
  return { monomials: joinLike(monomials), statistics: [...statistics.values()], rowTerms, sources }
}

/** Atoms of one form, whatever the letters of their indices. */
export const atomKey = (e: Expr): string => {
  const by = new Map<string, Expr>()
  for (const n of collectNodes(e, (x) => x.kind === 'index'))
    if (n.kind === 'index' && !by.has(n.var)) by.set(n.var, { kind: 'index', var: `#${by.size}`, name: n.name })
  return keyOf(substituteIndex(e, by))
}

export function paramsOf(e: Expr): readonly string[] {
  return [...new Set(collectNodes(e, isParamNode).flatMap((n) => (n.kind === 'ref' ? [n.name] : [])))]
}

function split(m: Monomial, statistics: Map<string, Statistic>, options: StatisticsOptions): readonly Monomial[] {
  // 1. every index position of an atom becomes a plain loop variable or a literal
  const axes: IndexVar[] = []
  const at: Expr[] = []
  const driverLoops: IndexVar[] = []
  const seen = new Map<string, Expr>()
  const loopById = new Map(m.loops.map((l) => [l.id, l]))
  // positions in the atom at hand, and ranges that a position beside one of them must keep to
  let inAtom: { readonly written: Expr; readonly axis: Expr }[] = []
  const beside: Guard[] = []
  const axisFor = (e: Expr, domain: () => IndexVar): Expr => {
    if (literal(e) !== null || freeIndices(e).size === 0) return e
    const axis = seen.get(keyOf(e)) ?? besideKnown(e, domain) ?? newAxis(e, domain)
    inAtom.push({ written: e, axis })
    return axis
  }
  // x − 1 beside x in one function of both has no axis of its own, on which it could stand at any distance
  const besideKnown = (e: Expr, domain: () => IndexVar): Expr | null => {
    for (const { written, axis } of inAtom) {
      if (literal(sub(e, written)) === null) continue
      const place = add(axis, sub(e, written))
      const range = domain()
      beside.push(compare('>=', place, range.from), compare('<=', place, range.to))
      seen.set(keyOf(e), place)
      return place
    }
    return null
  }
  const newAxis = (e: Expr, domain: () => IndexVar): Expr => {
    const key = keyOf(e)
    let axis: IndexVar
    const loop = e.kind === 'index' ? loopById.get(e.var) : undefined
    if (e.kind === 'index' && loop !== undefined) axis = loop
    else if (e.kind === 'index') return e
    else axis = domain()
    axes.push(axis)
    at.push(e)
    driverLoops.push(axis)
    seen.set(key, idx(axis))
    return idx(axis)
  }
  const onDriver = (e: Expr, bound: ReadonlySet<string>): Expr => {
    if (e.kind === 'ref' && (e.space === 'param' || e.space === 'shift' || e.space === 'pivot')) {
      const done: Expr[] = []
      e.index.forEach((i, position) => {
        const previous = [...done]
        const inner = [...freeIndices(i)].some((v) => bound.has(v))
        done.push(inner ? i : axisFor(i, () => options.paramDomain(e.name, position, previous)))
      })
      return ref(e.space, e.name, done)
    }
    if (e.kind === 'sum') return { ...e, body: onDriver(e.body, new Set([...bound, e.index.id])) }
    if (e.kind === 'inverse' || e.kind === 'logdet') {
      const own = new Set([...bound, e.of.row.id, e.of.column.id])
      const of = { ...e.of, element: onDriver(e.of.element, own) }
      if (e.kind === 'logdet') return { kind: 'logdet', of }
      const position = (i: Expr): Expr => axisFor(i, () => options.rename({ ...e.of.row }))
      return { kind: 'inverse', of, row: position(e.row), column: position(e.column) }
    }
    return mapOver(e, (c) => onDriver(c, bound))
  }
  const atoms = m.atoms.map((a) => {
    inAtom = []
    return { base: onDriver(a.base, new Set()), power: a.power }
  })

  // plain index variables inside atoms (not as positions) keep their loops on the driver
  for (const a of atoms)
    for (const id of freeIndices(a.base)) {
      const loop = loopById.get(id)
      if (loop !== undefined && !driverLoops.some((l) => l.id === id)) {
        axes.push(loop)
        at.push(idx(loop))
        driverLoops.push(loop)
      }
    }

  // 2. the coefficient: what reads rows or other loops is summed into a statistic
  const { number, factors } = splitContent(m.coefficient.kind === 'mul' ? m.coefficient.factors : [m.coefficient])
  const onAxes = new Set(driverLoops.map((l) => l.id))
  const outside = (f: Expr): boolean => !readsRows(f) && [...freeIndices(f)].every((v) => onAxes.has(v))
  const kept = [number, ...factors.filter(outside)]
  const inside = mul(...factors.filter((f) => !outside(f)))
  const summed = m.loops.filter((l) => !onAxes.has(l.id))
  const rowGuards = m.guards.filter((g) =>
    guardChildren(g).some((x) => readsRows(x) || [...freeIndices(x)].some((v) => !onAxes.has(v))),
  )
  const driverGuards = [...m.guards.filter((g) => !rowGuards.includes(g)), ...beside]
  const gathers = at.some((e) => e.kind !== 'index')
  const sortedLoops = dependencyOrder(driverLoops)
  if (isOne(inside) && summed.length === 0 && rowGuards.length === 0 && !gathers)
    return [{ loops: sortedLoops, guards: driverGuards, coefficient: mul(...kept), atoms }]
  if (
    isOne(inside) &&
    rowGuards.length === 0 &&
    !gathers &&
    summed.every((l) => freeIndices(l.to).size === 0 && !m.loops.some((o) => freeIndices(o.to).has(l.id)))
  ) {
    const extents = summed.map((l) => add(l.to, mul(num(-1), l.from), ONE))
    return [{ loops: sortedLoops, guards: driverGuards, coefficient: mul(...kept, ...extents), atoms }]
  }
  // loops that a statistic runs over: those summed, and those whose value is an axis
  const places = at.map((e, i) => axisPosition(axes[i], e))
  const statistic = register(statistics, { axes, loops: m.loops, guards: rowGuards, at: places, value: inside })
  return [
    {
      loops: sortedLoops,
      guards: driverGuards,
      coefficient: mul(
        ...kept,
        ref(
          'stat',
          statistic.id,
          axes.map((a) => axisPosition(a, idx(a))),
        ),
      ),
      atoms,
    },
  ]
}

/** 1-based place along a statistic's axis: an axis whose values begin at 0 (a bool) is moved up by one. */
const axisPosition = (axis: IndexVar | undefined, e: Expr): Expr =>
  axis !== undefined && literal(axis.from) === 0 ? add(e, ONE) : e

/** Extent of a statistic's axis. */
export const axisExtent = (axis: IndexVar): Expr => (literal(axis.from) === 0 ? add(axis.to, ONE) : axis.to)

function mapOver(e: Expr, f: (c: Expr) => Expr): Expr {
  switch (e.kind) {
    case 'add':
      return { kind: 'add', terms: e.terms.map(f) }
    case 'mul':
      return { kind: 'mul', factors: e.factors.map(f) }
    case 'pow':
      return { ...e, base: f(e.base) }
    case 'call':
      return { ...e, args: e.args.map(f) }
    case 'case':
      return { ...e, when: mapGuard(e.when, f), then: f(e.then), otherwise: f(e.otherwise) }
    default:
      return e
  }
}

/** A loop whose range depends on another comes after it. */
export function dependencyOrder(loops: readonly IndexVar[]): readonly IndexVar[] {
  const out: IndexVar[] = []
  let rest = [...loops]
  while (rest.length > 0) {
    const ids = new Set(rest.map((l) => l.id))
    const ready = rest.filter(
      (l) => ![...freeIndices(l.to), ...freeIndices(l.from)].some((v) => ids.has(v) && v !== l.id),
    )
    if (ready.length === 0) throw new Error('cyclic ranges')
    out.push(...ready)
    rest = rest.filter((l) => !ready.includes(l))
  }
  return out
}

function register(statistics: Map<string, Statistic>, s: Omit<Statistic, 'id' | 'once'>): Statistic {
  // canonical names of loops and axes, so that equal sums are found whatever their letters
  const by = new Map<string, Expr>()
  const order: IndexVar[] = []
  const visit = (e: Expr): void => {
    for (const n of collectNodes(e, (x) => x.kind === 'index'))
      if (n.kind === 'index' && !by.has(n.var) && s.loops.some((l) => l.id === n.var)) {
        by.set(n.var, { kind: 'index', var: `#${by.size}`, name: n.name })
        const loop = s.loops.find((l) => l.id === n.var)
        if (loop !== undefined) order.push(loop)
      }
  }
  for (const e of s.at) visit(e)
  visit(s.value)
  for (const g of s.guards) guardChildren(g).forEach(visit)
  for (const l of s.loops) visit(idx(l))
  const sub = (e: Expr): string => keyOf(substituteIndex(e, by))
  const key = [
    s.at.map(sub).join(','),
    sub(s.value),
    s.guards
      .map((g) => guardKey(mapGuard(g, (e) => substituteIndex(e, by))))
      .sort()
      .join(','),
    order.map((l) => `${sub(l.from)}..${sub(l.to)}`).join(','),
  ].join(' | ')
  const known = statistics.get(key)
  if (known !== undefined) return known
  const reads = (e: Expr): boolean =>
    some(
      e,
      (n) =>
        n.kind === 'probability' ||
        n.kind === 'expect' ||
        n.kind === 'mean' ||
        (n.kind === 'ref' && (n.space === 'pivot' || n.space === 'param')),
    )
  const once = !reads(s.value) && !s.guards.some((g) => guardChildren(g).some(reads))
  const statistic = { ...s, id: `s${statistics.size + 1}`, once }
  statistics.set(key, statistic)
  return statistic
}

/** Adds monomials that differ in nothing but a factor of the coefficient. */
function joinLike(ms: readonly Monomial[]): readonly Monomial[] {
  const out = new Map<string, Monomial>()
  for (const m of ms) {
    const by = new Map<string, Expr>()
    const canonical = (e: Expr): string => keyOf(substituteIndex(e, by))
    for (const a of m.atoms)
      for (const n of collectNodes(a.base, (x) => x.kind === 'index'))
        if (n.kind === 'index' && m.loops.some((l) => l.id === n.var) && !by.has(n.var))
          by.set(n.var, { kind: 'index', var: `#${by.size}`, name: n.name })
    if (by.size < m.loops.length) {
      out.set(`${out.size}`, m)
      continue
    }
    const key = [
      m.atoms
        .map((a) => `${canonical(a.base)}^${a.power.n}/${a.power.d}`)
        .sort()
        .join(' '),
      m.loops
        .map((l) => `${canonical(idx(l))}:${canonical(l.from)}..${canonical(l.to)}`)
        .sort()
        .join(' '),
      m.guards
        .map((g) => guardKey(mapGuard(g, (e) => substituteIndex(e, by))))
        .sort()
        .join(' '),
    ].join(' | ')
    const known = out.get(key)
    if (known === undefined) out.set(key, m)
    else out.set(key, { ...known, coefficient: add(known.coefficient, alignTo(known, m)) })
  }
  return [...out.values()]
}

/** The coefficient of `m` in the loop variables of `known`, whose atoms are the same up to those. */
function alignTo(known: Monomial, m: Monomial): Expr {
  const order = (x: Monomial): string[] => {
    const ids: string[] = []
    for (const a of x.atoms)
      for (const n of collectNodes(a.base, (e) => e.kind === 'index'))
        if (n.kind === 'index' && !ids.includes(n.var) && x.loops.some((l) => l.id === n.var)) ids.push(n.var)
    return ids
  }
  const from = order(m)
  const to = order(known)
  const by = new Map<string, Expr>()
  from.forEach((id, i) => {
    const target = known.loops.find((l) => l.id === to[i])
    if (target !== undefined) by.set(id, idx(target))
  })
  return substituteIndex(m.coefficient, by)
}

/** Replaces the params of a set by pivot + shift. */
export function shiftParams(e: Expr, shifted: ReadonlySet<string>): Expr {
  return rewrite(e, (n) =>
    n.kind === 'ref' && n.space === 'param' && shifted.has(n.name)
      ? add(ref('pivot', n.name, n.index), ref('shift', n.name, n.index))
      : n,
  )
}

export type { Guard }

/**
 * Counts as finite discrete latents: an observed sum is solved for one of its counts, and the others run from 0 to what
 * the data allows. Used where their posterior is no Multinomial.
 */
import { bothOf, caseOf, compare, div, idx, literal, mul, num, ref, sub, ZERO } from '../algebra/build.js'
import type { Expr, Guard } from '../algebra/types.js'
import { freeIndices, mapGuard, rewrite, some, substituteIndex } from '../algebra/visit.js'
import type { BindTable, Constraint, CountLatent, DiscreteLatent, Factor, FactorGraph, Latent } from './types.js'

const NEVER: Expr = { kind: 'float', value: Number.NEGATIVE_INFINITY }

/** A domain that differs from row to row becomes one range, up to its largest value, with the rest ruled out. */
export function boundRaggedDomains(graph: FactorGraph): FactorGraph {
  const tables: BindTable[] = []
  const guards = new Map<string, Expr>()
  const latents = graph.latents.map((l): Latent => {
    if (l.kind !== 'discrete' || freeIndices(l.high).size === 0 || (l.high.kind === 'ref' && l.high.space === 'size'))
      return l
    guards.set(l.name, l.high)
    return { ...l, high: largest(`largest ${l.name}`, l.high, l, tables) }
  })
  if (guards.size === 0) return graph
  const factors = graph.factors.map((f): Factor => {
    const high = f.role === 'latent' ? guards.get(f.target.name) : undefined
    const latent = graph.latents.find((l) => l.name === f.target.name)
    if (high === undefined || latent === undefined) return f
    const cell = ref(
      'latent',
      latent.name,
      latent.loops.map((l) => idx(l.index)),
    )
    return { ...f, value: caseOf(compare('<=', cell, high), f.value, NEVER) }
  })
  return { ...graph, latents, factors, bindTables: [...graph.bindTables, ...tables] }
}

/** max over the rows of a table, known when data is bound. */
function largest(name: string, value: Expr, of: Pick<Latent, 'loops' | 'span'>, tables: BindTable[]): Expr {
  tables.push({
    name,
    indices: [],
    compute: { kind: 'reduction', fn: 'max', over: of.loops.map((l) => l.index), value },
    span: of.span,
  })
  return ref('const', name)
}

/** Solves every observed sum for its last count. null where a sum has no bound (a negative coefficient). */
export function enumerateCounts(graph: FactorGraph): FactorGraph | null {
  const tables: BindTable[] = []
  const solved = new Map<string, Expr>()
  const made = new Map<string, DiscreteLatent>()
  const counts = new Map(graph.latents.flatMap((l) => (l.kind === 'count' ? [[l.name, l] as const] : [])))
  for (const c of graph.constraints) {
    const last = c.terms.at(-1)
    if (last === undefined || c.terms.some((t) => t.coefficient.n <= 0 || !counts.has(t.latent))) return null
    const others = c.terms.slice(0, -1)
    for (const t of others) {
      const latent = counts.get(t.latent)
      if (latent === undefined || made.has(t.latent)) continue
      made.set(
        t.latent,
        discrete(latent, largest(`largest ${t.latent}`, boundOf(c, t.coefficient, latent), latent, tables)),
      )
    }
    const rest = others.reduce<Expr>(
      (e, t) => sub(e, mul({ kind: 'num', value: t.coefficient }, ref('latent', t.latent, t.index))),
      c.total,
    )
    solved.set(last.latent, div(rest, { kind: 'num', value: last.coefficient }))
  }
  if ([...counts.keys()].some((name) => !made.has(name) && !solved.has(name))) return null
  const factors = graph.factors.map((f): Factor => {
    const guards = domainGuards(f, counts)
    const value = solve(f.value, solved)
    const inside = guards
      .map((g) => mapGuard(g, (e) => solve(e, solved)))
      .reduce<Guard>(bothOf, { kind: 'literal', value: true })
    return { ...f, guard: mapGuard(f.guard, (e) => solve(e, solved)), value: caseOf(inside, value, NEVER) }
  })
  const latents = graph.latents.flatMap((l): Latent[] =>
    l.kind !== 'count' ? [l] : made.get(l.name) === undefined ? [] : [made.get(l.name) ?? l],
  )
  const values = [...solved].flatMap(([name, value]) => {
    const loops = counts.get(name)?.loops
    return loops === undefined ? [] : [{ name, loops, value }]
  })
  return {
    ...graph,
    latents,
    factors,
    constraints: [],
    solved: [...graph.solved, ...values],
    bindTables: [...graph.bindTables, ...tables],
  }
}

const discrete = (l: CountLatent, high: Expr): DiscreteLatent => ({
  kind: 'discrete',
  name: l.name,
  loops: l.loops,
  low: ZERO,
  high,
  levels: null,
  isBool: false,
  evidence: false,
  introduced: false,
  span: l.span,
})

/** What one count can be at most: its share of the sum, or the upper end of its own distribution. */
function boundOf(c: Constraint, coefficient: Constraint['terms'][number]['coefficient'], latent: CountLatent): Expr {
  const own = latent.domain?.high ?? null
  const by = new Map(c.loops.map((l, i) => [l.index.id, idx(latent.loops[i]?.index ?? l.index)]))
  const share = substituteIndex(div(c.total, { kind: 'num', value: coefficient }), by)
  return own !== null && literal(own) !== null ? own : share
}

/** Values outside a count's own range have no mass; their density is not evaluated there. */
function domainGuards(f: Factor, counts: ReadonlyMap<string, CountLatent>): readonly Guard[] {
  const out: Guard[] = []
  for (const latent of counts.values()) {
    if (!some(f.value, (n) => n.kind === 'ref' && n.space === 'latent' && n.name === latent.name)) continue
    const cell = ref(
      'latent',
      latent.name,
      latent.loops.map((l) => idx(l.index)),
    )
    out.push(compare('>=', cell, num(0)))
    if (latent.domain?.high !== undefined && latent.domain.high !== null && f.target.name === latent.name)
      out.push(compare('<=', cell, latent.domain.high))
  }
  return out
}

const solve = (e: Expr, solved: ReadonlyMap<string, Expr>): Expr =>
  rewrite(e, (n) => (n.kind === 'ref' && n.space === 'latent' ? (solved.get(n.name) ?? n) : n))

/** E-step planning: continuous latents in blocks, then finite discrete latents, alone or in chains, and counts with observed sums. */
import { add, mul, num } from '../algebra/build.js'
import type { CollectOptions } from '../algebra/collect.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import { hasNestedSelector, type LiftedFactor } from '../graph/lift.js'
import type { DiscreteLatent, FactorGraph, Loop } from '../graph/types.js'
import { type ChainAxis, chainAxes } from './chain-axes.js'
import { ordersOf, tableChain } from './chain-blocks.js'
import { planContinuous } from './continuous.js'
import { planCounts } from './counts.js'
import { eliminationOrder } from './elimination-order.js'
import type { NodePolicy } from './nodes.js'
import { crossed, type Home, type ParentRow, place } from './place.js'
import { elementName, elementOf, keysOf, stepOf, tableOf } from './places.js'
import type { Bucket, EStepPlan, EStepRefusal, EStepStep, LatentTable, PlacedFactor, Potential } from './types.js'

export { tableOf } from './places.js'

export interface EStepResult {
  readonly plan: EStepPlan | null
  readonly refusals: readonly EStepRefusal[]
}

/** Counts with an observed sum whose shares a continuous latent says. */
function countOfNumber(all: readonly LiftedFactor[]): EStepRefusal | null {
  for (const { factor, counts, continuous } of all) {
    const [count, number] = [counts[0]?.latent, continuous[0]?.latent.name]
    if (factor.role === 'prior' || count === undefined || number === undefined) continue
    return {
      code: 'E404',
      span: factor.span,
      message: `\`${count}\` is part of an observed sum, and its distribution reads the latent \`${number}\`: their posterior together has no closed form in this version`,
      coupled: [count, number],
    }
  }
  return null
}

/**
 * @param taken number of blocks that have a name already
 * @param nodes what may stand for a posterior that is no family
 */
export function planEStep(
  graph: FactorGraph,
  all: readonly LiftedFactor[],
  options: Omit<CollectOptions, 'inU'>,
  taken = 0,
  nodes: NodePolicy = 'none',
): EStepResult {
  const shared = countOfNumber(all)
  if (shared !== null) return { plan: null, refusals: [shared] }
  const continuous = planContinuous(graph, all, options, taken, nodes)
  const refusals: EStepRefusal[] = [...continuous.refusals]
  const lifted = [...all.filter((f) => !continuous.absorbed.has(f)), ...continuous.messages]
  const nested = lifted.find(hasNestedSelector)
  if (nested !== undefined)
    refusals.push({
      code: 'E403',
      span: nested.factor.span,
      message: 'a latent that picks which latent is read has no exact E-step in this version',
      ...picked(nested),
    })
  if (refusals.length > 0) return { plan: null, refusals }

  const counts = planCounts(graph, lifted, options.maxTerms)
  refusals.push(...counts.refusals)
  const withLatents = lifted.filter((f) => f.variables.length > 0 && f.factor.role !== 'prior')
  const chained = chainAxes(withLatents)
  refusals.push(...chained.refusals)
  if (refusals.length > 0) return { plan: null, refusals }
  const homes: { readonly home: Home; readonly of: LiftedFactor }[] = []
  for (const f of withLatents) {
    const home = place(f, chained.axes)
    if ('code' in home) refusals.push(home)
    else homes.push({ home, of: f })
  }
  const { parents, placed } = alongOneKey(homes, chained.axes, refusals)
  if (refusals.length > 0) return { plan: null, refusals }

  const latents = graph.latents.filter((l) => l.kind === 'discrete')
  const byTable = new Map<string, DiscreteLatent[]>()
  for (const l of latents) byTable.set(tableOf(l), [...(byTable.get(tableOf(l)) ?? []), l])
  const order = childrenFirst([...byTable.keys()], parents)
  if (order === null) {
    const span = latents[0]?.span ?? { start: 0, end: 0 }
    return {
      plan: null,
      refusals: [{ code: 'E404', span, message: "the keys between the latents' tables form a cycle" }],
    }
  }
  const potentials = groupPotentials(placed)
  const messagesInto = new Map<string, (readonly string[])[]>()
  const tables = order.map((id): LatentTable => {
    const own = byTable.get(id) ?? []
    const parent = parents.get(id) ?? null
    const scopes = [...potentials.filter((p) => p.table === id).map((p) => p.scope), ...(messagesInto.get(id) ?? [])]
    const loops = own[0]?.loops ?? []
    const axis = chained.axes.get(id)
    const orders = ordersOf(own, scopes)
    const { buckets, outgoing } = eliminationOrder(
      id,
      own.map((l) => l.name).filter((n) => (orders.get(n) ?? 0) === 0),
      scopes,
    )
    const chain = axis === undefined ? null : tableChain(id, axis, own, orders, outgoing)
    const sent =
      chain === null ? outgoing : [...outgoing.filter((s) => isLoose(s, own)), ...chain.blocks.map((b) => b.parents)]
    if (parent !== null)
      messagesInto.set(parent.table, [...(messagesInto.get(parent.table) ?? []), ...sent.filter((s) => s.length > 0)])
    const inherited = new Set(
      parent === null ? [] : (byTable.get(parent.table)?.[0]?.loops ?? []).map((l) => l.index.id),
    )
    return {
      id,
      loops,
      latents: own,
      parent,
      weight: weightOf(loops.filter((l) => !inherited.has(l.index.id))),
      buckets,
      chain,
    }
  })
  const plan: EStepPlan = {
    bound: boundOf(continuous.steps),
    blocks: continuous.blocks,
    bindTables: continuous.bindTables,
    tables,
    potentials,
    countGroups: counts.groups,
    constants: [
      ...lifted
        .filter((f) => f.variables.length === 0 && f.counts.length === 0 && f.factor.role !== 'prior')
        .map((f) => ({ lifted: f, expr: f.expr })),
      ...counts.rest,
    ],
    steps: [...continuous.steps, ...tables.map(describe), ...counts.steps],
    factorised: null,
  }
  return { plan, refusals: [] }
}

/** The roughest of what the steps give. */
function boundOf(steps: readonly EStepStep[]): EStepPlan['bound'] {
  if (steps.some((s) => s.method === 'monte-carlo')) return 'monte-carlo'
  return steps.some((s) => s.method === 'quadrature') ? 'quadrature' : 'exact'
}

/** Product of the weights of loops, or null where all are 1. */
export function weightOf(loops: readonly Loop[]): Expr | null {
  const weights = loops.flatMap((l) => (l.weight === null ? [] : [l.weight]))
  return weights.length === 0 ? null : mul(...weights)
}

/** true for a scope that reads the parent's row only. */
const isLoose = (scope: readonly string[], own: readonly DiscreteLatent[]): boolean =>
  !scope.some((e) => own.some((l) => l.name === elementOf(e).latent))

/** The latents that another latent picks from: every one of them may be the one that is read. */
function picked(f: LiftedFactor): Pick<EStepRefusal, 'coupled' | 'cost'> {
  const isLatent = (e: Expr): boolean => some(e, (n) => n.kind === 'ref' && n.space === 'latent')
  const from = f.variables.filter((v) => v.index.some(isLatent)).map((v) => v.latent)
  return { ...crossed(from), coupled: [...new Set(f.variables.map((v) => v.latent.name))] }
}

interface Placed {
  readonly factor: PlacedFactor
  readonly table: string
  readonly scope: readonly string[]
}

/**
 * The one key through which the rows of each table read those of its parent. Where the parent is a chain, keys may lie a
 * number of steps apart: the latest place is the parent's row, and the others lie back from it.
 */
function alongOneKey(
  homes: readonly { readonly home: Home; readonly of: LiftedFactor }[],
  axes: ReadonlyMap<string, ChainAxis>,
  refusals: EStepRefusal[],
): { readonly parents: ReadonlyMap<string, ParentRow>; readonly placed: readonly Placed[] } {
  const parents = new Map<string, ParentRow>()
  const latest = new Map<string, number>()
  const stepsAlong = (p: ParentRow): number => {
    const at = p.key[axes.get(p.table)?.position ?? -1]
    return at === undefined ? 0 : stepOf(at).offset
  }
  const movedTo = (p: ParentRow, steps: number): ParentRow => {
    const position = axes.get(p.table)?.position
    return position === undefined || steps === 0
      ? p
      : { ...p, key: p.key.map((e, i) => (i === position ? add(e, num(steps)) : e)) }
  }
  for (const { home } of homes)
    if (home.parent !== null)
      latest.set(home.table, Math.max(latest.get(home.table) ?? Number.NEGATIVE_INFINITY, stepsAlong(home.parent)))
  const placed = homes.map(({ home, of }): Placed => {
    const ahead = home.parent === null ? 0 : (latest.get(home.table) ?? 0) - stepsAlong(home.parent)
    const parent = home.parent === null ? null : movedTo(home.parent, ahead)
    const elements = home.factor.elements.map((e, i) => {
      const { latent, lag } = elementOf(e)
      const variable = of.variables[i]
      const back = variable !== undefined && tableOf(variable.latent) === parent?.table ? ahead : 0
      return elementName(latent, lag + back)
    })
    if (parent !== null) {
      const known = parents.get(home.table)
      if (known === undefined) parents.set(home.table, parent)
      else if (known.table !== parent.table || keysOf(known.key) !== keysOf(parent.key))
        refusals.push({
          code: 'E404',
          span: of.factor.span,
          message: `the latents of one row are joined to those of two others through different keys, which makes every latent depend on every other`,
          ...crossed(of.variables.filter((v) => tableOf(v.latent) !== home.table).map((v) => v.latent)),
          help: 'an exact E-step needs the groups to be nested; crossed groups need an approximation that this version does not have',
        })
    }
    return { factor: { ...home.factor, elements }, table: home.table, scope: [...new Set(elements)] }
  })
  return { parents, placed }
}

function groupPotentials(placed: readonly Placed[]): readonly Potential[] {
  const out = new Map<string, { table: string; scope: readonly string[]; factors: PlacedFactor[] }>()
  for (const p of placed) {
    const scope = [...p.scope].sort()
    const key = `${p.table}|${scope.join('|')}`
    const known = out.get(key)
    if (known === undefined) out.set(key, { table: p.table, scope, factors: [p.factor] })
    else known.factors.push(p.factor)
  }
  return [...out.values()]
}

function childrenFirst(
  tables: readonly string[],
  parents: ReadonlyMap<string, { table: string }>,
): readonly string[] | null {
  const out: string[] = []
  const rest = new Set(tables)
  while (rest.size > 0) {
    const leaf = [...rest].find((t) => ![...rest].some((other) => parents.get(other)?.table === t))
    if (leaf === undefined) return null
    out.push(leaf)
    rest.delete(leaf)
  }
  return out
}

function describe(t: LatentTable): EStepStep {
  const names = t.latents.map((l) => l.name)
  if (t.chain !== null) return describeChain(t, names)
  const single = t.buckets.length === 1 && t.parent === null
  const order = t.buckets.map((b: Bucket) => b.eliminate).join(', ')
  return {
    latents: names,
    method: single ? 'enumeration' : 'variable-elimination',
    explanation: single
      ? `Bayes' rule: the joint density of each value, divided by their sum`
      : `sum-product elimination in the order ${order}${toParent(t)}`,
    reference: single ? 'Dempster, Laird and Rubin (1977), section 2' : 'Lauritzen and Spiegelhalter (1988)',
  }
}

const toParent = (t: LatentTable): string =>
  t.parent === null ? '' : ', with messages to the coarser rows that these point to'

function describeChain(t: LatentTable, names: readonly string[]): EStepStep {
  const blocks = t.chain?.blocks ?? []
  const chains = blocks.map((b) => {
    const states = b.states.map((s) => (s.order === 1 ? s.latent : `${s.latent} (order ${s.order})`))
    const parents = [...new Set(b.parents.map((e) => elementOf(e).latent))]
    return `${states.join(' and ')}${parents.length === 0 ? '' : ` for each value of ${parents.join(', ')}`}`
  })
  const first = t.buckets.map((b) => b.eliminate)
  return {
    latents: names,
    method: 'forward-backward',
    explanation: `${first.length === 0 ? '' : `${first.join(', ')} summed out at each place, then `}scaled forward–backward along ${t.chain?.axis.name ?? ''} over ${chains.join('; ')}${toParent(t)}`,
    reference: 'Baum, Petrie, Soules and Weiss (1970); Rabiner (1989), section III',
  }
}

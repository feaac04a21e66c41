/** E-step planning: continuous latents in blocks, then finite discrete latents, and counts with observed sums. */
import { idx, mul } from '../algebra/build.js'
import type { CollectOptions } from '../algebra/collect.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import { freeIndices } from '../algebra/visit.js'
import { hasNestedSelector, type LiftedFactor, type LiftedVariable } from '../graph/lift.js'
import type { DiscreteLatent, FactorGraph, Loop } from '../graph/types.js'
import { planContinuous } from './continuous.js'
import { planCounts } from './counts.js'
import { eliminationOrder } from './elimination-order.js'
import type { Bucket, EStepPlan, EStepRefusal, EStepStep, LatentTable, PlacedFactor, Potential } from './types.js'

export interface EStepResult {
  readonly plan: EStepPlan | null
  readonly refusals: readonly EStepRefusal[]
}

/** Table of a latent: its loop variables, which are shared between loops over the same domain. */
export const tableOf = (l: DiscreteLatent): string => l.loops.map((x) => x.index.id).join(',') || 'all'

export function planEStep(
  graph: FactorGraph,
  all: readonly LiftedFactor[],
  options: Omit<CollectOptions, 'inU'>,
): EStepResult {
  const continuous = planContinuous(graph, all, options)
  const refusals: EStepRefusal[] = [...continuous.refusals]
  const lifted = [...all.filter((f) => !continuous.absorbed.has(f)), ...continuous.messages]
  const nested = lifted.find(hasNestedSelector)
  if (nested !== undefined)
    refusals.push({
      code: 'E403',
      span: nested.factor.span,
      message: 'a latent that picks which latent is read has no exact E-step in this version',
    })
  if (refusals.length > 0) return { plan: null, refusals }

  const counts = planCounts(graph, lifted, options.maxTerms)
  refusals.push(...counts.refusals)
  const withLatents = lifted.filter((f) => f.variables.length > 0 && f.factor.role !== 'prior')
  const placed: { factor: PlacedFactor; table: string; scope: readonly string[] }[] = []
  const parents = new Map<string, { table: string; key: readonly Expr[] }>()
  for (const f of withLatents) {
    const home = place(f)
    if ('code' in home) {
      refusals.push(home)
      continue
    }
    placed.push(home)
    if (home.parent !== null) {
      const known = parents.get(home.table)
      if (known === undefined) parents.set(home.table, home.parent)
      else if (known.table !== home.parent.table || keysOf(known.key) !== keysOf(home.parent.key))
        refusals.push({
          code: 'E404',
          span: f.factor.span,
          message: `the latents of one row are joined to those of two others through different keys, which makes every latent depend on every other`,
          help: 'an exact E-step needs the groups to be nested; crossed groups need an approximation that this version does not have',
        })
    }
  }
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
    const { buckets, outgoing } = eliminationOrder(
      id,
      own.map((l) => l.name),
      scopes,
    )
    if (parent !== null) messagesInto.set(parent.table, [...(messagesInto.get(parent.table) ?? []), ...outgoing])
    const loops = own[0]?.loops ?? []
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
    }
  })
  const plan: EStepPlan = {
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
  }
  return { plan, refusals: [] }
}

/** Product of the weights of loops, or null where all are 1. */
export function weightOf(loops: readonly Loop[]): Expr | null {
  const weights = loops.flatMap((l) => (l.weight === null ? [] : [l.weight]))
  return weights.length === 0 ? null : mul(...weights)
}

const keysOf = (es: readonly Expr[]): string => es.map(keyOf).join(';')

interface Home {
  readonly factor: PlacedFactor
  readonly table: string
  readonly scope: readonly string[]
  readonly parent: { readonly table: string; readonly key: readonly Expr[] } | null
}

/** Finds the table row that a factor belongs to, and through which key it reads a coarser table. */
function place(f: LiftedFactor): Home | EStepRefusal {
  const cells = new Map<string, LiftedVariable[]>()
  for (const v of f.variables) {
    const key = `${tableOf(v.latent)}|${keysOf(v.index)}`
    cells.set(key, [...(cells.get(key) ?? []), v])
  }
  const groups = [...cells.values()]
  const loops = f.factor.loops
  const repeated = groups.find((g, i) =>
    groups.some(
      (h, j) => j !== i && g[0] !== undefined && h[0] !== undefined && tableOf(g[0].latent) === tableOf(h[0].latent),
    ),
  )
  if (repeated !== undefined) {
    const name = repeated[0]?.latent.name ?? ''
    return {
      code: 'E405',
      span: f.factor.span,
      message: `\`${name}\` at one place depends on \`${name}\` at another (a chain), and this version has no forward–backward E-step`,
    }
  }
  const isDirect = (g: readonly LiftedVariable[]): boolean => {
    const first = g[0]
    return first?.index.every((e, i) => e.kind === 'index' && e.var === first.latent.loops[i]?.index.id) ?? false
  }
  const fine =
    groups.filter(isDirect).sort((a, b) => (b[0]?.index.length ?? 0) - (a[0]?.index.length ?? 0))[0] ??
    (groups.length === 1 ? groups[0] : undefined)
  const first = fine?.[0]
  if (fine === undefined || first === undefined)
    return {
      code: 'E404',
      span: f.factor.span,
      message:
        'this statement joins latents of several groups through keys, which makes every latent depend on every other',
    }
  const coarse = groups.filter((g) => g !== fine)
  const fineVars = new Set(first.latent.loops.map((l) => l.index.id))
  if (coarse.length > 1)
    return {
      code: 'E404',
      span: f.factor.span,
      message: 'this statement joins latents of more than two tables, which has no exact E-step in this version',
    }
  const up = coarse[0]?.[0]
  if (up !== undefined && !up.index.every((e) => [...freeIndices(e)].every((v) => fineVars.has(v))))
    return {
      code: 'E404',
      span: f.factor.span,
      message: `\`${up.latent.name}\` is read through an index that is not a key of the rows of \`${first.latent.name}\``,
    }
  const direct = isDirect(fine)
  const own = new Set(direct ? [...fineVars] : [])
  return {
    table: tableOf(first.latent),
    scope: [...fine, ...(coarse[0] ?? [])].map((v) => v.latent.name),
    parent: up === undefined ? null : { table: tableOf(up.latent), key: up.index },
    factor: {
      lifted: f,
      row: direct ? first.latent.loops.map((l) => idx(l.index)) : first.index,
      extraLoops: loops.filter((l) => !own.has(l.index.id)),
      direct,
    },
  }
}

function groupPotentials(
  placed: readonly { factor: PlacedFactor; table: string; scope: readonly string[] }[],
): readonly Potential[] {
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
  const single = t.buckets.length === 1 && t.parent === null
  const order = t.buckets.map((b: Bucket) => b.eliminate).join(', ')
  return {
    latents: names,
    method: single ? 'enumeration' : 'variable-elimination',
    explanation: single
      ? `Bayes' rule: the joint density of each value, divided by their sum`
      : `sum-product elimination in the order ${order}${t.parent === null ? '' : `, with messages to the rows of ${t.parent.table} through their key`}`,
    reference: single ? 'Dempster, Laird and Rubin (1977), section 2' : 'Lauritzen and Spiegelhalter (1988)',
  }
}

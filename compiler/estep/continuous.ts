/**
 * Continuous latents: which belong together, what their posterior is, and for which rows it is one. Gaussians are
 * integrated out first and discrete latents last (Lauritzen 1992): a block that discrete latents choose the terms of
 * becomes one posterior for each of their values, and its normaliser a factor over them.
 */
import { add, idx, mul, num, ref, ZERO } from '../algebra/build.js'
import { type CollectOptions, collect, TooManyTerms } from '../algebra/collect.js'
import { keyOf } from '../algebra/key.js'
import type { Atom, Monomial } from '../algebra/monomial.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { freeIndices, rewrite, substituteIndex } from '../algebra/visit.js'
import { type Family, type FamilyStatistic, recogniseFamily } from '../families/index.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { BindTable, ContinuousLatent, FactorGraph, Loop } from '../graph/types.js'
import { placeOfRow, valuePosition } from './block-layout.js'
import { statisticOf } from './latent-atoms.js'
import { describeNodes, knownDimension, MOST_DIMENSIONS, type NodePolicy, nodeRefusal, nodeTables } from './nodes.js'
import { patternTables, sharingOf } from './patterns.js'
import { lengthOf, valuesOf } from './places.js'
import { referenceOf, referenceTables } from './references.js'
import type {
  BlockCell,
  BlockFactor,
  BlockLatent,
  BlockTerm,
  ContinuousBlock,
  EStepRefusal,
  EStepStep,
  GaussianBlock,
  ScopeVariable,
} from './types.js'

export interface ContinuousPlan {
  readonly blocks: readonly ContinuousBlock[]
  /** Factors that a block has taken up. */
  readonly absorbed: ReadonlySet<LiftedFactor>
  /** Normalisers of blocks that discrete latents choose, as factors over these. */
  readonly messages: readonly LiftedFactor[]
  readonly bindTables: readonly BindTable[]
  readonly steps: readonly EStepStep[]
  readonly refusals: readonly EStepRefusal[]
}

/** Name of the table of a block's log-normalisers. */
export const normaliserTable = (block: { readonly id: string }): string => `log Z ${block.id}`

export function planContinuous(
  graph: FactorGraph,
  lifted: readonly LiftedFactor[],
  options: Omit<CollectOptions, 'inU'>,
  taken = 0,
  nodes: NodePolicy = 'none',
): ContinuousPlan {
  const latents = graph.latents.filter((l) => l.kind === 'continuous')
  const blocks: ContinuousBlock[] = []
  const refusals: EStepRefusal[] = []
  const absorbed = new Set<LiftedFactor>()
  const bindTables: BindTable[] = []
  for (const group of connected(latents, lifted)) {
    const names = new Set(group.map((l) => l.name))
    const factors = lifted.filter((f) => f.continuous.some((c) => names.has(c.latent.name)))
    for (const f of factors) absorbed.add(f)
    const made = blockOf(group, factors, `block ${taken + blocks.length + 1}`, options, graph, nodes)
    if ('code' in made) refusals.push(made)
    else {
      blocks.push(made.block)
      bindTables.push(...made.bindTables)
    }
  }
  return {
    blocks,
    absorbed,
    messages: blocks.flatMap((b) => (b.scope.length === 0 ? [] : [messageOf(b)])),
    bindTables,
    steps: blocks.map((b) => describe(b, graph)),
    refusals,
  }
}

/** Latents that a chain of factors joins. */
function connected(
  latents: readonly ContinuousLatent[],
  lifted: readonly LiftedFactor[],
): readonly (readonly ContinuousLatent[])[] {
  const parent = new Map(latents.map((l) => [l.name, l.name]))
  const find = (n: string): string => {
    const up = parent.get(n) ?? n
    return up === n ? n : find(up)
  }
  for (const f of lifted) {
    const [first, ...others] = f.continuous
    if (first === undefined) continue
    for (const o of others) parent.set(find(o.latent.name), find(first.latent.name))
  }
  const groups = new Map<string, ContinuousLatent[]>()
  for (const l of latents) groups.set(find(l.name), [...(groups.get(find(l.name)) ?? []), l])
  return [...groups.values()]
}

/** Number of leading loops that all latents share and at which every factor reads one row only. */
function commonRows(latents: readonly ContinuousLatent[], factors: readonly LiftedFactor[]): number {
  const [first] = latents
  if (first === undefined) return 0
  let rank = first.loops.length
  for (const l of latents) {
    let same = 0
    while (same < rank && l.loops[same] !== undefined && l.loops[same]?.index.id === first.loops[same]?.index.id) same++
    rank = same
  }
  // an index that a sum inside the factor runs over is that of many rows
  const oneRow = (f: LiftedFactor, depth: number): boolean => {
    const loops = new Set(f.factor.loops.map((l) => l.index.id))
    const rows = f.continuous.map((c) => c.index.slice(0, depth))
    return (
      new Set(rows.map((r) => r.map(keyOf).join(','))).size <= 1 &&
      rows.every((r) => r.every((e) => [...freeIndices(e)].every((v) => loops.has(v))))
    )
  }
  while (rank > 0 && !factors.every((f) => oneRow(f, rank))) rank--
  return rank
}

interface Made {
  readonly block: ContinuousBlock
  readonly bindTables: readonly BindTable[]
}

function blockOf(
  group: readonly ContinuousLatent[],
  lifted: readonly LiftedFactor[],
  id: string,
  options: Omit<CollectOptions, 'inU'>,
  graph: FactorGraph,
  nodes: NodePolicy,
): Made | EStepRefusal {
  const [first] = group
  if (first === undefined) throw new Error('a block without latents')
  const common = commonRows(group, lifted)
  const coupled = group.some((l) => l.loops.length > common)
  const hasDiscrete = lifted.some((f) => f.variables.length > 0)
  const layout = coupled && !hasDiscrete ? 'joint' : 'row'
  const made = baseOf(group, lifted, id, layout === 'joint' ? 0 : common)
  if ('code' in made) return made
  if (layout === 'joint') {
    const weighted = group.find((l) => l.loops.some((x) => x.weight !== null))
    if (weighted !== undefined)
      return refusal(
        weighted,
        `the rows of \`${weighted.name}\` are weighted, and its posterior is one for all rows together`,
      )
  }
  const monomials = termsOf(made, options)
  const closed =
    typeof monomials === 'string'
      ? refusal(first, monomials)
      : (asGaussian(made, layout, monomials, graph, options) ??
        (group.length > 1 || coupled ? coupling(made, group, coupled, monomials) : asConjugate(made, first, monomials)))
  if (!('code' in closed)) return closed
  // one posterior over all rows: its nodes are drawn, or it has none
  if (nodes === 'none' || (layout === 'joint' && common === 0 && nodes !== 'draws')) return closed
  return withNodes(group, lifted, id, common, closed, options, graph, nodes)
}

/** The block of a group with a posterior for each row of the loops that its latents share, `rank` of them. */
function baseOf(
  group: readonly ContinuousLatent[],
  lifted: readonly LiftedFactor[],
  id: string,
  rank: number,
): Base | EStepRefusal {
  const loops = group[0]?.loops.slice(0, rank) ?? []
  const latents = group.map(
    (latent): BlockLatent => ({
      latent,
      coordinates: [...latent.loops.slice(rank).map((l) => l.index), ...latent.own],
    }),
  )
  const scope = new Map<string, ScopeVariable>()
  const factors: BlockFactor[] = []
  for (const f of lifted) {
    const placed = place(f, loops, scope, group)
    if ('code' in placed) return placed
    factors.push(placed)
  }
  return { id, loops, latents, scope: [...scope.values()], factors }
}

/** Nodes in place of a family, where `closed` says why there is none; else that refusal, with why there are no nodes. */
function withNodes(
  group: readonly ContinuousLatent[],
  lifted: readonly LiftedFactor[],
  id: string,
  rank: number,
  closed: EStepRefusal,
  options: Omit<CollectOptions, 'inU'>,
  graph: FactorGraph,
  nodes: NodePolicy,
): Made | EStepRefusal {
  if (closed.code !== 'E402') return closed
  const base = baseOf(group, lifted, id, rank)
  if ('code' in base) return base
  const size = knownDimension(base, graph.bindTables)
  if (nodes === 'quadrature' && (size === null || size > MOST_DIMENSIONS)) return closed
  const reason = nodeRefusal(base, options.rename)
  if (reason !== null) return { ...closed, message: `${closed.message}; ${reason}` }
  const factor = lifted.find((f) => f.factor.span === closed.span) ?? lifted[0]
  if (factor === undefined) throw new Error('a block without factors')
  return {
    block: { ...base, kind: 'nodes', because: { factor, reason: closed.message } },
    bindTables: nodeTables(base, options.rename),
  }
}

/** Why cells that are coupled have no joint Normal posterior. */
function coupling(
  base: Base,
  group: readonly ContinuousLatent[],
  coupled: boolean,
  monomials: readonly Term[],
): EStepRefusal {
  const [first] = group
  if (first === undefined) throw new Error('a block without latents')
  const names = group.map((l) => `\`${l.name}\``).join(' and ')
  const odd = monomials.filter((m) => !isQuadratic(m.atoms)).map((m) => m.factor.lifted)
  const joining = odd.find((f) => new Set(f.continuous.map((c) => c.latent.name)).size > 1) ?? odd[0]
  return {
    ...refusal(
      first,
      `${coupled && group.length === 1 ? `the cells of ${names} are coupled` : `${names} are coupled`} by this statement, which is not quadratic in them: their joint posterior is not Normal. Some such pairs have another joint family (a Normal with a Gamma precision), which this version does not derive`,
    ),
    coupled: group.map((l) => l.name),
    cost: {
      kind: 'integral',
      dimensions: add(...base.latents.map((l) => mul(...l.coordinates.map(lengthOf)))),
      times: mul(...base.loops.map((l) => lengthOf(l.index))),
    },
    span: joining?.factor.span ?? first.span,
  }
}

const refusal = (latent: ContinuousLatent, message: string): EStepRefusal => ({
  code: 'E402',
  span: latent.span,
  message,
})

/** A factor as one of a block: its row, and its discrete variables as those of the block's scope. */
function place(
  f: LiftedFactor,
  loops: readonly Loop[],
  scope: Map<string, ScopeVariable>,
  group: readonly ContinuousLatent[],
): BlockFactor | EStepRefusal {
  const row = (f.continuous[0]?.index ?? []).slice(0, loops.length)
  const direct = row.every((e, i) => e.kind === 'index' && e.var === loops[i]?.index.id)
  const byKey = new Map(row.map((e, i) => [keyOf(e), loops[i]]))
  const own = new Set(loops.map((l) => l.index.id))
  const by = new Map<string, Expr>()
  for (const v of f.variables) {
    const index = v.index.map((e) =>
      rewriteWhole(e, (x) => {
        const loop = byKey.get(keyOf(x))
        return loop === undefined ? null : idx(loop.index)
      }),
    )
    if (index.some((e) => [...freeIndices(e)].some((x) => !own.has(x))))
      return {
        code: 'E404',
        span: f.factor.span,
        message: `\`${v.latent.name}\` and \`${group[0]?.name ?? ''}\` are coupled over several rows: \`${group[0]?.name ?? ''}\` at one place depends on \`${v.latent.name}\` at many`,
        coupled: [v.latent.name, ...group.map((l) => l.name)],
        cost: {
          kind: 'mixture',
          values: valuesOf(v.latent),
          places: mul(...v.latent.loops.map((l) => lengthOf(l.index))),
          dimension: add(...group.map(cellsOf)),
        },
        help: 'an exact E-step needs the discrete latent to be of the same rows, or of rows these point to',
      }
    const key = `${v.latent.name}[${index.map(keyOf).join(',')}]`
    const known = scope.get(key) ?? { latent: v.latent, index, value: v.value }
    scope.set(key, known)
    by.set(v.value.id, idx(known.value))
  }
  return {
    lifted: f,
    expr: substituteIndex(f.expr, by),
    row,
    direct,
    extraLoops: direct ? f.factor.loops.filter((l) => !own.has(l.index.id)) : f.factor.loops,
  }
}

/** Number of cells of a latent array. */
const cellsOf = (l: ContinuousLatent): Expr => mul(...[...l.loops.map((x) => x.index), ...l.own].map(lengthOf))

/** Replaces the outermost sub-expressions for which `f` has something. */
function rewriteWhole(e: Expr, f: (x: Expr) => Expr | null): Expr {
  const found = f(e)
  if (found !== null) return found
  if (e.kind === 'ref') return { ...e, index: e.index.map((i) => rewriteWhole(i, f)) }
  if (e.kind === 'add') return add(...e.terms.map((t) => rewriteWhole(t, f)))
  return e
}

type Base = Pick<GaussianBlock, 'id' | 'loops' | 'latents' | 'scope' | 'factors'>

interface Term extends BlockTerm {
  readonly atoms: readonly Atom[]
}

/** Every factor collected in the latents; a reason where that takes too many terms. */
function termsOf(base: Base, options: Omit<CollectOptions, 'inU'>): readonly Term[] | string {
  const names = new Set(base.latents.map((l) => l.latent.name))
  const inU: CollectOptions['inU'] = (r) => r.space === 'latent' && names.has(r.name)
  const out: Term[] = []
  for (const factor of base.factors) {
    let ms: readonly Monomial[]
    try {
      ms = collect(factor.expr, { ...options, inU })
    } catch (e) {
      if (!(e instanceof TooManyTerms)) throw e
      return `its log density has ${e.message}`
    }
    for (const m of ms) {
      if (m.atoms.length === 0) continue
      const { loops, guards, coefficient } = m
      out.push({ factor, loops, guards, coefficient, atoms: m.atoms })
    }
  }
  return out
}

const isCell = (e: Expr): e is Extract<Expr, { kind: 'ref' }> => e.kind === 'ref' && e.space === 'latent'

const isQuadratic = (atoms: readonly Atom[]): boolean =>
  atoms.every((a) => isCell(a.base) && a.power.d === 1 && a.power.n > 0) &&
  atoms.reduce((s, a) => s + a.power.n, 0) <= 2

function asGaussian(
  base: Base,
  layout: GaussianBlock['layout'],
  plain: readonly Term[],
  graph: FactorGraph,
  options: Omit<CollectOptions, 'inU'>,
): Made | null {
  if (!plain.every((t) => isQuadratic(t.atoms))) return null
  if (base.latents.some((l) => l.latent.support !== 'real')) return null
  const references = referenceTables(base.latents, graph)
  const about = aboutReference(base, new Set(references.map((r) => r.latent)), options)
  const rank = base.loops.length
  const cellOf = (e: Expr): BlockCell => {
    if (!isCell(e)) throw new Error('a cell of a Gaussian block is a latent')
    return { latent: e.name, at: e.index.slice(rank) }
  }
  const linear: (BlockTerm & { cell: BlockCell })[] = []
  const quadratic: (BlockTerm & { cells: readonly [BlockCell, BlockCell] })[] = []
  for (const { atoms, ...term } of about) {
    const cells = atoms.flatMap((a) => Array.from({ length: a.power.n }, () => cellOf(a.base)))
    const [a, b] = cells
    if (a === undefined) continue
    if (b === undefined) linear.push({ ...term, cell: a })
    else quadratic.push({ ...term, cells: [a, b] })
  }
  const shared = layout === 'joint' ? ({ sharing: 'row', masks: [] } as const) : sharingOf(base, quadratic)
  const tables = shared.sharing === 'pattern' ? patternTables(base, shared.masks) : null
  return {
    block: {
      ...base,
      kind: 'gaussian',
      layout,
      linear,
      quadratic,
      sharing: shared.sharing,
      pattern:
        tables === null
          ? null
          : { id: tables.number.name, representative: tables.representative.name, count: tables.count },
      references: new Map(references.map((r) => [r.latent, r.table.name])),
    },
    bindTables: [...references.map((r) => r.table), ...(tables === null ? [] : [tables.number, tables.representative])],
  }
}

/** The terms in δ = u − r for half-observed arrays: what is observed has δ = 0 and falls out. */
function aboutReference(
  base: Base,
  halfObserved: ReadonlySet<string>,
  options: Omit<CollectOptions, 'inU'>,
): readonly Term[] {
  const moved = base.factors.map(
    (f): BlockFactor => ({
      ...f,
      expr: rewrite(f.expr, (n) => {
        if (n.kind !== 'ref' || n.space !== 'latent' || !halfObserved.has(n.name)) return n
        return add(n, referenceOf(n))
      }),
    }),
  )
  const terms = termsOf({ ...base, factors: moved }, options)
  if (typeof terms === 'string') throw new Error(`terms about a reference: ${terms}`)
  return terms.map((t) => ({ ...t, factor: base.factors[moved.indexOf(t.factor)] ?? t.factor }))
}

function asConjugate(base: Base, latent: ContinuousLatent, terms: readonly Term[]): Made | EStepRefusal {
  const rank = base.loops.length
  const statistics = new Set<FamilyStatistic>()
  const out: (BlockTerm & { statistic: FamilyStatistic; cell: BlockCell })[] = []
  for (const { atoms, ...term } of terms) {
    const [atom] = atoms
    const found = atoms.length === 1 && atom !== undefined ? statisticOf(atom) : null
    if (found === null && latent.support === 'count' && !latent.evidence) return unbounded(latent)
    if (found === null)
      return {
        ...refusal(
          latent,
          `the log density of \`${latent.name}\` is not linear in statistics of a known family: this statement brings in another function of it, and its posterior has no closed form`,
        ),
        coupled: [latent.name],
        ...(latent.support === 'count'
          ? {}
          : {
              cost: {
                kind: 'integral',
                dimensions: mul(...(base.latents[0]?.coordinates ?? []).map(lengthOf)),
                times: mul(...base.loops.map((l) => lengthOf(l.index))),
              },
            }),
        span: term.factor.lifted.factor.span,
      }
    statistics.add(found.statistic)
    out.push({ ...term, statistic: found.statistic, cell: { latent: latent.name, at: found.index.slice(rank) } })
  }
  const family = recogniseFamily(latent.support, statistics)
  if ((family === null || !keepsFixed(family, out)) && latent.support === 'count' && !latent.evidence)
    return unbounded(latent)
  if (family === null || !keepsFixed(family, out))
    return refusal(
      latent,
      `the posterior of \`${latent.name}\` has the statistics {${[...statistics].join(', ')}} on ${latent.support === 'unit' ? '(0, 1)' : `${latent.support} values`}, which is no family with known moments`,
    )
  return { block: { ...base, kind: 'conjugate', family, terms: out }, bindTables: [] }
}

const unbounded = (latent: ContinuousLatent): EStepRefusal => ({
  code: 'E407',
  span: latent.span,
  message: `the latent count \`${latent.name}\` is unbounded: no \`observe\` gives a sum that contains it, and its posterior would be a sum over 0, 1, 2, … without end`,
  coupled: [latent.name],
  help: `give it a largest value, as in  latent ${latent.name} ~ Truncated(…, high=100), or a sum that is observed, as in  observe total = ${latent.name} + …`,
})

/** A natural parameter that the family fixes is that number, in one term. */
function keepsFixed(
  family: Family,
  terms: readonly { statistic: FamilyStatistic; coefficient: Expr; loops: readonly IndexVar[]; factor: BlockFactor }[],
): boolean {
  const { fixed } = family
  if (fixed === undefined) return true
  const own = terms.filter((t) => t.statistic === fixed.statistic)
  return (
    own.length === 1 &&
    own.every((t) => keyOf(t.coefficient) === keyOf(num(fixed.value)) && t.loops.length === 0 && t.factor.direct)
  )
}

/** log Z of a block as a factor over its scope. */
export function messageOf(b: ContinuousBlock): LiftedFactor {
  const [first] = b.factors
  if (first === undefined) throw new Error('a block without factors')
  const row = b.loops.map((l) => idx(l.index))
  const at = [...placeOfRow(b, row), ...b.scope.map((s) => valuePosition(s, idx(s.value)))]
  return {
    factor: {
      ...first.lifted.factor,
      id: b.id,
      role: 'latent',
      loops: b.loops,
      guard: { kind: 'literal', value: true },
      value: ZERO,
    },
    variables: b.scope,
    counts: [],
    continuous: [],
    expr: ref('table', normaliserTable(b), at),
  }
}

function describe(b: ContinuousBlock, graph: FactorGraph): EStepStep {
  const names = b.latents.map((l) => l.latent.name)
  const given = b.scope.length === 0 ? '' : `, one for each value of ${b.scope.map((s) => s.latent.name).join(' and ')}`
  if (b.kind === 'nodes') return describeNodes(b, given, knownDimension(b, graph.bindTables))
  if (b.kind === 'conjugate')
    return {
      latents: names,
      method: 'conjugate',
      explanation: `the posterior is ${b.family.title}, recognised by its statistics {${b.family.statistics.join(', ')}}${given}${
        b.latents.some((l) => l.latent.evidence) ? '; cells that are observed stay at their data' : ''
      }`,
      reference: b.family.citation,
    }
  return {
    latents: names,
    method: b.layout === 'joint' ? 'sparse-gaussian' : 'gaussian',
    explanation:
      b.layout === 'joint'
        ? 'the log joint density is a quadratic in all cells together: one Normal posterior, whose sparse precision is factored by Cholesky'
        : `the log joint density is a quadratic: a Normal posterior for each row, by Cholesky${given}`,
    reference:
      b.layout === 'joint'
        ? 'Rue and Held (2005), section 2.4'
        : 'Bishop (2006), Pattern Recognition and Machine Learning, section 2.3.3',
  }
}

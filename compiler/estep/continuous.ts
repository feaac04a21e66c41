/**
 * Continuous latents: which belong together, what their posterior is, and for which rows it is one. Gaussians are
 * integrated out first and discrete latents last (Lauritzen 1992): a block that discrete latents choose the terms of
 * becomes one posterior for each of their values, and its normaliser a factor over them.
 */
import { idx, ref, ZERO } from '../algebra/build.js'
import type { CollectOptions } from '../algebra/collect.js'
import { keyOf } from '../algebra/key.js'
import { freeIndices } from '../algebra/visit.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { BindTable, ContinuousLatent, FactorGraph } from '../graph/types.js'
import { baseOf } from './block-factors.js'
import { placeOfRow, valuePosition } from './block-layout.js'
import { coupling, refusal } from './block-refusals.js'
import { type Made, termsOf } from './block-terms.js'
import { asConjugate } from './conjugate-block.js'
import { asGaussian } from './gaussian-block.js'
import { describeNodes, knownDimension, MOST_DIMENSIONS, type NodePolicy, nodeRefusal, nodeTables } from './nodes.js'
import { asScaled } from './scaled-block.js'
import { matrixOfSpread } from './spread.js'
import type { ContinuousBlock, EStepRefusal, EStepStep, GaussianBlock, SpreadOf } from './types.js'

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
    const made = blockOf(group, factors, taken + blocks.length, options, graph, nodes)
    if ('code' in made) refusals.push(made)
    else {
      blocks.push(...(made.inner === undefined ? [] : [made.inner]), made.block)
      bindTables.push(...made.bindTables)
    }
  }
  return {
    blocks,
    absorbed,
    messages: blocks.flatMap((b) => (b.scope.length === 0 || isInner(b) ? [] : [messageOf(b)])),
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

function blockOf(
  group: readonly ContinuousLatent[],
  lifted: readonly LiftedFactor[],
  taken: number,
  options: Omit<CollectOptions, 'inU'>,
  graph: FactorGraph,
  nodes: NodePolicy,
): Made | EStepRefusal {
  const id = `block ${taken + 1}`
  const [first] = group
  if (first === undefined) throw new Error('a block without latents')
  const scaled = group.length === 1 ? null : asScaled(group, lifted, [id, `block ${taken + 2}`], options, graph)
  if (scaled !== null) return scaled
  const common = commonRows(group, lifted)
  const coupled = group.some((l) => l.loops.length > common)
  const hasDiscrete = lifted.some((f) => f.variables.length > 0)
  const layout = coupled && !hasDiscrete ? 'joint' : 'row'
  const made = baseOf(group, lifted, id, layout === 'joint' ? 0 : common, common)
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

/** true for a posterior given the spread of its latents: the normaliser is that of the two together. */
const isInner = (b: ContinuousBlock): boolean => b.kind === 'gaussian' && b.given !== null

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
      explanation: `the posterior ${b.inner === null ? '' : `with ${b.inner.block.latents.map((l) => l.latent.name).join(' and ')} integrated out `}is ${b.family.title}, recognised by its statistics {${b.family.statistics.join(', ')}}${given}${
        b.latents.some((l) => l.latent.evidence) ? '; cells that are observed stay at their data' : ''
      }`,
      reference: b.family.citation,
    }
  if (b.given !== null) return describeGiven(b, b.given, given)
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

function describeGiven(b: GaussianBlock, { power, block }: SpreadOf, values: string): EStepStep {
  const spread = block.latents[0]?.latent.name ?? ''
  const matrix = matrixOfSpread(block) !== null
  const scale = power === 1 ? spread : matrix ? `${spread}⁻¹` : `1/${spread}`
  const explanation = matrix
    ? `given ${spread} the log joint density is a quadratic whose coefficients are multiples of ${scale}: a Normal posterior with a precision that is a matrix ⊗ ${scale}, by Cholesky${values}. With that of ${spread} it is the joint ${power === 1 ? 'Normal–Wishart' : 'Normal–inverse-Wishart'} posterior`
    : `given ${spread} the log joint density is ${scale} times a quadratic: a Normal posterior with a precision that is ${scale} times a matrix, by Cholesky${values}. With that of ${spread} it is the joint ${power === 1 ? 'Normal–Gamma' : 'Normal–inverse-Gamma'} posterior`
  const book = 'Bishop (2006), Pattern Recognition and Machine Learning'
  return {
    latents: b.latents.map((l) => l.latent.name),
    method: b.layout === 'joint' ? 'sparse-gaussian' : 'gaussian',
    explanation,
    reference: matrix
      ? `${book}, section 2.3.6 (eq. 2.157) and section 10.2.1 (eq. 10.59 to 10.64)`
      : `${book}, section 2.3.6 (eq. 2.154)`,
  }
}

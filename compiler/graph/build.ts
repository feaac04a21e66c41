/** Typed model → factor graph: every statement becomes one or more factors in index notation. */
import type { Outcome } from '../../lang/diagnostics/types.js'
import type { TDistribution, TExpr, TStatement, TypedModel } from '../../lang/typed/types.js'
import { bothOf, idx, notOf, ONE, TRUE } from '../algebra/build.js'
import { normaliseMatrices } from '../algebra/matrices.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import type { Distribution } from '../distributions/types.js'
import { AbsentLatents } from './absent-latents.js'
import type { CellDensity } from './cell-density.js'
import { GraphContext, type Place } from './context.js'
import { Densities } from './densities.js'
import { LatentDeclarations } from './latent-declarations.js'
import { ObservedFacts } from './observed-facts.js'
import { collectRefs } from './reads.js'
import { type IndexSupply, NotElaborated, unrollSums } from './tensors.js'
import type { Factor, FactorGraph, FactorRole } from './types.js'

/** Stands for an element of the left side, whichever it is. */
const ANY: Expr = { kind: 'index', var: '*', name: '*' }

/** Builds the factor graph. Constructs that have no derivation in this version are diagnostics (E401…), never guesses. */
export function buildFactorGraph(
  model: TypedModel,
  distributions: ReadonlyMap<string, Distribution>,
  supply: IndexSupply,
): Outcome<FactorGraph> {
  return new GraphBuilder(new GraphContext(model, distributions, supply)).build()
}

/**
 * The same with what each statement says of cells of data, given the latents; null where the model has no graph. Indices
 * are those of this graph.
 */
export function buildCellDensities(
  model: TypedModel,
  distributions: ReadonlyMap<string, Distribution>,
  supply: IndexSupply,
): { readonly graph: FactorGraph; readonly cells: readonly CellDensity[] } | null {
  const cells: CellDensity[] = []
  const graph = new GraphBuilder(new GraphContext(model, distributions, supply, cells)).build().value
  return graph === undefined ? null : { graph, cells }
}

class GraphBuilder {
  private readonly densities: Densities
  private readonly latents: LatentDeclarations
  private readonly observed: ObservedFacts
  private readonly absent: AbsentLatents

  constructor(private readonly graph: GraphContext) {
    this.densities = new Densities(graph)
    this.latents = new LatentDeclarations(graph)
    this.observed = new ObservedFacts(graph)
    this.absent = new AbsentLatents(graph)
  }

  build(): Outcome<FactorGraph> {
    const { model, diagnostics, factors, constraints, predictives, latents, bindTables } = this.graph
    this.statements(model.statements, { loops: [], guard: TRUE, env: new Map() })
    this.observed.intervals()
    this.absent.complete()
    const graph: FactorGraph = {
      name: model.name,
      data: model.symbols.filter((s) => s.kind === 'data'),
      params: model.symbols.filter((s) => s.kind === 'param'),
      latents: [...latents.values()],
      factors,
      constraints,
      solved: [],
      lets: this.lets(),
      bindTables: [...bindTables.values()],
      predictives,
    }
    return diagnostics.length > 0 ? { diagnostics } : { value: graph, diagnostics: [] }
  }

  private lets(): FactorGraph['lets'] {
    const out: { name: string; indices: readonly IndexVar[]; value: Expr }[] = []
    const held = new Set(this.graph.model.symbols.flatMap((s) => (s.kind === 'const' && s.held ? [s.id] : [])))
    const isHeld = (n: Expr): boolean => n.kind === 'ref' && n.space === 'const' && held.has(n.name)
    for (const s of this.graph.model.symbols) {
      if (s.kind !== 'let' || !s.topLevel) continue
      try {
        const t = this.graph.elaborator.tensor(s.value, new Map())
        const indices = t.dims.map((d, i) => this.graph.supply.fresh(NAMES_OF_BATCH[i] ?? 'd', d.size))
        const value = normaliseMatrices(unrollSums(t.at(indices.map(idx))))
        const reads = (space: 'param' | 'latent' | 'data'): boolean =>
          some(value, (n) => n.kind === 'ref' && n.space === space)
        if ((reads('param') || some(value, isHeld)) && !reads('latent')) out.push({ name: s.name, indices, value })
      } catch (e) {
        if (!(e instanceof NotElaborated)) throw e
      }
    }
    return out
  }

  private statements(list: readonly TStatement[], place: Place): void {
    for (const s of list) {
      try {
        this.statement(s, place)
      } catch (e) {
        if (!(e instanceof NotElaborated)) throw e
        this.graph.refuse(e.span, e.message)
      }
    }
  }

  private statement(s: TStatement, place: Place): void {
    switch (s.kind) {
      case 'for': {
        const symbol = this.graph.symbols.get(s.index)
        const index = this.graph.shared(
          this.graph.elaborator.domain(s.domain, symbol?.name ?? 'i', place.env),
          place.loops,
        )
        this.graph.elaborator.loopVariables.set(index.id, index)
        const env = new Map([...place.env, [s.index, idx(index)]])
        const weight = s.weight === null ? null : this.graph.elaborator.scalar(s.weight, env)
        this.statements(s.body, { ...place, loops: [...place.loops, { index, weight }], env })
        return
      }
      case 'if': {
        const condition = this.graph.elaborator.guard(s.condition, place.env)
        this.statements(s.then, { ...place, guard: bothOf(place.guard, condition) })
        this.statements(s.otherwise, { ...place, guard: bothOf(place.guard, notOf(condition)) })
        return
      }
      case 'observe-equation':
        this.observed.equation(
          this.graph.elaborator.scalar(s.left, place.env),
          this.graph.elaborator.scalar(s.right, place.env),
          s,
          place,
        )
        return
      case 'observe-condition':
        this.observed.condition(s, place)
        return
      case 'sample':
        this.sample(s, place)
    }
  }

  private sample(s: Extract<TStatement, { kind: 'sample' }>, place: Place): void {
    if (s.role === 'latent' && s.target.kind === 'ref' && this.observed.integrates(s.target.symbol)) return
    const value = this.graph.elaborator.tensor(s.target, place.env)
    const read = s.role === 'prior' ? this.latentIn(s.distribution) : null
    if (read !== null) {
      const { name } = this.targetOf(s.target, s.role)
      this.graph.refuse(
        s.distribution.span,
        `the prior of \`${name}\` reads the latent \`${read}\`: what depends on a latent is not known, as a param is`,
        `declare \`${name}\` as a latent, or \`${read}\` as a param`,
      )
      return
    }
    const role: FactorRole = s.role === 'prior' ? 'prior' : s.role === 'latent' ? 'latent' : 'likelihood'
    const cell = value.at(value.dims.map((): Expr => ANY))
    const target: Factor['target'] = {
      ...this.targetOf(s.target, s.role),
      ...(cell.kind === 'ref' ? { index: cell.index.filter((e) => e !== ANY) } : {}),
    }
    this.densities.add(s.distribution, value, role, target, s.span, place)
    if (s.role === 'latent') {
      this.latents.declare(s.target, s.distribution, place)
      this.absent.note(value.at(value.dims.map(() => ONE)), place, s)
    } else if (s.role === 'mixed' || s.role === 'data') this.latents.declareFromData(s.target, s.span, place)
  }

  /** A latent that the arguments of a distribution read. */
  private latentIn(d: TDistribution): string | null {
    if (d.kind === 'truncated') return this.latentIn(d.of)
    if (d.kind !== 'plain') return null
    const read = d.arguments.flatMap((a) => collectRefs(a.value)).map((id) => this.graph.symbols.get(id))
    return read.find((x) => x?.kind === 'latent')?.name ?? null
  }

  private targetOf(e: TExpr, role: 'data' | 'latent' | 'prior' | 'mixed'): Factor['target'] {
    const names = collectRefs(e).map((id) => this.graph.symbols.get(id))
    const wanted = role === 'latent' ? 'latent' : role === 'prior' ? 'param' : 'data'
    const held = role === 'prior' ? names.find((x) => x?.kind === 'const' && x.held !== undefined) : undefined
    if (held !== undefined) return { space: 'param', name: held.name }
    const symbol = names.find((x) => x?.kind === wanted) ?? names.find((x) => x?.kind === 'latent')
    const space = symbol?.kind === 'param' || symbol?.kind === 'latent' ? symbol.kind : 'data'
    return { space, name: symbol?.name ?? '' }
  }
}

const NAMES_OF_BATCH = ['d', 'e', 'g'] as const

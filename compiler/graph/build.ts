/** Typed model → factor graph: every statement becomes one or more factors in index notation. */
import type { Diagnostic, Outcome } from '../../lang/diagnostics/types.js'
import type { Span } from '../../lang/source.js'
import type {
  ArrayType,
  DataSymbol,
  ModelSymbol,
  Subscript,
  SymbolId,
  TDistribution,
  TExpr,
  TStatement,
  TypedModel,
} from '../../lang/typed/types.js'
import {
  bothOf,
  call,
  caseOf,
  compare,
  idx,
  literal,
  log,
  notOf,
  num,
  ONE,
  ref,
  sub,
  TRUE,
  ZERO,
} from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import { normaliseMatrices } from '../algebra/matrices.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { collectNodes, some, substituteIndex } from '../algebra/visit.js'
import type { Distribution } from '../distributions/types.js'
import { columnUse } from './column-use.js'
import { constraintOf } from './constraint.js'
import { type ElaborationScope, Elaborator } from './elaborate.js'
import { type ElementDensity, logDensityOf } from './log-density.js'
import {
  type IntegratedLatent,
  integratedIn,
  integratedLatents,
  intervalOf,
  type ObservedRange,
  together,
} from './observed-conditions.js'
import { predictiveOf } from './predictive.js'
import { cellsOfLatents, collectRefs } from './reads.js'
import { splitCells } from './split-cells.js'
import { standardArguments } from './standard-member.js'
import { type SymbolFacts, symbolFacts } from './symbol-facts.js'
import { tailDensity } from './tail-density.js'
import { rounded } from './tails.js'
import { type BuiltTensor, type IndexSupply, NotElaborated, type RaggedDim, scalar, unrollSums } from './tensors.js'
import type {
  BindTable,
  Constraint,
  ContinuousLatent,
  Factor,
  FactorGraph,
  FactorRole,
  Latent,
  Loop,
  Predictive,
} from './types.js'

/** Stands for an element of the left side, whichever it is. */
const ANY: Expr = { kind: 'index', var: '*', name: '*' }

const NEGATIVE_INFINITY: Expr = { kind: 'float', value: Number.NEGATIVE_INFINITY }

/** Builds the factor graph. Constructs that have no derivation in this version are diagnostics (E401…), never guesses. */
export function buildFactorGraph(
  model: TypedModel,
  distributions: ReadonlyMap<string, Distribution>,
  supply: IndexSupply,
): Outcome<FactorGraph> {
  return new GraphBuilder(model, distributions, supply).build()
}

type Env = ReadonlyMap<SymbolId, Expr>

interface Place {
  readonly loops: readonly Loop[]
  readonly guard: Guard
  readonly env: Env
}

class GraphBuilder {
  private readonly symbols: ReadonlyMap<SymbolId, ModelSymbol>
  private readonly scope: ElaborationScope
  private readonly elaborator: Elaborator
  private readonly factors: Factor[] = []
  private readonly latents = new Map<string, Latent>()
  private readonly constraints: Constraint[] = []
  private readonly predictives: Predictive[] = []
  private readonly diagnostics: Diagnostic[] = []
  private readonly bindTables = new Map<string, BindTable>()
  private readonly domains = new Map<string, readonly IndexVar[]>()
  /** Cells of latents that a statement gives a distribution. */
  private readonly given: {
    readonly cell: Expr
    readonly place: Place
    readonly statement: Extract<TStatement, { kind: 'sample' }>
  }[] = []
  /** Latents that only observed conditions read, and what is observed of each of their cells. */
  private readonly integrated: ReadonlyMap<SymbolId, IntegratedLatent>
  private readonly observedRanges = new Map<
    string,
    { readonly latent: IntegratedLatent; readonly env: Env; readonly ranges: readonly ObservedRange[] }
  >()
  private readonly facts: SymbolFacts

  constructor(
    private readonly model: TypedModel,
    private readonly distributions: ReadonlyMap<string, Distribution>,
    private readonly supply: IndexSupply,
  ) {
    this.symbols = new Map(model.symbols.map((s) => [s.id, s]))
    this.facts = symbolFacts(this.symbols, columnUse(model, this.symbols).bounds)
    this.scope = {
      symbols: this.symbols,
      supply: this.supply,
      asLatent: cellsOfLatents(model, this.symbols, (name) => (distributions.get(name)?.signature.value.rank ?? 0) > 0),
      bindTables: this.bindTables,
    }
    this.elaborator = new Elaborator(this.scope)
    this.integrated = new Map(
      [...integratedLatents(model)].filter(([, { distribution }]) => !this.isFinite(distribution)),
    )
  }

  build(): Outcome<FactorGraph> {
    this.statements(this.model.statements, { loops: [], guard: TRUE, env: new Map() })
    this.observedIntervals()
    this.absentLatents()
    const graph: FactorGraph = {
      name: this.model.name,
      data: this.model.symbols.filter((s) => s.kind === 'data'),
      params: this.model.symbols.filter((s) => s.kind === 'param'),
      latents: [...this.latents.values()],
      factors: this.factors,
      constraints: this.constraints,
      solved: [],
      lets: this.lets(),
      bindTables: [...this.bindTables.values()],
      predictives: this.predictives,
    }
    return this.diagnostics.length > 0 ? { diagnostics: this.diagnostics } : { value: graph, diagnostics: [] }
  }

  private lets(): FactorGraph['lets'] {
    const out: { name: string; indices: readonly IndexVar[]; value: Expr }[] = []
    for (const s of this.model.symbols) {
      if (s.kind !== 'let' || !s.topLevel) continue
      try {
        const t = this.elaborator.tensor(s.value, new Map())
        const indices = t.dims.map((d, i) => this.supply.fresh(NAMES_OF_BATCH[i] ?? 'd', d.size))
        const value = normaliseMatrices(unrollSums(t.at(indices.map(idx))))
        const reads = (space: 'param' | 'latent' | 'data'): boolean =>
          some(value, (n) => n.kind === 'ref' && n.space === space)
        if (reads('param') && !reads('latent')) out.push({ name: s.name, indices, value })
      } catch (e) {
        if (!(e instanceof NotElaborated)) throw e
      }
    }
    return out
  }

  private refuse(span: Span, message: string, help?: string): void {
    this.diagnostics.push({ code: 'E401', severity: 'error', span, message, ...(help === undefined ? {} : { help }) })
  }

  private statements(list: readonly TStatement[], place: Place): void {
    for (const s of list) {
      try {
        this.statement(s, place)
      } catch (e) {
        if (!(e instanceof NotElaborated)) throw e
        this.refuse(e.span, e.message)
      }
    }
  }

  private statement(s: TStatement, place: Place): void {
    switch (s.kind) {
      case 'for': {
        const symbol = this.symbols.get(s.index)
        const index = this.shared(this.elaborator.domain(s.domain, symbol?.name ?? 'i', place.env), place.loops)
        this.elaborator.loopVariables.set(index.id, index)
        const env = new Map([...place.env, [s.index, idx(index)]])
        const weight = s.weight === null ? null : this.elaborator.scalar(s.weight, env)
        this.statements(s.body, { ...place, loops: [...place.loops, { index, weight }], env })
        return
      }
      case 'if': {
        const condition = this.elaborator.guard(s.condition, place.env)
        this.statements(s.then, { ...place, guard: bothOf(place.guard, condition) })
        this.statements(s.otherwise, { ...place, guard: bothOf(place.guard, notOf(condition)) })
        return
      }
      case 'observe-equation':
        this.equation(this.elaborator.scalar(s.left, place.env), this.elaborator.scalar(s.right, place.env), s, place)
        return
      case 'observe-condition':
        this.condition(s, place)
        return
      case 'sample':
        this.sample(s, place)
    }
  }

  /** true for a distribution of finitely many values, which are summed over one by one. */
  private isFinite(d: Extract<TDistribution, { kind: 'plain' }>): boolean {
    const distribution = this.distributions.get(d.name)
    if (distribution?.domain === undefined) return distribution === undefined
    const names = distribution.signature.parametrisations[d.parametrisation]?.arguments.map((a) => a.name) ?? []
    const unread = (): Expr => ref('size', 'any')
    return distribution.domain(new Map(names.map((n) => [n, { dims: [{ size: ONE }], at: unread }]))).high !== null
  }

  /** Two loops over the same domain share one index variable, so that tables are told apart by their variables. */
  private shared(v: IndexVar, outer: readonly Loop[]): IndexVar {
    const inUse = new Set(outer.map((l) => l.index.id))
    const key = domainKey(v)
    const known = this.domains.get(key) ?? []
    const reusable = known.find((k) => !inUse.has(k.id))
    if (reusable !== undefined) return reusable
    this.domains.set(key, [...known, v])
    return v
  }

  /** Of finite latents an equation is a factor, 1 where it holds; of others it is kept to be solved. */
  private equation(left: Expr, right: Expr, s: Extract<TStatement, { kind: 'observe-equation' }>, place: Place): void {
    const both = sub(left, right)
    const names = collectNodes(both, (n) => n.kind === 'ref' && n.space === 'latent').flatMap((n) =>
      n.kind === 'ref' ? [n.name] : [],
    )
    const [first] = names
    if (first === undefined || !names.every((n) => this.latents.get(n)?.kind === 'discrete')) {
      this.constraints.push(constraintOf(left, right, place.loops, s.span))
      return
    }
    this.factors.push({
      id: `f${this.factors.length + 1}`,
      role: 'likelihood',
      loops: place.loops,
      guard: place.guard,
      value: caseOf(compare('==', left, right), ZERO, NEGATIVE_INFINITY),
      target: dataIn(both) ?? { space: 'latent', name: first },
      distribution: 'equation',
      span: s.span,
    })
  }

  /** Of finite latents a condition is a factor, 1 where it holds; of one that is integrated out it is an interval. */
  private condition(s: Extract<TStatement, { kind: 'observe-condition' }>, place: Place): void {
    const found = integratedIn(s.condition, this.integrated)
    const latent = found === null ? undefined : this.integrated.get(found.symbol)
    if (found !== null && latent !== undefined) {
      const at = found.subscripts.map((x) => (x.kind === 'at' ? this.elaborator.scalar(x.index, place.env) : ONE))
      const isWhole = this.distributions.get(latent.distribution.name)?.signature.value.discrete === true
      const bound = (e: TExpr): Expr => this.elaborator.scalar(e, place.env)
      const interval = intervalOf(s.condition, found.symbol, bound, isWhole, this.facts)
      const key = `${found.symbol} ${at.map(keyOf).join(' ')}`
      const env = new Map([...place.env, ...latent.indices.map((id, i) => [id, at[i] ?? ONE] as const)])
      const known = this.observedRanges.get(key) ?? { latent, env, ranges: [] }
      const range = { ...interval, loops: place.loops, guard: place.guard, span: s.span }
      this.observedRanges.set(key, { ...known, ranges: [...known.ranges, range] })
      return
    }
    const guard = this.elaborator.guard(s.condition, place.env)
    const value = caseOf(guard, ZERO, NEGATIVE_INFINITY)
    const names = collectNodes(value, (n) => n.kind === 'ref' && n.space === 'latent').flatMap((n) =>
      n.kind === 'ref' ? [n.name] : [],
    )
    const other = names.find((n) => this.latents.get(n)?.kind !== 'discrete')
    const [first] = names
    if (other !== undefined || first === undefined) {
      this.refuse(
        s.span,
        `an observed condition on \`${other ?? ''}\`, which other statements read too, has no derivation in this version: its posterior would be truncated`,
      )
      return
    }
    this.factors.push({
      id: `f${this.factors.length + 1}`,
      role: 'likelihood',
      loops: place.loops,
      guard: place.guard,
      value,
      target: dataIn(caseOf(place.guard, value)) ?? { space: 'latent', name: first },
      distribution: 'condition',
      span: s.span,
    })
  }

  /** Factors of the latents that only conditions read. */
  private observedIntervals(): void {
    for (const { latent, env, ranges } of this.observedRanges.values()) {
      const { name, distribution: d } = latent
      const distribution = this.distributions.get(d.name)
      if (distribution === undefined) throw new Error(`no distribution ${d.name}`)
      try {
        for (const { loops, guard, span, ...bounds } of together(ranges)) {
          const censored = { kind: 'censored', span, of: d, mode: 'between', low: null, high: null } as const
          const density = tailDensity(distribution, censored, bounds, 'likelihood', this.facts)
          if (typeof density === 'string') throw new NotElaborated(density, span)
          const args = new Map(d.arguments.map((a) => [a.name, this.elaborator.tensor(a.value, env)]))
          const value = this.logDensity(distribution, d, scalar(ZERO), args, span, density)
          this.factors.push({
            id: `f${this.factors.length + 1}`,
            role: 'likelihood',
            loops,
            guard,
            value,
            target: dataIn(caseOf(guard, value)) ?? { space: 'latent', name },
            distribution: d.name,
            tails: 'censored',
            span,
          })
        }
      } catch (e) {
        if (!(e instanceof NotElaborated)) throw e
        this.refuse(e.span, e.message)
      }
    }
  }

  private sample(s: Extract<TStatement, { kind: 'sample' }>, place: Place): void {
    if (s.role === 'latent' && s.target.kind === 'ref' && this.integrated.has(s.target.symbol)) return
    const value = this.elaborator.tensor(s.target, place.env)
    const role: FactorRole = s.role === 'prior' ? 'prior' : s.role === 'latent' ? 'latent' : 'likelihood'
    const cell = value.at(value.dims.map((): Expr => ANY))
    const target: Factor['target'] = {
      ...this.targetOf(s.target, s.role),
      ...(cell.kind === 'ref' ? { index: cell.index.filter((e) => e !== ANY) } : {}),
    }
    this.density(s.distribution, value, role, target, s.span, place)
    if (s.role === 'latent') {
      this.declareLatent(s.target, s.distribution, s.span, place)
      this.given.push({ cell: value.at(value.dims.map(() => ONE)), place, statement: s })
    } else if (s.role === 'mixed' || s.role === 'data') this.declareFromData(s.target, s.span, place)
  }

  private targetOf(e: TExpr, role: 'data' | 'latent' | 'prior' | 'mixed'): Factor['target'] {
    const names = collectRefs(e).map((id) => this.symbols.get(id))
    const wanted = role === 'latent' ? 'latent' : role === 'prior' ? 'param' : 'data'
    const symbol = names.find((x) => x?.kind === wanted) ?? names.find((x) => x?.kind === 'latent')
    const space = symbol?.kind === 'param' || symbol?.kind === 'latent' ? symbol.kind : 'data'
    return { space, name: symbol?.name ?? '' }
  }

  /** Adds the factor(s) of `value ~ distribution`. */
  private density(
    d: TDistribution,
    value: BuiltTensor,
    role: FactorRole,
    target: Factor['target'],
    span: Span,
    place: Place,
  ): void {
    switch (d.kind) {
      case 'plain': {
        const distribution = this.distributions.get(d.name)
        if (distribution === undefined) {
          this.refuse(d.span, `${d.name} has no density in this version, so nothing can be derived from it`)
          return
        }
        const args = new Map(d.arguments.map((a) => [a.name, this.elaborator.tensor(a.value, place.env)]))
        const split = splitCells(distribution, value, args, { loops: place.loops, span }, this.symbols, this.supply)
        for (const l of split?.latents ?? []) this.latents.set(l.name, l)
        this.constraints.push(...(split?.constraints ?? []))
        this.factors.push({
          id: `f${this.factors.length + 1}`,
          role,
          loops: place.loops,
          guard: place.guard,
          value: split?.value ?? this.logDensity(distribution, d, value, args, span),
          target,
          distribution: d.name,
          span,
        })
        if (role === 'likelihood') this.predict(distribution, d, value, args, target, { ...place, span })
        return
      }
      case 'mixture':
        this.mixture(d, value, role, target, span, place)
        return
      case 'truncated':
      case 'censored':
        this.tails(d, value, role, target, span, place)
        return
      case 'custom':
        this.refuse(d.span, 'a Custom density has no derivation in this version')
    }
  }

  /** Factors of a truncated or censored distribution, by the tails of what it is made from. */
  private tails(
    d: Extract<TDistribution, { kind: 'truncated' | 'censored' }>,
    value: BuiltTensor,
    role: FactorRole,
    target: Factor['target'],
    span: Span,
    place: Place,
  ): void {
    if (d.kind === 'censored' && d.of.kind === 'mixture') {
      // what is censored is the value of the component it comes from
      const { components } = d.of
      const inner = (of: TDistribution): TDistribution => ({ ...d, of })
      const pushed =
        components.kind === 'indexed'
          ? { ...components, component: inner(components.component) }
          : { ...components, components: components.components.map(inner) }
      this.mixture({ ...d.of, components: pushed }, value, role, target, span, place)
      return
    }
    const made = d.kind === 'truncated' ? 'Truncated' : 'Censored'
    if (d.of.kind !== 'plain') {
      const what = d.of.kind === 'mixture' ? 'a Mixture' : d.of.kind === 'custom' ? 'a Custom density' : 'another bound'
      this.refuse(d.of.span, `${made} of ${what} has no derivation in this version`)
      return
    }
    const { of } = d
    const distribution = this.distributions.get(of.name)
    if (distribution === undefined) {
      this.refuse(of.span, `${of.name} has no density in this version, so nothing can be derived from it`)
      return
    }
    const bound = (e: TExpr | null): Expr | null => (e === null ? null : this.elaborator.scalar(e, place.env))
    const bounds = { low: bound(d.low), high: bound(d.high) }
    const moving = d.kind === 'truncated' ? (paramIn(bounds.low) ?? paramIn(bounds.high)) : null
    if (moving !== null) {
      this.diagnostics.push({
        code: 'E409',
        severity: 'error',
        span: d.span,
        message: `the bounds of this Truncated depend on the param \`${moving}\`, so the likelihood is not smooth in it and EM has no M-step for it`,
        help: 'give the bounds as constants or as data',
      })
      return
    }
    const density = tailDensity(distribution, d, bounds, role, this.facts)
    if (typeof density === 'string') {
      this.refuse(d.span, density)
      return
    }
    const args = new Map(of.arguments.map((a) => [a.name, this.elaborator.tensor(a.value, place.env)]))
    if (role === 'likelihood') this.predict(distribution, of, value, args, target, { ...place, span }, made)
    this.factors.push({
      id: `f${this.factors.length + 1}`,
      role,
      loops: place.loops,
      guard: place.guard,
      value: this.logDensity(distribution, of, value, args, span, density),
      target,
      distribution: of.name,
      tails: d.kind,
      span,
    })
  }

  /** What the statement says of missing cells that are left out of the E-step. `made`: what is made from the distribution. */
  private predict(
    distribution: Distribution,
    d: Extract<TDistribution, { kind: 'plain' }>,
    value: BuiltTensor,
    args: ReadonlyMap<string, BuiltTensor>,
    target: Factor['target'],
    place: Place & { readonly span: Span },
    made?: string,
  ): void {
    const s = this.symbols.get(`data:${target.name}`)
    if (s?.kind !== 'data' || !s.type.optional || this.scope.asLatent.has(s.name)) return
    const found = predictiveOf(distribution, d, value, args, { ...place, supply: this.supply })
    if (found === null) return
    const reason = `the mean of a ${made} ${d.name} has no closed form in this version`
    this.predictives.push(made === undefined ? found : { ...found, of: { kind: 'none', reason } })
  }

  private logDensity(
    distribution: Distribution,
    d: Extract<TDistribution, { kind: 'plain' }>,
    value: BuiltTensor,
    args: ReadonlyMap<string, BuiltTensor>,
    span: Span,
    density?: ElementDensity,
  ): Expr {
    const isOptional = (name: string): boolean => {
      const s = this.symbols.get(`data:${name}`)
      return s?.kind === 'data' && s.type.optional
    }
    return logDensityOf(distribution, d, value, args, { span, supply: this.supply, isOptional }, density)
  }

  private mixture(
    d: Extract<TDistribution, { kind: 'mixture' }>,
    value: BuiltTensor,
    role: FactorRole,
    target: Factor['target'],
    span: Span,
    place: Place,
  ): void {
    if (role !== 'likelihood') {
      this.refuse(d.span, 'a Mixture as a prior or as the distribution of a latent has no derivation in this version')
      return
    }
    const weights = this.elaborator.tensor(d.weights, place.env)
    const size = weights.dims[0]?.size ?? ONE
    const name = `component of ${target.name}${this.latents.size === 0 ? '' : ` (${this.latents.size + 1})`}`
    const z = ref(
      'latent',
      name,
      place.loops.map((l) => idx(l.index)),
    )
    this.latents.set(name, {
      kind: 'discrete',
      name,
      loops: place.loops,
      low: ONE,
      high: size,
      levels: null,
      isBool: false,
      evidence: false,
      introduced: true,
      span,
    })
    this.factors.push({
      id: `f${this.factors.length + 1}`,
      role: 'latent',
      loops: place.loops,
      guard: place.guard,
      value: unrollSums(log(weights.at([z]))),
      target: { space: 'latent', name },
      distribution: 'Categorical',
      span: d.span,
    })
    if (d.components.kind === 'indexed') {
      const env = new Map([...place.env, [d.components.index, z]])
      this.density(d.components.component, value, role, target, span, { ...place, env })
    } else {
      d.components.components.forEach((c, k) => {
        this.density(c, value, role, target, span, {
          ...place,
          guard: bothOf(place.guard, compare('==', z, num(k + 1))),
        })
      })
    }
  }

  /** Registers the latent on the left of `~`: finite discrete where its distribution has a domain, else a count or continuous. */
  private declareLatent(targetExpr: TExpr, d: TDistribution, _span: Span, place: Place): void {
    if (targetExpr.kind !== 'ref') return
    const s = this.symbols.get(targetExpr.symbol)
    if (s?.kind !== 'latent' || this.latents.has(s.name)) return
    const own = s.type.batch.length + s.type.core.length - s.plateRank
    const written = s.plates.map((_, i): Expr | null => {
      const sub = targetExpr.subscripts[i]
      return sub?.kind === 'at' ? this.elaborator.scalar(sub.index, place.env) : null
    })
    const loops = this.plateLoops(
      s.plates.map((p, i) => {
        const at = written[i]
        return this.elaborator.domain(p, at?.kind === 'index' ? at.name : `p${i}`, place.env)
      }),
      written,
      place,
    )
    const base = { name: s.name, loops, span: s.span }
    const domain = own === 0 ? this.domainOf(d, place) : null
    if (domain !== null) {
      const { low, high } = domain
      // a level or a truth value is no count that could be shared out
      const distribution = d.kind === 'plain' ? this.distributions.get(d.name) : undefined
      const isLabel = distribution !== undefined && ['category', 'bool'].includes(distribution.signature.value.support)
      const constrained = !isLabel && this.isConstrained(s.id)
      if (d.kind === 'truncated' && (constrained || high === null))
        throw new NotElaborated(
          constrained
            ? 'a truncated count that an `observe` speaks of has no derivation in this version'
            : 'a truncated latent needs a largest value in this version: give it `high=`',
          d.span,
        )
      if (high !== null && !constrained) {
        const levels = s.type.support.kind === 'category' ? { symbol: s.type.support.levels, column: null } : null
        this.latents.set(s.name, {
          ...base,
          kind: 'discrete',
          low,
          high,
          levels,
          isBool: s.type.support.kind === 'bool' || (d.kind === 'plain' && d.name === 'Bernoulli'),
          evidence: false,
          introduced: false,
        })
        return
      }
      if (constrained) {
        this.latents.set(s.name, { ...base, kind: 'count', domain: { low, high } })
        return
      }
      this.latents.set(s.name, { ...base, kind: 'continuous', own: [], support: 'count', evidence: false })
      return
    }
    this.latents.set(s.name, {
      ...base,
      kind: 'continuous',
      own: this.coordinates(this.elaborator.dims(s.type, place.env).slice(s.plateRank), loops),
      support: supportOfLatent(s.type.support.kind),
      evidence: false,
    })
  }

  /** Smallest and largest value of a latent whose values are whole numbers; null where they are not. */
  private domainOf(d: TDistribution, place: Place): { readonly low: Expr; readonly high: Expr | null } | null {
    if (d.kind === 'truncated') {
      const of = this.domainOf(d.of, place)
      if (of === null) return null
      const low = d.low === null ? null : this.elaborator.scalar(d.low, place.env)
      const high = d.high === null ? null : this.elaborator.scalar(d.high, place.env)
      return {
        low: low === null ? of.low : larger(of.low, this.whole('ceil', low)),
        high: high === null ? of.high : smaller(of.high, this.whole('floor', high)),
      }
    }
    const distribution = d.kind === 'plain' ? this.distributions.get(d.name) : undefined
    if (distribution?.domain === undefined || d.kind !== 'plain') return null
    return distribution.domain(new Map(d.arguments.map((a) => [a.name, this.elaborator.tensor(a.value, place.env)])))
  }

  private readonly whole = (fn: 'ceil' | 'floor', bound: Expr): Expr =>
    this.facts.isWhole(bound) ? bound : rounded(fn, bound)

  /** An index variable for each dimension of one row. */
  private coordinates(dims: readonly RaggedDim[], loops: readonly Loop[]): readonly IndexVar[] {
    const out: IndexVar[] = []
    for (const d of dims) {
      const previous = [...loops.map((l) => idx(l.index)), ...out.map(idx)]
      out.push(this.supply.fresh('i', d.sizeAt === undefined ? d.size : d.sizeAt(previous)))
    }
    return out
  }

  /**
   * The loops of a table over whole plates. A plate that the statement runs over is its loop; one of which the statement
   * is a piece (`z[1]`, or `z[t]` for t in 2..T) is the loop over all of it, by the variable that such loops share.
   */
  private plateLoops(plates: readonly IndexVar[], written: readonly (Expr | null)[], place: Place): readonly Loop[] {
    const found: Loop[] = []
    const earlier = new Map<string, Expr>()
    plates.forEach((p, i) => {
      const plate = { ...p, from: substituteIndex(p.from, earlier), to: substituteIndex(p.to, earlier) }
      const at = written[i]
      const loop = at?.kind === 'index' ? place.loops.find((l) => l.index.id === at.var) : undefined
      if (loop !== undefined && domainKey(loop.index) === domainKey(plate)) found.push(loop)
      else {
        const around = place.loops.filter(
          (l) => l !== loop && written.some((w) => w?.kind === 'index' && w.var === l.index.id),
        )
        const index = this.shared(plate, [...around, ...found])
        this.elaborator.loopVariables.set(index.id, index)
        found.push({ index, weight: null })
      }
      earlier.set(p.id, idx(found.at(-1)?.index ?? p))
    })
    return found
  }

  private isConstrained(id: SymbolId): boolean {
    const visit = (list: readonly TStatement[]): boolean =>
      list.some((s) => {
        if (s.kind === 'for') return visit(s.body)
        if (s.kind === 'if') return visit(s.then) || visit(s.otherwise)
        return s.kind === 'observe-equation' && (collectRefs(s.left).includes(id) || collectRefs(s.right).includes(id))
      })
    return visit(this.model.statements)
  }

  /**
   * A latent that is declared in branches only exists where one of them is taken. Elsewhere nothing reads it: a discrete
   * one has all its mass at its first value, a continuous one the standard member of its family.
   */
  private absentLatents(): void {
    const cells = new Map<string, (typeof this.given)[number][]>()
    for (const g of this.given) {
      const key = [keyOf(g.cell), ...g.place.loops.map((l) => l.index.id)].join(' ')
      cells.set(key, [...(cells.get(key) ?? []), g])
    }
    for (const all of cells.values()) {
      const [first] = all
      const latent = first?.cell.kind === 'ref' ? this.latents.get(first.cell.name) : undefined
      if (first === undefined || latent === undefined || latent.kind === 'count') continue
      const none = all.map((g) => notOf(g.place.guard)).reduce(bothOf)
      if (none.kind === 'literal' && !none.value) continue
      const { span, distribution: d } = first.statement
      // a piece (`u[1]`) in a branch would need a condition on its place beside that of the branch
      const whole = first.cell.kind === 'ref' && latent.loops.every((l, i) => isIndex(first.cell, i, l.index))
      const value =
        latent.kind === 'continuous' && !whole
          ? null
          : latent.kind === 'discrete'
            ? caseOf(compare('==', first.cell, latent.low), ZERO, NEGATIVE_INFINITY)
            : this.standardDensity(first.statement, first.place)
      if (value === null) {
        const what = `a latent of distribution ${d.kind === 'plain' ? d.name : d.kind}`
        this.refuse(span, `${what} that exists in one branch only has no derivation in this version`)
        continue
      }
      if (latent.kind === 'continuous') this.latents.set(latent.name, { ...latent, present: notOf(none) })
      this.factors.push({
        id: `f${this.factors.length + 1}`,
        role: 'evidence',
        loops: first.place.loops,
        guard: none,
        value,
        target: { space: 'latent', name: latent.name },
        distribution: 'evidence',
        span,
      })
    }
  }

  /** The log density of what a statement declares, with arguments that hold no params. */
  private standardDensity({ target, distribution: d, span }: (typeof this.given)[number]['statement'], place: Place) {
    const distribution = d.kind === 'plain' ? this.distributions.get(d.name) : undefined
    if (distribution === undefined || d.kind !== 'plain') return null
    const args = new Map(d.arguments.map((a) => [a.name, this.elaborator.tensor(a.value, place.env)]))
    const standard = standardArguments(distribution, d.parametrisation, args)
    if (standard === null) return null
    return this.logDensity(distribution, d, this.elaborator.tensor(target, place.env), standard, span)
  }

  /** Count latents in a vector literal, and data arrays whose missing cells are read elsewhere. */
  private declareFromData(targetExpr: TExpr, span: Span, place: Place): void {
    for (const id of collectRefs(targetExpr)) {
      const s = this.symbols.get(id)
      if (s?.kind === 'latent' && !this.latents.has(s.name)) {
        this.latents.set(s.name, {
          kind: 'count',
          name: s.name,
          loops: place.loops.slice(0, s.plateRank),
          domain: null,
          span: s.span,
        })
      }
      if (s?.kind === 'data' && this.scope.asLatent.has(s.name) && !this.latents.has(s.name))
        this.declareEvidence(s.name, targetExpr, span, place)
    }
  }

  /** Numbers: the table runs over the dimensions that the statement indexes, a row has the others as coordinates. */
  private declareContinuousEvidence(
    s: DataSymbol,
    support: ContinuousLatent['support'],
    subscripts: readonly Subscript[],
    place: Place,
  ): void {
    const dims = this.elaborator.dims(s.type, place.env)
    const indexed = subscripts.findIndex((x) => x.kind !== 'at')
    const rank = indexed < 0 ? subscripts.length : indexed
    const loops: Loop[] = []
    for (let i = 0; i < rank; i++) {
      const x = subscripts[i]
      const at = x?.kind === 'at' ? this.elaborator.scalar(x.index, place.env) : null
      const loop = at?.kind === 'index' ? place.loops.find((l) => l.index.id === at.var) : undefined
      const d = dims[i]
      if (d === undefined) throw new Error(`${s.name} has no dimension ${i}`)
      const whole = this.supply.fresh(
        loop?.index.name ?? 'n',
        d.sizeAt === undefined ? d.size : d.sizeAt(loops.map((l) => idx(l.index))),
      )
      loops.push(
        loop !== undefined && domainKey(loop.index) === domainKey(whole)
          ? loop
          : { index: this.shared(whole, [...place.loops.filter((l) => l !== loop), ...loops]), weight: null },
      )
    }
    const own = this.coordinates(dims.slice(rank), loops)
    this.latents.set(s.name, { kind: 'continuous', name: s.name, loops, own, support, evidence: true, span: s.span })
  }

  private declareEvidence(name: string, targetExpr: TExpr, span: Span, place: Place): void {
    const s = this.symbols.get(`data:${name}`)
    if (s?.kind !== 'data' || targetExpr.kind !== 'ref')
      throw new NotElaborated('a column with missing cells that is read elsewhere must stand alone on the left', span)
    const continuous = supportOfLatent(s.type.support.kind)
    if (s.type.support.kind !== 'category' && s.type.support.kind !== 'bool') {
      this.declareContinuousEvidence(s, continuous, targetExpr.subscripts, place)
      return
    }
    const index = targetExpr.subscripts.map((x) => {
      if (x.kind !== 'at')
        throw new NotElaborated('a column with missing cells that is read elsewhere must be indexed on the left', span)
      return this.elaborator.scalar(x.index, place.env)
    })
    const plates: IndexVar[] = []
    for (const d of this.elaborator.dims(s.type, place.env)) {
      const to = d.sizeAt === undefined ? d.size : d.sizeAt(plates.map(idx))
      plates.push(this.supply.fresh(`p${plates.length}`, to))
    }
    // a piece of the column, as `y[1]` before `y[t]`, stands for all of it
    const loops = this.plateLoops(plates, index, place)
    const cellAt = loops.map((l) => idx(l.index))
    const { support } = s.type
    const base = { kind: 'discrete', name, loops, evidence: true, introduced: false, span: s.span } as const
    if (support.kind === 'category') {
      const column = this.symbols.get(support.levels)
      const perColumn = column?.kind === 'size' && column.rank === 1 ? (cellAt.at(-1) ?? null) : null
      const high = this.elaborator.levelCount(support.levels, perColumn)
      this.latents.set(name, {
        ...base,
        low: ONE,
        high,
        levels: { symbol: support.levels, column: perColumn },
        isBool: false,
      })
    } else this.latents.set(name, { ...base, low: ZERO, high: ONE, levels: null, isBool: true })
    const cell = ref('data', name, cellAt)
    const latent = ref('latent', name, cellAt)
    const value = caseOf(
      compare('==', ref('observed', name, cellAt), ONE),
      caseOf(compare('==', latent, cell), ZERO, NEGATIVE_INFINITY),
      ZERO,
    )
    this.factors.push({
      id: `f${this.factors.length + 1}`,
      role: 'evidence',
      loops,
      guard: TRUE,
      value,
      target: { space: 'data', name },
      distribution: 'evidence',
      span,
    })
  }
}

function supportOfLatent(kind: ArrayType['support']['kind']): ContinuousLatent['support'] {
  switch (kind) {
    case 'positive':
    case 'nonnegative':
      return 'positive'
    case 'unit':
    case 'simplex':
    case 'covariance':
    case 'count':
      return kind
    default:
      return 'real'
  }
}

const isIndex = (cell: Expr, position: number, v: IndexVar): boolean => {
  const at = cell.kind === 'ref' ? cell.index[position] : undefined
  return at?.kind === 'index' && at.var === v.id
}

const domainKey = (v: IndexVar): string => `${keyOf(v.from)}..${keyOf(v.to)}`

function larger(a: Expr, b: Expr): Expr {
  const [x, y] = [literal(a), literal(b)]
  return x !== null && y !== null ? num(Math.max(x, y)) : call('max', a, b)
}

function smaller(a: Expr | null, b: Expr): Expr {
  if (a === null) return b
  const [x, y] = [literal(a), literal(b)]
  return x !== null && y !== null ? num(Math.min(x, y)) : call('min', a, b)
}

/** The data that an observed fact reads first: its rows are the observations. */
function dataIn(e: Expr): Factor['target'] | null {
  const found = collectNodes(e, (n) => n.kind === 'ref' && n.space === 'data')[0]
  return found?.kind === 'ref' ? { space: 'data', name: found.name } : null
}

/** A param that an expression reads. */
function paramIn(e: Expr | null): string | null {
  const found = e === null ? undefined : collectNodes(e, (n) => n.kind === 'ref' && n.space === 'param')[0]
  return found?.kind === 'ref' ? found.name : null
}

const NAMES_OF_BATCH = ['d', 'e', 'g'] as const

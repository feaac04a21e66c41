/** Typed model → factor graph: every statement becomes one or more factors in index notation. */
import type { Diagnostic, Outcome } from '../../lang/diagnostics/types.js'
import type { Span } from '../../lang/source.js'
import type { ModelSymbol, SymbolId, TDistribution, TExpr, TStatement, TypedModel } from '../../lang/typed/types.js'
import {
  add,
  bothOf,
  caseOf,
  compare,
  idx,
  literal,
  log,
  mul,
  neg,
  notOf,
  num,
  ONE,
  ref,
  splitCoefficient,
  sub,
  sum,
  TRUE,
  ZERO,
} from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import { normaliseMatrices } from '../algebra/matrices.js'
import { rationalFromNumber } from '../algebra/rational.js'
import type { Expr, Guard, IndexVar } from '../algebra/types.js'
import { collectNodes, some } from '../algebra/visit.js'
import type { Distribution, Tensor } from '../distributions/types.js'
import {
  type BuiltTensor,
  type ElaborationScope,
  Elaborator,
  type IndexSupply,
  NotElaborated,
  unrollSums,
} from './elaborate.js'
import type { BindTable, Constraint, Factor, FactorGraph, FactorRole, Latent, Loop } from './types.js'

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
  private readonly diagnostics: Diagnostic[] = []
  private readonly bindTables = new Map<string, BindTable>()
  private readonly domains = new Map<string, readonly IndexVar[]>()

  constructor(
    private readonly model: TypedModel,
    private readonly distributions: ReadonlyMap<string, Distribution>,
    private readonly supply: IndexSupply,
  ) {
    this.symbols = new Map(model.symbols.map((s) => [s.id, s]))
    this.scope = {
      symbols: this.symbols,
      supply: this.supply,
      asLatent: cellsReadElsewhere(model, this.symbols),
      bindTables: this.bindTables,
    }
    this.elaborator = new Elaborator(this.scope)
  }

  build(): Outcome<FactorGraph> {
    this.statements(this.model.statements, { loops: [], guard: TRUE, env: new Map() })
    const graph: FactorGraph = {
      name: this.model.name,
      data: this.model.symbols.filter((s) => s.kind === 'data'),
      params: this.model.symbols.filter((s) => s.kind === 'param'),
      latents: [...this.latents.values()],
      factors: this.factors,
      constraints: this.constraints,
      lets: this.lets(),
      bindTables: [...this.bindTables.values()],
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
        this.constraint(s.left, s.right, s.span, place)
        return
      case 'observe-condition':
        this.refuse(
          s.span,
          'an observed condition on a latent has no derivation in this version: the E-step would need a truncated posterior',
        )
        return
      case 'sample':
        this.sample(s, place)
    }
  }

  /** Two loops over the same domain share one index variable, so that tables are told apart by their variables. */
  private shared(v: IndexVar, outer: readonly Loop[]): IndexVar {
    const inUse = new Set(outer.map((l) => l.index.id))
    const key = `${keyOf(v.from)}..${keyOf(v.to)}`
    const known = this.domains.get(key) ?? []
    const reusable = known.find((k) => !inUse.has(k.id))
    if (reusable !== undefined) return reusable
    this.domains.set(key, [...known, v])
    return v
  }

  private sample(s: Extract<TStatement, { kind: 'sample' }>, place: Place): void {
    const value = this.elaborator.tensor(s.target, place.env)
    const role: FactorRole = s.role === 'prior' ? 'prior' : s.role === 'latent' ? 'latent' : 'likelihood'
    const target = this.targetOf(s.target, s.role)
    this.density(s.distribution, value, role, target, s.span, place)
    if (s.role === 'latent') this.declareLatent(s.target, s.distribution, s.span, place)
    else if (s.role === 'mixed' || s.role === 'data') this.declareFromData(s.target, s.span, place)
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
        const expr = this.logDensity(distribution, d, value, args, span)
        for (const [loops, guard, e] of this.splitCells(distribution, expr, place, span, value, args))
          this.factors.push({
            id: `f${this.factors.length + 1}`,
            role,
            loops,
            guard,
            value: e,
            target,
            distribution: d.name,
            span,
          })
        return
      }
      case 'mixture':
        this.mixture(d, value, role, target, span, place)
        return
      case 'truncated':
      case 'censored':
        this.refuse(
          d.span,
          `a ${d.kind} distribution has no derivation in this version: its E-step needs truncated moments`,
        )
        return
      case 'custom':
        this.refuse(d.span, 'a Custom density has no derivation in this version')
    }
  }

  private logDensity(
    distribution: Distribution,
    d: Extract<TDistribution, { kind: 'plain' }>,
    value: BuiltTensor,
    args: ReadonlyMap<string, BuiltTensor>,
    span: Span,
  ): Expr {
    const { signature } = distribution
    const rank = signature.value.rank
    const batch = value.dims.length - rank
    if (batch < 0)
      throw new NotElaborated(`${signature.name} needs a ${rank === 1 ? 'vector' : 'matrix'} on its left`, span)
    const ranks = new Map((signature.parametrisations[d.parametrisation]?.arguments ?? []).map((a) => [a.name, a.rank]))
    const indices: IndexVar[] = []
    for (let i = 0; i < batch; i++) {
      const dim = value.dims[i]
      if (dim === undefined) throw new Error('batch dimension missing')
      const hint = NAMES_OF_BATCH[i] ?? 'd'
      indices.push(this.supply.fresh(hint, dim.sizeAt === undefined ? dim.size : dim.sizeAt(indices.map(idx))))
    }
    const at = indices.map(idx)
    const element: Tensor = { dims: value.dims.slice(batch), at: (i) => value.at([...at, ...i]) }
    const given = new Map<string, Tensor>()
    for (const [name, t] of args) {
      const own = Math.min(ranks.get(name) ?? 0, t.dims.length)
      const shared = t.dims.length - own
      if (shared > batch)
        throw new NotElaborated(
          `the argument \`${name}\` of ${signature.name} has more dimensions than the left side`,
          span,
        )
      const lead = at.slice(batch - shared)
      const dims = t.dims.slice(shared).map((dim) => ({ size: dim.sizeAt === undefined ? dim.size : dim.sizeAt(lead) }))
      given.set(name, { dims, at: (i) => t.at([...lead, ...i]) })
    }
    let e = distribution.logDensity(element, given, { index: (name, size) => this.supply.fresh(name, size) })
    e = this.guardMissing(e, element, rank, span)
    e = normaliseMatrices(unrollSums(indices.reduceRight((body, v) => sum(v, body), e)))
    return e
  }

  /** A missing cell that is read nowhere else integrates to one: its term counts only where the cell is observed. */
  private guardMissing(e: Expr, element: Tensor, rank: number, span: Span): Expr {
    const probe =
      element.dims.length === 0
        ? element.at([])
        : element.at(element.dims.map((d, i) => idx(this.supply.fresh(`p${i}`, d.size))))
    const optional = collectNodes(probe, (n) => n.kind === 'ref' && n.space === 'data' && this.isOptional(n.name))
    if (optional.length === 0) return e
    const cell = optional[0]
    if (rank > 0 || optional.length > 1 || cell?.kind !== 'ref')
      throw new NotElaborated(
        'missing cells inside a vector-valued distribution have no derivation in this version',
        span,
      )
    return caseOf(compare('==', ref('observed', cell.name, cell.index), ONE), e, ZERO)
  }

  private isOptional(name: string): boolean {
    const s = this.symbols.get(`data:${name}`)
    return s?.kind === 'data' && s.type.optional
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
  private declareLatent(targetExpr: TExpr, d: TDistribution, span: Span, place: Place): void {
    if (targetExpr.kind !== 'ref') return
    const s = this.symbols.get(targetExpr.symbol)
    if (s?.kind !== 'latent' || this.latents.has(s.name)) return
    const own = s.type.batch.length + s.type.core.length - s.plateRank
    const distribution = d.kind === 'plain' ? this.distributions.get(d.name) : undefined
    const loops = s.plates.map((p, i): Loop => {
      const sub = targetExpr.subscripts[i]
      const at = sub?.kind === 'at' ? this.elaborator.scalar(sub.index, place.env) : null
      const loop = at?.kind === 'index' ? place.loops.find((l) => l.index.id === at.var) : undefined
      return loop ?? { index: this.elaborator.domain(p, `p${i}`, place.env), weight: null }
    })
    const base = { name: s.name, loops, span: s.span }
    if (distribution?.domain !== undefined && own === 0 && d.kind === 'plain') {
      const args = new Map(d.arguments.map((a) => [a.name, this.elaborator.tensor(a.value, place.env)]))
      const { low, high } = distribution.domain(args)
      const constrained = this.isConstrained(s.id)
      if (high !== null && !constrained) {
        const levels = s.type.support.kind === 'category' ? { symbol: s.type.support.levels, column: null } : null
        this.latents.set(s.name, {
          ...base,
          kind: 'discrete',
          low,
          high,
          levels,
          isBool: s.type.support.kind === 'bool' || d.name === 'Bernoulli',
          evidence: false,
          introduced: false,
        })
        return
      }
      if (constrained || high === null) {
        this.latents.set(s.name, { ...base, kind: 'count', domain: { low, high } })
        return
      }
    }
    this.latents.set(s.name, { ...base, kind: 'continuous' })
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

  private declareEvidence(name: string, targetExpr: TExpr, span: Span, place: Place): void {
    const s = this.symbols.get(`data:${name}`)
    if (s?.kind !== 'data' || targetExpr.kind !== 'ref')
      throw new NotElaborated('a column with missing cells that is read elsewhere must stand alone on the left', span)
    const index = targetExpr.subscripts.map((x) => {
      if (x.kind !== 'at')
        throw new NotElaborated('a column with missing cells that is read elsewhere must be indexed on the left', span)
      return this.elaborator.scalar(x.index, place.env)
    })
    const loops = index.map((e) => {
      const loop = e.kind === 'index' ? place.loops.find((l) => l.index.id === e.var) : undefined
      if (loop === undefined)
        throw new NotElaborated('a column with missing cells that is read elsewhere must be indexed by its loop', span)
      return loop
    })
    const { support } = s.type
    const base = { kind: 'discrete', name, loops, evidence: true, introduced: false, span: s.span } as const
    if (support.kind === 'category') {
      const column = this.symbols.get(support.levels)
      const perColumn = column?.kind === 'size' && column.rank === 1 ? (index.at(-1) ?? null) : null
      const high = this.elaborator.levelCount(support.levels, perColumn)
      this.latents.set(name, {
        ...base,
        low: ONE,
        high,
        levels: { symbol: support.levels, column: perColumn },
        isBool: false,
      })
    } else if (support.kind === 'bool')
      this.latents.set(name, { ...base, low: ZERO, high: ONE, levels: null, isBool: true })
    else
      throw new NotElaborated(
        `missing cells of \`${name}\` are read by another statement: a latent of this type has no derivation in this version`,
        span,
      )
    const cell = ref('data', name, index)
    const latent = ref('latent', name, index)
    const value = caseOf(
      compare('==', ref('observed', name, index), ONE),
      caseOf(compare('==', latent, cell), ZERO, NEGATIVE_INFINITY),
      ZERO,
    )
    this.factors.push({
      id: `f${this.factors.length + 1}`,
      role: 'evidence',
      loops: place.loops,
      guard: TRUE,
      value,
      target: { space: 'data', name },
      distribution: 'evidence',
      span,
    })
  }

  private constraint(left: TExpr, right: TExpr, span: Span, place: Place): void {
    const difference = sub(this.elaborator.scalar(left, place.env), this.elaborator.scalar(right, place.env))
    const terms: { latent: string; index: readonly Expr[]; coefficient: { n: number; d: number } }[] = []
    let rest: Expr = ZERO
    for (const t of difference.kind === 'add' ? difference.terms : [difference]) {
      const { coefficient, rest: core } = splitCoefficient(t)
      const c = literal(coefficient)
      const exact = c === null ? null : rationalFromNumber(c)
      if (core?.kind === 'ref' && core.space === 'latent' && exact !== null)
        terms.push({ latent: core.name, index: core.index, coefficient: exact })
      else if (some(t, (n) => n.kind === 'ref' && n.space === 'latent')) {
        throw new NotElaborated('an observed equation must be linear in the latents in this version', span)
      } else rest = add(rest, t)
    }
    // Σ coefficient·latent = total, with positive coefficients where they are all of one sign
    const flip = terms.length > 0 && terms.every((t) => t.coefficient.n < 0)
    const signed = flip ? terms.map((t) => ({ ...t, coefficient: { n: -t.coefficient.n, d: t.coefficient.d } })) : terms
    this.constraints.push({ loops: place.loops, terms: signed, total: flip ? rest : neg(rest), span })
  }

  /**
   * A Multinomial cell whose probability is a sum of non-negative monomials is split into latent cells, one per monomial
   * (Dempster, Laird and Rubin 1977, section 4.1.1): the count of the cell is their sum.
   */
  private splitCells(
    distribution: Distribution,
    expr: Expr,
    place: Place,
    span: Span,
    value: BuiltTensor,
    args: ReadonlyMap<string, BuiltTensor>,
  ): readonly (readonly [readonly Loop[], Guard, Expr])[] {
    const whole = [[place.loops, place.guard, expr] as const]
    const p = args.get('p')
    if (distribution.signature.name !== 'Multinomial' || p === undefined) return whole
    const cells = literal(value.dims[0]?.size ?? ZERO) ?? literal(p.dims[0]?.size ?? ZERO)
    if (cells === null) return whole
    const newValues: Expr[] = []
    const newProbabilities: Expr[] = []
    let split = false
    for (let i = 1; i <= cells; i++) {
      const probability = p.at([num(i)])
      const count = value.at([num(i)])
      const monomials = this.positiveMonomials(probability)
      if (monomials === null || count.kind !== 'ref' || count.space !== 'data') {
        newValues.push(count)
        newProbabilities.push(probability)
        continue
      }
      split = true
      const plates = place.loops.map((l) => l.index)
      const parts = monomials.map((m, k) => {
        const name = `${count.name}${SUBSCRIPTS[k] ?? `_${k + 1}`}`
        this.latents.set(name, { kind: 'count', name, loops: place.loops, domain: null, span })
        newProbabilities.push(m)
        const cell = ref('latent', name, plates.map(idx))
        newValues.push(cell)
        return { latent: name, index: plates.map(idx), coefficient: { n: 1, d: 1 } }
      })
      this.constraints.push({ loops: place.loops, terms: parts, total: count, span })
    }
    if (!split) return whole
    const listed = (es: readonly Expr[]): Tensor => ({
      dims: [{ size: num(es.length) }],
      at: ([i]) => {
        const position = i === undefined ? null : literal(i)
        if (position !== null) return es[position - 1] ?? ZERO
        return es.reduceRight<Expr>(
          (otherwise, e, k) => caseOf(compare('==', i ?? ZERO, num(k + 1)), e, otherwise),
          ZERO,
        )
      },
    })
    const e = distribution.logDensity(listed(newValues), new Map([['p', listed(newProbabilities)]]), {
      index: (name, size) => this.supply.fresh(name, size),
    })
    return [[place.loops, place.guard, unrollSums(e)]]
  }

  private positiveMonomials(e: Expr): readonly Expr[] | null {
    if (e.kind !== 'add' || e.terms.length < 2) return null
    const hasParam = some(e, (n) => n.kind === 'ref' && n.space === 'param')
    return hasParam && e.terms.every((t) => this.isPositiveMonomial(t)) ? e.terms : null
  }

  private isPositiveMonomial(e: Expr): boolean {
    const value = literal(e)
    if (value !== null) return value >= 0
    if (e.kind === 'mul') return e.factors.every((f) => this.isPositiveMonomial(f))
    if (e.kind === 'pow') return this.isPositiveMonomial(e.base)
    if (e.kind === 'ref' && e.space === 'param') {
      const s = this.symbols.get(`param:${e.name}`)
      if (s?.kind !== 'param') return false
      if (s.type.support.kind === 'interval')
        return s.type.support.low.kind === 'number' && s.type.support.low.value >= 0
      return ['positive', 'nonnegative', 'unit', 'simplex'].includes(s.type.support.kind)
    }
    // 1 − p of a probability
    if (e.kind === 'add' && e.terms.length === 2) {
      const [a, b] = e.terms
      const terms = a !== undefined && b !== undefined ? [a, b] : []
      const one = terms.find((t) => literal(t) === 1)
      const other = terms.find((t) => t !== one)
      if (one === undefined || other === undefined) return false
      const p = mul(num(-1), other)
      const s = p.kind === 'ref' && p.space === 'param' ? this.symbols.get(`param:${p.name}`) : undefined
      return s?.kind === 'param' && ['unit', 'simplex'].includes(s.type.support.kind)
    }
    return false
  }
}

const NAMES_OF_BATCH = ['d', 'e', 'g'] as const
const SUBSCRIPTS = ['₁', '₂', '₃', '₄', '₅', '₆', '₇', '₈', '₉'] as const

/** Symbol ids that an expression reads, subscripts included. */
export function collectRefs(e: TExpr, out: SymbolId[] = []): readonly SymbolId[] {
  const subscripts = (list: Extract<TExpr, { kind: 'ref' }>['subscripts']): void => {
    for (const s of list) {
      if (s.kind === 'at') collectRefs(s.index, out)
      else if (s.kind === 'slice') for (const x of [s.from, s.to]) if (x !== null) collectRefs(x, out)
    }
  }
  switch (e.kind) {
    case 'ref':
      out.push(e.symbol)
      subscripts(e.subscripts)
      break
    case 'subscript':
      collectRefs(e.of, out)
      subscripts(e.subscripts)
      break
    case 'negate':
    case 'not':
      collectRefs(e.of, out)
      break
    case 'binary':
    case 'compare':
    case 'and':
    case 'or':
      collectRefs(e.left, out)
      collectRefs(e.right, out)
      break
    case 'conditional':
      for (const x of [e.condition, e.then, e.otherwise]) collectRefs(x, out)
      break
    case 'call':
      for (const x of e.arguments) collectRefs(x, out)
      break
    case 'vector':
      for (const x of e.elements) collectRefs(x, out)
      break
    case 'comprehension':
      if (e.domain.kind === 'range') for (const x of [e.domain.from, e.domain.to]) collectRefs(x, out)
      collectRefs(e.body, out)
      break
    default:
  }
  return out
}

/** Names of `?` data that are read anywhere but as the left side of their own statement. */
function cellsReadElsewhere(model: TypedModel, symbols: ReadonlyMap<SymbolId, ModelSymbol>): ReadonlySet<string> {
  const read = new Set<SymbolId>()
  const mark = (e: TExpr): void => {
    for (const id of collectRefs(e)) read.add(id)
  }
  const markSubscripts = (e: TExpr): void => {
    if (e.kind === 'ref' || e.kind === 'subscript') for (const s of e.subscripts) if (s.kind === 'at') mark(s.index)
    if (e.kind === 'vector') e.elements.forEach(markSubscripts)
  }
  const lets = model.symbols.filter((s) => s.kind === 'let')
  for (const l of lets) mark(l.value)
  const distribution = (d: TDistribution): void => {
    switch (d.kind) {
      case 'plain':
        for (const a of d.arguments) mark(a.value)
        return
      case 'mixture':
        mark(d.weights)
        if (d.components.kind === 'indexed') distribution(d.components.component)
        else d.components.components.forEach(distribution)
        return
      case 'truncated':
      case 'censored':
        distribution(d.of)
        for (const x of [d.low, d.high]) if (x !== null) mark(x)
        return
      case 'custom':
        mark(d.logDensity)
    }
  }
  const visit = (list: readonly TStatement[]): void => {
    for (const s of list) {
      if (s.kind === 'for') {
        if (s.weight !== null) mark(s.weight)
        visit(s.body)
      } else if (s.kind === 'if') {
        mark(s.condition)
        visit(s.then)
        visit(s.otherwise)
      } else if (s.kind === 'sample') {
        markSubscripts(s.target)
        distribution(s.distribution)
      } else if (s.kind === 'observe-equation') {
        mark(s.left)
        mark(s.right)
      } else mark(s.condition)
    }
  }
  visit(model.statements)
  const out = new Set<string>()
  for (const id of read) {
    const s = symbols.get(id)
    if (s?.kind === 'data' && s.type.optional) out.add(s.name)
  }
  return out
}

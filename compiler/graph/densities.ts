import type { Span } from '../../lang/source.js'
import type { TDistribution, TExpr } from '../../lang/typed/types.js'
import { bothOf, compare, idx, log, num, ONE, ref } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import type { Distribution } from '../distributions/types.js'
import { type CellDensity, cellDensityOf, writtenCell } from './cell-density.js'
import type { GraphContext, Place } from './context.js'
import { type PredictivePlace, predictiveOf } from './predictive.js'
import { splitCells } from './split-cells.js'
import { tailDensity } from './tail-density.js'
import { type BuiltTensor, unrollSums } from './tensors.js'
import type { Factor, FactorRole } from './types.js'

/** `value ~ distribution` as factors. */
export class Densities {
  constructor(private readonly graph: GraphContext) {}

  /** Adds the factor(s) of `value ~ distribution`. */
  add(
    d: TDistribution,
    value: BuiltTensor,
    role: FactorRole,
    target: Factor['target'],
    span: Span,
    place: Place,
  ): void {
    switch (d.kind) {
      case 'plain': {
        const distribution = this.graph.distributions.get(d.name)
        if (distribution === undefined) {
          this.graph.refuse(d.span, `${d.name} has no density in this version, so nothing can be derived from it`)
          return
        }
        const args = new Map(d.arguments.map((a) => [a.name, this.graph.elaborator.tensor(a.value, place.env)]))
        if (this.hasMovingEnd(distribution, args, span)) return
        const split = splitCells(
          distribution,
          value,
          args,
          { loops: place.loops, span },
          this.graph.symbols,
          this.graph.supply,
        )
        for (const l of split?.latents ?? []) this.graph.latents.set(l.name, l)
        this.graph.constraints.push(...(split?.constraints ?? []))
        this.graph.addFactor({
          role,
          loops: place.loops,
          guard: place.guard,
          value: split?.value ?? this.graph.logDensity(distribution, d, value, args, span),
          target,
          distribution: d.name,
          span,
        })
        if (role === 'likelihood') {
          this.predict(distribution, d, value, args, target, { ...place, span })
          this.note(() => cellDensityOf(distribution, d, value, args, this.noted(place, span)))
        }
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
        this.custom(d, value, role, target, span, place)
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
      this.graph.refuse(d.of.span, `${made} of ${what} has no derivation in this version`)
      return
    }
    const { of } = d
    const distribution = this.graph.distributions.get(of.name)
    if (distribution === undefined) {
      this.graph.refuse(of.span, `${of.name} has no density in this version, so nothing can be derived from it`)
      return
    }
    const bound = (e: TExpr | null): Expr | null => (e === null ? null : this.graph.elaborator.scalar(e, place.env))
    const bounds = { low: bound(d.low), high: bound(d.high) }
    const moving = d.kind === 'truncated' ? (paramIn(bounds.low) ?? paramIn(bounds.high)) : null
    if (moving !== null) {
      this.graph.diagnostics.push({
        code: 'E409',
        severity: 'error',
        span: d.span,
        message: `the bounds of this Truncated depend on the param \`${moving}\`, so the likelihood is not smooth in it and EM has no M-step for it`,
        help: 'give the bounds as constants or as data',
      })
      return
    }
    const density = tailDensity(distribution, d, bounds, role, this.graph.facts)
    if (typeof density === 'string') {
      this.graph.refuse(d.span, density)
      return
    }
    const args = new Map(of.arguments.map((a) => [a.name, this.graph.elaborator.tensor(a.value, place.env)]))
    if (this.hasMovingEnd(distribution, args, span)) return
    if (role === 'likelihood') {
      this.predict(distribution, of, value, args, target, { ...place, span }, made)
      const cell = { density, censored: d.kind === 'censored' }
      this.note(() => cellDensityOf(distribution, of, value, args, this.noted(place, span), cell))
    }
    this.graph.addFactor({
      role,
      loops: place.loops,
      guard: place.guard,
      value: this.graph.logDensity(distribution, of, value, args, span, density),
      target,
      distribution: of.name,
      tails: d.kind,
      span,
    })
  }

  /**
   * An end of the support that moves with a param: the likelihood rises in it up to an observation and is 0 beyond, so that
   * no derivative vanishes at its maximum, and rows that a component has lost can never come back to it.
   */
  private hasMovingEnd(distribution: Distribution, args: ReadonlyMap<string, BuiltTensor>, span: Span): boolean {
    const ends = (distribution.ends ?? []).flatMap((name) => args.get(name) ?? [])
    const param = ends.flatMap((t) => paramIn(t.at(t.dims.map(() => ONE))) ?? [])[0]
    if (param === undefined) return false
    const { name } = distribution.signature
    this.graph.diagnostics.push({
      code: 'E409',
      severity: 'error',
      span,
      message: `the ends of this ${name} depend on the param \`${param}\`, so the likelihood is not smooth in it and EM has no M-step for it`,
      help: 'give the ends as constants or as min() and max() of data',
    })
    return true
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
    const s = this.graph.symbols.get(`data:${target.name}`)
    if (s?.kind !== 'data' || !s.type.optional || this.graph.scope.asLatent.has(s.name)) return
    const found = predictiveOf(distribution, d, value, args, { ...place, supply: this.graph.supply })
    if (found === null) return
    const reason = `the mean of a ${made} ${d.name} has no closed form in this version`
    this.graph.predictives.push(made === undefined ? found : { ...found, of: { kind: 'none', reason } })
  }

  /** Notes what a statement says of cells, where that is asked for. */
  private note(made: () => CellDensity | null): void {
    const cell = this.graph.cells === null ? null : made()
    if (cell !== null) this.graph.cells?.push(cell)
  }

  private noted({ loops, guard }: Place, span: Span): PredictivePlace {
    return { loops, guard, span, supply: this.graph.supply }
  }

  /** A log density that is written out: what the expression says, of the value on the left, of params and of latents. */
  private custom(
    d: Extract<TDistribution, { kind: 'custom' }>,
    value: BuiltTensor,
    role: FactorRole,
    target: Factor['target'],
    span: Span,
    place: Place,
  ): void {
    if (role === 'latent') {
      this.graph.refuse(
        d.span,
        'a latent with a Custom density has no derivation in this version: its range is not known',
      )
      return
    }
    const logDensity = this.graph.elaborator.scalar(d.logDensity, place.env)
    if (role === 'likelihood') {
      const s = this.graph.symbols.get(`data:${target.name}`)
      const discrete = s?.kind === 'data' && ['int', 'count', 'bool', 'category'].includes(s.type.support.kind)
      this.note(() => writtenCell(logDensity, value, this.noted(place, span), discrete))
    }
    this.graph.addFactor({
      role,
      loops: place.loops,
      guard: place.guard,
      value: this.graph.customDensity(logDensity, value, span),
      target,
      distribution: 'Custom',
      span,
    })
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
      this.graph.refuse(
        d.span,
        'a Mixture as a prior or as the distribution of a latent has no derivation in this version',
      )
      return
    }
    const weights = this.graph.elaborator.tensor(d.weights, place.env)
    const size = weights.dims[0]?.size ?? ONE
    const name = `component of ${target.name}${this.graph.latents.size === 0 ? '' : ` (${this.graph.latents.size + 1})`}`
    const z = ref(
      'latent',
      name,
      place.loops.map((l) => idx(l.index)),
    )
    this.graph.latents.set(name, {
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
    this.graph.addFactor({
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
      this.add(d.components.component, value, role, target, span, { ...place, env })
    } else {
      d.components.components.forEach((c, k) => {
        this.add(c, value, role, target, span, {
          ...place,
          guard: bothOf(place.guard, compare('==', z, num(k + 1))),
        })
      })
    }
  }
}

/** A param that an expression reads. */
function paramIn(e: Expr | null): string | null {
  const found = e === null ? undefined : collectNodes(e, (n) => n.kind === 'ref' && n.space === 'param')[0]
  return found?.kind === 'ref' ? found.name : null
}

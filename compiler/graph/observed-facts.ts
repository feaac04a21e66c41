import type { SymbolId, TDistribution, TExpr, TStatement } from '../../lang/typed/types.js'
import { caseOf, compare, ONE, ref, sub, ZERO } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import { constraintOf } from './constraint.js'
import { type Env, type GraphContext, NEGATIVE_INFINITY, type Place } from './context.js'
import {
  type IntegratedLatent,
  integratedIn,
  integratedLatents,
  intervalOf,
  type ObservedRange,
  together,
} from './observed-conditions.js'
import { tailDensity } from './tail-density.js'
import { NotElaborated, scalar } from './tensors.js'
import type { Factor } from './types.js'

/** `observe` statements: equations and conditions on latents. */
export class ObservedFacts {
  /** Latents that only observed conditions read, and what is observed of each of their cells. */
  private readonly integrated: ReadonlyMap<SymbolId, IntegratedLatent>
  private readonly ranges = new Map<
    string,
    { readonly latent: IntegratedLatent; readonly env: Env; readonly ranges: readonly ObservedRange[] }
  >()

  constructor(private readonly graph: GraphContext) {
    this.integrated = new Map(
      [...integratedLatents(graph.model)].filter(([, { distribution }]) => !this.isFinite(distribution)),
    )
  }

  /** true for a latent that is integrated out by its tails. */
  integrates(latent: SymbolId): boolean {
    return this.integrated.has(latent)
  }

  /** Of finite latents an equation is a factor, 1 where it holds; of others it is kept to be solved. */
  equation(left: Expr, right: Expr, s: Extract<TStatement, { kind: 'observe-equation' }>, place: Place): void {
    const both = sub(left, right)
    const names = collectNodes(both, (n) => n.kind === 'ref' && n.space === 'latent').flatMap((n) =>
      n.kind === 'ref' ? [n.name] : [],
    )
    const [first] = names
    if (first === undefined || !names.every((n) => this.graph.latents.get(n)?.kind === 'discrete')) {
      this.graph.constraints.push(constraintOf(left, right, place.loops, s.span))
      return
    }
    this.graph.addFactor({
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
  condition(s: Extract<TStatement, { kind: 'observe-condition' }>, place: Place): void {
    const found = integratedIn(s.condition, this.integrated)
    const latent = found === null ? undefined : this.integrated.get(found.symbol)
    if (found !== null && latent !== undefined) {
      const at = found.subscripts.map((x) => (x.kind === 'at' ? this.graph.elaborator.scalar(x.index, place.env) : ONE))
      const isWhole = this.graph.distributions.get(latent.distribution.name)?.signature.value.discrete === true
      const bound = (e: TExpr): Expr => {
        const at = this.graph.elaborator.scalar(e, place.env)
        const other = collectNodes(at, (n) => n.kind === 'ref' && n.space === 'latent').find(
          (n) => n.kind === 'ref' && this.graph.latents.get(n.name)?.kind !== 'discrete',
        )
        if (other?.kind !== 'ref') return at
        throw new NotElaborated(
          `an observed condition that compares \`${latent.name}\` with the latent \`${other.name}\` has no derivation in this version: it bounds the two together`,
          s.span,
        )
      }
      const interval = intervalOf(s.condition, found.symbol, bound, isWhole, this.graph.facts)
      const key = `${found.symbol} ${at.map(keyOf).join(' ')}`
      const env = new Map([...place.env, ...latent.indices.map((id, i) => [id, at[i] ?? ONE] as const)])
      const known = this.ranges.get(key) ?? { latent, env, ranges: [] }
      const range = { ...interval, loops: place.loops, guard: place.guard, span: s.span }
      this.ranges.set(key, { ...known, ranges: [...known.ranges, range] })
      return
    }
    const guard = this.graph.elaborator.guard(s.condition, place.env)
    const value = caseOf(guard, ZERO, NEGATIVE_INFINITY)
    const names = collectNodes(value, (n) => n.kind === 'ref' && n.space === 'latent').flatMap((n) =>
      n.kind === 'ref' ? [n.name] : [],
    )
    const other = names.find((n) => this.graph.latents.get(n)?.kind !== 'discrete')
    const [first] = names
    if (other !== undefined || first === undefined) {
      this.graph.refuse(
        s.span,
        `an observed condition on \`${other ?? ''}\`, which other statements read too, has no derivation in this version: its posterior would be truncated`,
      )
      return
    }
    this.graph.addFactor({
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
  intervals(): void {
    for (const { latent, env, ranges } of this.ranges.values()) {
      const { name, distribution: d } = latent
      const distribution = this.graph.distributions.get(d.name)
      if (distribution === undefined) throw new Error(`no distribution ${d.name}`)
      try {
        for (const { loops, guard, span, ...bounds } of together(ranges)) {
          const censored = { kind: 'censored', span, of: d, mode: 'between', low: null, high: null } as const
          const density = tailDensity(distribution, censored, bounds, 'likelihood', this.graph.facts)
          if (typeof density === 'string') throw new NotElaborated(density, span)
          const args = new Map(d.arguments.map((a) => [a.name, this.graph.elaborator.tensor(a.value, env)]))
          const value = this.graph.logDensity(distribution, d, scalar(ZERO), args, span, density)
          this.graph.addFactor({
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
        this.graph.refuse(e.span, e.message)
      }
    }
  }

  /** true for a distribution of finitely many values, which are summed over one by one. */
  private isFinite(d: Extract<TDistribution, { kind: 'plain' }>): boolean {
    const distribution = this.graph.distributions.get(d.name)
    if (distribution?.domain === undefined) return distribution === undefined
    const names = distribution.signature.parametrisations[d.parametrisation]?.arguments.map((a) => a.name) ?? []
    const unread = (): Expr => ref('size', 'any')
    return distribution.domain(new Map(names.map((n) => [n, { dims: [{ size: ONE }], at: unread }]))).high !== null
  }
}

/** The data that an observed fact reads first: its rows are the observations. */
function dataIn(e: Expr): Factor['target'] | null {
  const found = collectNodes(e, (n) => n.kind === 'ref' && n.space === 'data')[0]
  return found?.kind === 'ref' ? { space: 'data', name: found.name } : null
}

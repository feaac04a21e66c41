/**
 * Conditions on latents that are observed. A latent that nothing but such conditions reads is integrated out: what is
 * left of it is the probability of the interval in which it lies, by the tails of its distribution.
 */
import type { Span } from '../../lang/source.js'
import type { SymbolId, TDistribution, TExpr, TStatement, TypedModel } from '../../lang/typed/types.js'
import {
  distributionExpressions,
  statementExpressions,
  visitExpression,
  visitStatements,
} from '../../lang/typed/visit.js'
import { call, notOf, num, sub } from '../algebra/build.js'
import { guardKey, keyOf } from '../algebra/key.js'
import type { Expr, Guard } from '../algebra/types.js'
import type { SymbolFacts } from './symbol-facts.js'
import { rounded } from './tails.js'
import { NotElaborated } from './tensors.js'
import type { Loop } from './types.js'

/** A latent that only observed conditions read, as it is declared. */
export interface IntegratedLatent {
  readonly name: string
  readonly distribution: Extract<TDistribution, { kind: 'plain' }>
  /** Index variables of its declaration, one a plate. */
  readonly indices: readonly SymbolId[]
}

/** low < v ≤ high, a side left out being infinite. */
export interface ObservedInterval {
  readonly low: Expr | null
  readonly high: Expr | null
}

/** An interval that holds for the rows of some loops where a guard does. */
export interface ObservedRange extends ObservedInterval {
  readonly loops: readonly Loop[]
  readonly guard: Guard
  readonly span: Span
}

/** The latents that are declared once, in index variables, and read by observed conditions only. */
export function integratedLatents(model: TypedModel): ReadonlyMap<SymbolId, IntegratedLatent> {
  const declared = new Map<SymbolId, IntegratedLatent | null>()
  const observed = new Set<SymbolId>()
  const read = new Set<SymbolId>()
  const reads = (e: TExpr, into: Set<SymbolId>): void =>
    visitExpression(e, (x) => {
      if (x.kind === 'ref') into.add(x.symbol)
    })
  for (const s of model.symbols) if (s.kind === 'let') reads(s.value, read)
  visitStatements(model.statements, (s) => {
    if (s.kind === 'observe-condition') reads(s.condition, observed)
    else if (s.kind === 'sample' && s.role === 'latent' && s.target.kind === 'ref') {
      for (const e of distributionExpressions(s.distribution)) reads(e, read)
      declared.set(s.target.symbol, declared.has(s.target.symbol) ? null : declaration(model, s, s.target))
    } else for (const e of statementExpressions(s)) reads(e, read)
  })
  return new Map(
    [...declared].flatMap(([id, d]) => (d !== null && observed.has(id) && !read.has(id) ? [[id, d] as const] : [])),
  )
}

function declaration(
  model: TypedModel,
  { distribution }: Extract<TStatement, { kind: 'sample' }>,
  target: Extract<TExpr, { kind: 'ref' }>,
): IntegratedLatent | null {
  const symbol = model.symbols.find((s) => s.id === target.symbol)
  const indices = target.subscripts.flatMap((s) => (s.kind === 'at' && s.index.kind === 'ref' ? [s.index.symbol] : []))
  const plain =
    symbol?.kind === 'latent' && indices.length === symbol.plateRank && new Set(indices).size === indices.length
  const scalar = symbol?.kind === 'latent' && symbol.type.batch.length + symbol.type.core.length === symbol.plateRank
  return plain && scalar && distribution.kind === 'plain' ? { name: symbol.name, distribution, indices } : null
}

/** The one reference to an integrated latent in a condition; null where it holds none. */
export function integratedIn(
  condition: TExpr,
  latents: ReadonlyMap<SymbolId, IntegratedLatent>,
): Extract<TExpr, { kind: 'ref' }> | null {
  const found: Extract<TExpr, { kind: 'ref' }>[] = []
  visitExpression(condition, (e) => {
    if (e.kind === 'ref' && latents.has(e.symbol)) found.push(e)
  })
  return found[0] ?? null
}

/**
 * A conjunction of comparisons of one latent as an interval.
 *
 * @param bound a bound as an expression
 * @param isWhole true where the latent's values are whole numbers, of which "at least 3" is "above 2"
 * @throws NotElaborated where the condition is not of that form
 */
export function intervalOf(
  condition: TExpr,
  latent: SymbolId,
  bound: (e: TExpr) => Expr,
  isWhole: boolean,
  facts: SymbolFacts,
): ObservedInterval {
  const refuse = (): never => {
    throw new NotElaborated(
      'an observed condition on a number has a derivation where it compares one latent with bounds, as in `observe low < v and v <= high`',
      condition.span,
    )
  }
  if (condition.kind === 'and') {
    const part = (e: TExpr): ObservedInterval => intervalOf(e, latent, bound, isWhole, facts)
    return both(part(condition.left), part(condition.right))
  }
  if (condition.kind !== 'compare') return refuse()
  const isLatent = (e: TExpr): boolean => e.kind === 'ref' && e.symbol === latent
  const leftIs = isLatent(condition.left)
  const other = leftIs ? condition.right : condition.left
  let holds = false
  visitExpression(other, (e) => {
    holds ||= isLatent(e)
  })
  if (holds || leftIs === isLatent(condition.right)) return refuse()
  const at = bound(other)
  const before = (): Expr => (isWhole ? sub(facts.isWhole(at) ? at : rounded('ceil', at), num(1)) : at)
  switch (leftIs ? condition.operator : MIRRORED[condition.operator]) {
    case '>':
      return { low: at, high: null }
    case '>=':
      return { low: before(), high: null }
    case '<=':
      return { low: null, high: at }
    case '<':
      return { low: null, high: before() }
    default:
      return refuse()
  }
}

const MIRRORED = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '==': '==', '!=': '!=' } as const

function both(a: ObservedInterval, b: ObservedInterval): ObservedInterval {
  const side = (x: Expr | null, y: Expr | null, of: 'min' | 'max'): Expr | null =>
    x === null ? y : y === null ? x : call(of, x, y)
  return { low: side(a.low, b.low, 'max'), high: side(a.high, b.high, 'min') }
}

/**
 * Ranges of one latent that hold together as one; those of branches that exclude each other stay apart.
 *
 * @throws NotElaborated where two may hold together, or not
 */
export function together(ranges: readonly ObservedRange[]): readonly ObservedRange[] {
  const out: ObservedRange[] = []
  for (const r of ranges) {
    const i = out.findIndex((o) => placeKey(o) === placeKey(r))
    const same = out[i]
    if (same !== undefined) out[i] = { ...same, ...both(same, r) }
    else out.push(r)
  }
  for (const [i, a] of out.entries())
    for (const b of out.slice(i + 1))
      if (!exclude(a.guard, b.guard))
        throw new NotElaborated(
          'two observed conditions of one latent stand under conditions that may hold together: put them into the branches of one `if`',
          b.span,
        )
  return out
}

const placeKey = (r: ObservedRange): string =>
  [guardKey(r.guard), ...r.loops.map((l) => `${l.index.id} ${l.weight === null ? '' : keyOf(l.weight)}`)].join('|')

/** true where one is a condition that the other denies. */
function exclude(a: Guard, b: Guard): boolean {
  const denied = new Set(conjuncts(b).map((g) => guardKey(notOf(g))))
  return conjuncts(a).some((g) => denied.has(guardKey(g)))
}

const conjuncts = (g: Guard): readonly Guard[] =>
  g.kind === 'and' ? [...conjuncts(g.left), ...conjuncts(g.right)] : [g]

import type { Span } from '../../lang/source.js'
import type {
  ArrayType,
  DataSymbol,
  Subscript,
  SymbolId,
  TDistribution,
  TExpr,
  TStatement,
} from '../../lang/typed/types.js'
import { call, caseOf, compare, idx, literal, num, ONE, ref, TRUE, ZERO } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { substituteIndex } from '../algebra/visit.js'
import { domainKey, type GraphContext, NEGATIVE_INFINITY, type Place } from './context.js'
import { collectRefs } from './reads.js'
import { rounded } from './tails.js'
import { NotElaborated, type RaggedDim } from './tensors.js'
import type { ContinuousLatent, Loop } from './types.js'

/** Tables of latents: those that are declared, and data whose missing cells are latent. */
export class LatentDeclarations {
  constructor(private readonly graph: GraphContext) {}

  /** Registers the latent on the left of `~`: finite discrete where its distribution has a domain, else a count or continuous. */
  declare(targetExpr: TExpr, d: TDistribution, place: Place): void {
    if (targetExpr.kind !== 'ref') return
    const s = this.graph.symbols.get(targetExpr.symbol)
    if (s?.kind !== 'latent' || this.graph.latents.has(s.name)) return
    const own = s.type.batch.length + s.type.core.length - s.plateRank
    const written = s.plates.map((_, i): Expr | null => {
      const sub = targetExpr.subscripts[i]
      return sub?.kind === 'at' ? this.graph.elaborator.scalar(sub.index, place.env) : null
    })
    const loops = this.plateLoops(
      s.plates.map((p, i) => {
        const at = written[i]
        return this.graph.elaborator.domain(p, at?.kind === 'index' ? at.name : `p${i}`, place.env)
      }),
      written,
      place,
    )
    const base = { name: s.name, loops, span: s.span }
    const domain = own === 0 ? this.domainOf(d, place) : null
    if (domain !== null) {
      const { low, high } = domain
      // a level or a truth value is no count that could be shared out
      const distribution = d.kind === 'plain' ? this.graph.distributions.get(d.name) : undefined
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
        this.graph.latents.set(s.name, {
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
        this.graph.latents.set(s.name, { ...base, kind: 'count', domain: { low, high } })
        return
      }
      this.graph.latents.set(s.name, { ...base, kind: 'continuous', own: [], support: 'count', evidence: false })
      return
    }
    this.graph.latents.set(s.name, {
      ...base,
      kind: 'continuous',
      own: this.coordinates(this.graph.elaborator.dims(s.type, place.env).slice(s.plateRank), loops),
      support: supportOfLatent(s.type.support.kind),
      evidence: false,
    })
  }

  /** Smallest and largest value of a latent whose values are whole numbers; null where they are not. */
  private domainOf(d: TDistribution, place: Place): { readonly low: Expr; readonly high: Expr | null } | null {
    if (d.kind === 'truncated') {
      const of = this.domainOf(d.of, place)
      if (of === null) return null
      const low = d.low === null ? null : this.graph.elaborator.scalar(d.low, place.env)
      const high = d.high === null ? null : this.graph.elaborator.scalar(d.high, place.env)
      return {
        low: low === null ? of.low : larger(of.low, this.whole('ceil', low)),
        high: high === null ? of.high : smaller(of.high, this.whole('floor', high)),
      }
    }
    const distribution = d.kind === 'plain' ? this.graph.distributions.get(d.name) : undefined
    if (distribution?.domain === undefined || d.kind !== 'plain') return null
    return distribution.domain(
      new Map(d.arguments.map((a) => [a.name, this.graph.elaborator.tensor(a.value, place.env)])),
    )
  }

  private readonly whole = (fn: 'ceil' | 'floor', bound: Expr): Expr =>
    this.graph.facts.isWhole(bound) ? bound : rounded(fn, bound)

  /** An index variable for each dimension of one row. */
  private coordinates(dims: readonly RaggedDim[], loops: readonly Loop[]): readonly IndexVar[] {
    const out: IndexVar[] = []
    for (const d of dims) {
      const previous = [...loops.map((l) => idx(l.index)), ...out.map(idx)]
      out.push(this.graph.supply.fresh('i', d.sizeAt === undefined ? d.size : d.sizeAt(previous)))
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
        const index = this.graph.shared(plate, [...around, ...found])
        this.graph.elaborator.loopVariables.set(index.id, index)
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
    return visit(this.graph.model.statements)
  }

  /** Count latents in a vector literal, and data arrays whose missing cells are read elsewhere. */
  declareFromData(targetExpr: TExpr, span: Span, place: Place): void {
    for (const id of collectRefs(targetExpr)) {
      const s = this.graph.symbols.get(id)
      if (s?.kind === 'latent' && !this.graph.latents.has(s.name)) {
        this.graph.latents.set(s.name, {
          kind: 'count',
          name: s.name,
          loops: place.loops.slice(0, s.plateRank),
          domain: null,
          span: s.span,
        })
      }
      if (s?.kind === 'data' && this.graph.scope.asLatent.has(s.name) && !this.graph.latents.has(s.name))
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
    const dims = this.graph.elaborator.dims(s.type, place.env)
    const indexed = subscripts.findIndex((x) => x.kind !== 'at')
    const rank = indexed < 0 ? subscripts.length : indexed
    const loops: Loop[] = []
    for (let i = 0; i < rank; i++) {
      const x = subscripts[i]
      const at = x?.kind === 'at' ? this.graph.elaborator.scalar(x.index, place.env) : null
      const loop = at?.kind === 'index' ? place.loops.find((l) => l.index.id === at.var) : undefined
      const d = dims[i]
      if (d === undefined) throw new Error(`${s.name} has no dimension ${i}`)
      const whole = this.graph.supply.fresh(
        loop?.index.name ?? 'n',
        d.sizeAt === undefined ? d.size : d.sizeAt(loops.map((l) => idx(l.index))),
      )
      loops.push(
        loop !== undefined && domainKey(loop.index) === domainKey(whole)
          ? loop
          : { index: this.graph.shared(whole, [...place.loops.filter((l) => l !== loop), ...loops]), weight: null },
      )
    }
    const own = this.coordinates(dims.slice(rank), loops)
    this.graph.latents.set(s.name, {
      kind: 'continuous',
      name: s.name,
      loops,
      own,
      support,
      evidence: true,
      span: s.span,
    })
  }

  private declareEvidence(name: string, targetExpr: TExpr, span: Span, place: Place): void {
    const s = this.graph.symbols.get(`data:${name}`)
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
      return this.graph.elaborator.scalar(x.index, place.env)
    })
    const plates: IndexVar[] = []
    for (const d of this.graph.elaborator.dims(s.type, place.env)) {
      const to = d.sizeAt === undefined ? d.size : d.sizeAt(plates.map(idx))
      plates.push(this.graph.supply.fresh(`p${plates.length}`, to))
    }
    // a piece of the column, as `y[1]` before `y[t]`, stands for all of it
    const loops = this.plateLoops(plates, index, place)
    const cellAt = loops.map((l) => idx(l.index))
    const { support } = s.type
    const base = { kind: 'discrete', name, loops, evidence: true, introduced: false, span: s.span } as const
    if (support.kind === 'category') {
      const column = this.graph.symbols.get(support.levels)
      const perColumn = column?.kind === 'size' && column.rank === 1 ? (cellAt.at(-1) ?? null) : null
      const high = this.graph.elaborator.levelCount(support.levels, perColumn)
      this.graph.latents.set(name, {
        ...base,
        low: ONE,
        high,
        levels: { symbol: support.levels, column: perColumn },
        isBool: false,
      })
    } else this.graph.latents.set(name, { ...base, low: ZERO, high: ONE, levels: null, isBool: true })
    const cell = ref('data', name, cellAt)
    const latent = ref('latent', name, cellAt)
    const value = caseOf(
      compare('==', ref('observed', name, cellAt), ONE),
      caseOf(compare('==', latent, cell), ZERO, NEGATIVE_INFINITY),
      ZERO,
    )
    this.graph.addFactor({
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

function larger(a: Expr, b: Expr): Expr {
  const [x, y] = [literal(a), literal(b)]
  return x !== null && y !== null ? num(Math.max(x, y)) : call('max', a, b)
}

function smaller(a: Expr | null, b: Expr): Expr {
  if (a === null) return b
  const [x, y] = [literal(a), literal(b)]
  return x !== null && y !== null ? num(Math.min(x, y)) : call('min', a, b)
}

/**
 * Every compile checks its own algebra by value: on a micro-instance (sizes of 2, data and posterior from a hash) Q as it
 * was put together from the factors, and Q as statistics times functions of the params, change alike between random
 * points. What is free of the params is in the first only, so differences are compared. A mismatch is an error of ours.
 */
import { compare, literal, ZERO } from '../algebra/build.js'
import { type Environment, evaluate, holds, type NumericIndicator } from '../algebra/evaluate.js'
import type { Monomial } from '../algebra/monomial.js'
import type { ArraySpace, Expr } from '../algebra/types.js'
import { collectNodes, guardChildren, rewrite } from '../algebra/visit.js'
import type { BindTable } from '../graph/types.js'
import type { ParamInfo } from '../rules/mstep/types.js'
import type { ValueRange } from './row-terms.js'
import { dependencyOrder } from './statistics.js'
import type { DriverObjective, Statistic } from './types.js'

/** What the check came to; `skipped` says why there was nothing to compare. */
export type ValueCheck =
  | { readonly kind: 'checked'; readonly points: number; readonly largestError: number }
  | { readonly kind: 'skipped'; readonly reason: string }

export interface ValueCheckInput {
  /** E_q of the log densities, as expressions over their own loops, params unshifted. */
  readonly terms: readonly Expr[]
  readonly objective: DriverObjective
  readonly params: readonly ParamInfo[]
  /** Params that are held, under the names of their bind tables. */
  readonly held?: readonly ParamInfo[]
  /** Supports of data, by name. */
  readonly data: ReadonlyMap<string, string>
  readonly bindTables: readonly BindTable[]
  /** Ranges of the values of discrete latents. */
  readonly ranges: ReadonlyMap<string, ValueRange>
  /** Supports of continuous latents, by name. */
  readonly latents: ReadonlyMap<string, string>
}

/** Points beside the one that differences are taken from. */
const POINTS = 3
const TOLERANCE = 1e-9
/** Reads of arrays that one evaluation may take: beyond it the model is too large to be checked in passing. */
const READ_LIMIT = 40_000
/** Draws of data and of params among which finite values are looked for. */
const DRAWS = 6
/** Extents on the micro-instance, at least: what names single places is given as many; consts that are larger integers shrink to `LARGEST`. */
const SIZE = 2
const LARGEST = 3

/** What tells numbers of one name apart: data, its mask, consts, and params at each point. */
const [OBSERVED, CONST, LATENT, PARAM] = [1, 2, 3, 10]
/** Points of the random posterior of continuous latents. */
const SAMPLES = 3

class TooLarge extends Error {}

/** FNV-1a. */
function hashOfWord(word: string, seed: number): number {
  let h = (2166136261 ^ Math.imul(seed, 0x9e3779b9)) >>> 0
  for (let i = 0; i < word.length; i++) h = Math.imul(h ^ word.charCodeAt(i), 16777619)
  return h >>> 0
}

/** One number more in a hash: the finaliser of a 32-bit mixer. */
function mixed(hash: number, n: number): number {
  let h = (hash + Math.imul(n + 1, 0x9e3779b9)) | 0
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
  return (h ^ (h >>> 15)) >>> 0
}

const unit = (hash: number): number => (hash + 0.5) / 4294967296

/** A monomial as an expression, as it stands: nothing is joined or folded, so that the check sees what is executed. */
function plain(m: Monomial): Expr {
  const factors = [m.coefficient, ...m.atoms.map((a): Expr => ({ kind: 'pow', base: a.base, exponent: a.power }))]
  const body: Expr = { kind: 'mul', factors }
  const guarded = m.guards.reduceRight<Expr>((e, when) => ({ kind: 'case', when, then: e, otherwise: ZERO }), body)
  return m.loops.reduceRight<Expr>((e, index) => ({ kind: 'sum', index, body: e }), guarded)
}

/** An expression with the log of a structural 0 left out: no path takes it, and its posterior is 0 where there is one. */
const taken = (e: Expr): Expr =>
  rewrite(e, (n) => {
    if (n.kind === 'float' && n.value === Number.NEGATIVE_INFINITY) return ZERO
    const [x] = n.kind === 'call' && n.fn === 'log' ? n.args : []
    return x === undefined ? n : { kind: 'case', when: compare('==', x, ZERO), then: ZERO, otherwise: n }
  })

/** Compares the two forms of Q by value. Throws where they differ. */
export function checkByValue(input: ValueCheckInput): ValueCheck {
  if (input.objective.monomials.length === 0 && input.objective.rowTerms.length === 0)
    return { kind: 'skipped', reason: 'no term reads a param' }
  try {
    for (let draw = 1; draw <= DRAWS; draw++) {
      const result = compareAt(new Instance(input, draw))
      if (result !== null) return result
    }
    return { kind: 'skipped', reason: 'the densities are not finite at the points that were drawn' }
  } catch (e) {
    if (e instanceof TooLarge) return { kind: 'skipped', reason: e.message }
    throw e
  }
}

function compareAt(instance: Instance): ValueCheck | null {
  let from: { readonly whole: number; readonly parts: number } | null = null
  let points = 0
  let largestError = 0
  for (let point = 1; point <= POINTS + DRAWS && points < POINTS; point++) {
    const whole = instance.whole(point)
    if (!Number.isFinite(whole)) {
      if (point === 2 && from === null) return null
      continue
    }
    const parts = instance.parts(point)
    if (from === null) {
      from = { whole, parts }
      continue
    }
    const error =
      Math.abs(whole - from.whole - (parts - from.parts)) / Math.max(1, Math.abs(whole), Math.abs(from.whole))
    if (!(error <= TOLERANCE))
      throw new Error(
        `Q and its statistics differ on a micro-instance: ${whole - from.whole} became ${parts - from.parts}`,
      )
    largestError = Math.max(largestError, error)
    points += 1
  }
  return points < POINTS ? null : { kind: 'checked', points, largestError }
}

/** The largest place that an expression names: `x[3]`, 4 of a loop over 4..T, or what a place is compared with. */
function largestPlace(e: Expr): number {
  const places = collectNodes(e, (n) => n.kind === 'ref' || n.kind === 'sum' || n.kind === 'case').flatMap((n) => {
    if (n.kind === 'ref') return n.index.map(literal)
    if (n.kind === 'sum') return [literal(n.index.from)]
    return n.kind === 'case' && guardChildren(n.when).some((x) => x.kind === 'index')
      ? guardChildren(n.when).map(literal)
      : []
  })
  return Math.ceil(Math.max(0, ...places.map((x) => x ?? 0)))
}

/** One draw of data, posterior and pivots; params are drawn per point. */
class Instance {
  private readonly params: ReadonlyMap<string, ParamInfo>
  private readonly tables: ReadonlyMap<string, BindTable>
  private readonly statistics: ReadonlyMap<string, Statistic>
  private readonly words = new Map<string, number>()
  private readonly sums = new Map<string, ReadonlyMap<string, number>>()
  private reads = 0
  /** The posterior is a mixture of `SAMPLES` points: this is the one that latents are read at. */
  private sample = 0

  private readonly size: number

  constructor(
    private readonly input: ValueCheckInput,
    private readonly draw: number,
  ) {
    this.size = Math.max(SIZE, ...input.terms.map(largestPlace))
    this.params = new Map([...input.params, ...(input.held ?? [])].map((p) => [p.name, p]))
    this.tables = new Map(input.bindTables.map((t) => [t.name, t]))
    this.statistics = new Map(input.objective.statistics.map((s) => [s.id, s]))
  }

  whole(point: number): number {
    this.reads = 0
    const env = this.environment(point)
    return this.input.terms.reduce((total, t) => total + evaluate(taken(t), env), 0)
  }

  parts(point: number): number {
    this.reads = 0
    const env = this.environment(point)
    const { monomials, rowTerms } = this.input.objective
    const rows = rowTerms.reduce((total, r) => total + evaluate(taken(r.expr), env), 0)
    return monomials.reduce((total, m) => total + evaluate(taken(plain(m)), env), rows)
  }

  private environment(point: number): Environment {
    // the order of the indicators does not matter
    const hashOf = (of: readonly NumericIndicator[]): number =>
      of.reduce((h, i) => (h + this.hash(i.latent, i.index, i.value)) >>> 0, 0)
    const share = (of: readonly NumericIndicator[]): number => 0.05 + 0.9 * unit(mixed(hashOf(of), 1))
    const probability = (of: readonly NumericIndicator[]): number => {
      const [only] = of
      if (only === undefined) return 1
      const range = of.length === 1 ? this.input.ranges.get(only.latent) : undefined
      if (range === undefined) return share(of)
      // those of one latent add up to 1 over its values
      let whole = 0
      const high = evaluate(range.high, environment)
      for (let value = evaluate(range.low, environment); value <= high; value++) whole += share([{ ...only, value }])
      return share(of) / whole
    }
    const environment: Environment = {
      ref: (space, name, index) => this.read(space, name, index, point),
      probability: (of) => {
        this.count()
        return probability(of)
      },
      expect: (of, body) => {
        this.count()
        const outer = this.sample
        const shares = Array.from({ length: SAMPLES }, (_, s) => 0.2 + unit(mixed(hashOf(of), s + 2)))
        const whole = shares.reduce((a, b) => a + b, 0)
        let total = 0
        shares.forEach((share, s) => {
          this.sample = s + 1
          total += (share / whole) * body()
        })
        this.sample = outer
        return probability(of) * total
      },
      mean: (latent, index) => 0.5 + 3 * this.random(latent, index),
    }
    return environment
  }

  private count(): void {
    this.reads += 1
    if (this.reads > READ_LIMIT) throw new TooLarge(`more than ${READ_LIMIT} reads even with sizes of ${SIZE}`)
  }

  private read(space: ArraySpace, name: string, index: readonly number[], point: number): number {
    this.count()
    switch (space) {
      case 'size':
        return this.size
      case 'const':
        return this.constant(name, index)
      case 'data':
        return this.datum(name, index)
      case 'observed':
        return this.random(name, index, OBSERVED) < 0.7 ? 1 : 0
      case 'pivot':
        return this.param(name, index, 0)
      case 'param':
        return this.param(name, index, point)
      case 'shift':
        return this.param(name, index, point) - this.param(name, index, 0)
      case 'stat':
        return this.statistic(name, index)
      case 'latent':
        if (this.sample === 0) throw new Error(`latent ${name} stands in Q outside an expectation`)
        return this.latent(name, index)
      case 'other':
      case 'table':
        throw new Error(`${space} ${name} stands in Q`)
    }
  }

  /** Uniform in (0, 1), from the draw, a word and numbers. */
  private random(word: string, index: readonly number[] = [], salt = 0): number {
    return unit(this.hash(word, index, salt))
  }

  private hash(word: string, index: readonly number[], salt = 0): number {
    let h = this.words.get(word)
    if (h === undefined) {
      h = hashOfWord(word, this.draw)
      this.words.set(word, h)
    }
    h = mixed(h, salt)
    for (const i of index) h = mixed(h, i)
    return h
  }

  private datum(name: string, index: readonly number[]): number {
    const u = this.random(name, index)
    switch (this.input.data.get(name)) {
      case 'category':
        return 1 + Math.floor(SIZE * u)
      case 'bool':
        return u < 0.5 ? 0 : 1
      case 'count':
      case 'int':
        return 1 + Math.floor(3 * u)
      case 'unit':
      case 'simplex':
        return 0.1 + 0.8 * u
      case 'positive':
      case 'nonnegative':
        return 0.5 + 2 * u
      case 'covariance':
      case 'correlation':
        return this.matrix(name, index, 0)
      default:
        return 4 * u - 2
    }
  }

  private latent(name: string, index: readonly number[]): number {
    const u = this.random(name, index, LATENT + this.sample)
    switch (this.input.latents.get(name)) {
      case 'positive':
        return 0.5 + 2 * u
      case 'unit':
      case 'simplex':
        return 0.1 + 0.8 * u
      case 'count':
        return 1 + Math.floor(3 * u)
      default:
        return 4 * u - 2
    }
  }

  private param(name: string, index: readonly number[], point: number): number {
    const p = this.params.get(name)
    const u = this.random(name, index, PARAM + point)
    switch (p?.support) {
      case 'positive':
      case 'nonnegative':
        return 0.5 + 2 * u
      case 'unit':
        return 0.1 + 0.8 * u
      case 'simplex':
        // not normalised: no rewrite may use that a simplex sums to 1
        return 0.1 + 0.35 * u
      case 'ordered':
        return (index.at(-1) ?? 1) + 0.8 * u
      case 'covariance':
      case 'correlation':
        return this.matrix(name, index, PARAM + point)
      case 'interval': {
        const env = this.environment(point)
        const low = p.low === null ? 0 : evaluate(p.low, env)
        const high = p.high === null ? 1 : evaluate(p.high, env)
        if (!Number.isFinite(low)) return Number.isFinite(high) ? high - 0.5 - 2 * u : 4 * u - 2
        return Number.isFinite(high) ? low + (high - low) * (0.1 + 0.8 * u) : low + 0.5 + 2 * u
      }
      default:
        return 3 * u - 1.5
    }
  }

  /** Symmetric with a dominant diagonal. */
  private matrix(name: string, index: readonly number[], salt: number): number {
    const [row = 1, column = 1] = index.slice(-2)
    const sorted = [...index.slice(0, -2), Math.min(row, column), Math.max(row, column)]
    const u = this.random(name, sorted, salt)
    return row === column ? 2 + u : 0.8 * u - 0.4
  }

  private constant(name: string, index: readonly number[]): number {
    const t = this.tables.get(name)
    if (t === undefined) throw new Error(`unknown const ${name}`)
    const u = this.random(name, index, CONST)
    switch (t.compute.kind) {
      case 'nodes':
        throw new Error('nodes of a quadrature stand in no term of Q')
      case 'label':
      case 'pattern':
        return 1 + Math.floor(SIZE * u)
      case 'reduction':
        return t.compute.fn === 'min' ? -5 - u : t.compute.fn === 'max' ? 5 + u : 1 + u
      case 'given':
        return this.param(name, index, 0)
      case 'const': {
        const env = this.environment(0)
        const value = evaluate(t.compute.value, {
          ...env,
          indices: new Map(t.indices.map((v, i) => [v.id, index[i] ?? 1])),
        })
        return t.indices.length === 0 && Number.isInteger(value) && literal(t.compute.value) !== null
          ? Math.min(value, LARGEST)
          : value
      }
    }
  }

  private statistic(id: string, index: readonly number[]): number {
    const known = this.sums.get(id)
    if (known !== undefined) return known.get(index.join(',')) ?? 0
    const s = this.statistics.get(id)
    if (s === undefined) throw new Error(`unknown statistic ${id}`)
    const out = new Map<string, number>()
    const env = this.environment(0)
    const loops = dependencyOrder(s.loops)
    const walk = (depth: number, indices: ReadonlyMap<string, number>): void => {
      const scope = { ...env, indices }
      const loop = loops[depth]
      if (loop === undefined) {
        if (!s.guards.every((g) => holds(g, scope))) return
        const at = s.at.map((e) => evaluate(e, scope)).join(',')
        out.set(at, (out.get(at) ?? 0) + evaluate(s.value, scope))
        return
      }
      const to = evaluate(loop.to, scope)
      for (let i = evaluate(loop.from, scope); i <= to; i++) walk(depth + 1, new Map([...indices, [loop.id, i]]))
    }
    walk(0, new Map())
    this.sums.set(id, out)
    return out.get(index.join(',')) ?? 0
  }
}

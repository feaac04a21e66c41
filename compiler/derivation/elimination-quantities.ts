/** What variable elimination computes for one table, from its buckets: factors, messages, normaliser, posteriors. */
import { add, caseOf, compare, idx, log, mul, num, ONE, ref, sum } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { collectNodes, substituteIndex } from '../algebra/visit.js'
import { placedExpr } from '../estep/place.js'
import { elementOf, tableOf } from '../estep/places.js'
import type { Bucket, LatentTable, PlacedFactor, Potential } from '../estep/types.js'
import type { DiscreteLatent } from '../graph/types.js'
import { readCells } from '../lower/indicators.js'
import { shownNormalisers } from './block-names.js'
import type { FormulaContext } from './print.js'
import { fraction, overValues } from './recursion-terms.js'
import { weightedSum } from './row-weights.js'
import { isShown } from './shown-factors.js'
import { simplify } from './simplify.js'
import type { Equation } from './update-types.js'

/** A table of numbers over the values of a scope, at a row. */
export interface Source {
  readonly scope: readonly string[]
  readonly at: Expr
}

/** A name and the logarithm of what it stands for, as terms. */
export interface LogDensity {
  readonly left: Expr
  readonly logs: readonly Expr[]
  /** The factors that it is made of; none for messages of other rows. */
  readonly factors: readonly PlacedFactor[]
}

/** A bucket with what it multiplies, and the message that it leaves. */
export interface BucketQuantities {
  readonly bucket: Bucket
  /** Product of the factors and messages that read what is eliminated. */
  readonly product: Expr
  readonly message: Expr
}

/** One table with its letters. */
export class EliminationQuantities {
  readonly loops: readonly IndexVar[]
  /** A letter for the value of each element. */
  readonly values = new Map<string, IndexVar>()
  /** Factors of the table that its buckets read. */
  readonly densities: readonly LogDensity[]
  /** Products of the messages of rows that point to a row. */
  readonly gathered: readonly LogDensity[]
  readonly buckets: readonly BucketQuantities[]
  /** Messages that no bucket of the table takes: a chain does, or the parent's row. */
  readonly left: readonly Source[]

  constructor(
    readonly table: LatentTable,
    readonly c: FormulaContext,
  ) {
    const { eStep } = c.notation.derivation
    this.loops = table.loops.map((l) => l.index)
    for (const e of table.buckets.flatMap((b) => b.scope)) this.valueOf(e)
    const eliminated = new Set(table.buckets.map((b) => b.eliminate))
    const potentials = eStep.potentials.filter(
      (p) => p.table === table.id && p.scope.some((e) => eliminated.has(e)) && shownFactors(p).length > 0,
    )
    this.densities = potentials.map((p) => ({
      left: this.factorAt(p),
      logs: shownFactors(p).map((f) => this.logOf(f)),
      factors: shownFactors(p),
    }))
    const incoming = this.incoming()
    this.gathered = incoming.map((m) => ({ left: m.at, logs: [m.log], factors: [] }))
    const sources = [...potentials.map((p) => ({ scope: p.scope, at: this.factorAt(p) })), ...incoming]
    const { buckets, live } = this.eliminate(sources)
    this.buckets = buckets
    this.left = live.filter((s) => s.scope.length > 0)
  }

  /** The buckets in their order: each takes the sources that read its latent, and leaves one more. */
  private eliminate(sources: readonly Source[]): {
    readonly buckets: readonly BucketQuantities[]
    readonly live: readonly Source[]
  } {
    let live = sources
    const buckets = this.table.buckets.map((bucket): BucketQuantities => {
      const inputs = live.filter((s) => s.scope.includes(bucket.eliminate))
      const message = messageAt(this, bucket)
      live = [...live.filter((s) => !inputs.includes(s)), { scope: bucket.scope.slice(1), at: message }]
      return { bucket, product: mul(...inputs.map((s) => s.at)), message }
    })
    return { buckets, live }
  }

  latentOf(element: string): DiscreteLatent | undefined {
    const latent = this.c.notation.facts.latents.get(elementOf(element).latent)
    return latent?.kind === 'discrete' ? latent : undefined
  }

  /** The letter of an element, chosen when it is first asked for. */
  valueOf(element: string): Expr {
    const known = this.values.get(element)
    if (known !== undefined) return idx(known)
    const l = this.latentOf(element)
    const letter = this.table.latents.some((x) => x.name === l?.name) ? 'k' : 'j'
    const v = this.c.notation.derivation.supply.fresh(letter, l?.high ?? ONE, l?.low ?? ONE)
    this.values.set(element, v)
    return idx(v)
  }

  /** The letters that a formula of this table may hold. */
  get indices(): readonly IndexVar[] {
    return [...this.loops, ...this.values.values()]
  }

  get row(): readonly Expr[] {
    return this.loops.map((v) => idx(v))
  }

  private factorAt(p: Potential): Expr {
    const label = p.scope.map(shownElement).join('^')
    return ref('table', `${this.c.notation.symbols.factor}^${label}`, [
      ...this.row,
      ...p.scope.map((e) => this.valueOf(e)),
    ])
  }

  private logOf(f: PlacedFactor): Expr {
    const by = new Map(f.lifted.variables.map((v, i) => [v.value.id, this.valueOf(f.elements[i] ?? '')]))
    let e = substituteIndex(placedExpr(f), by)
    // reached through a key: the rows that point here
    if (!f.direct)
      f.row.forEach((key, i) => {
        const l = this.loops[i]
        if (l !== undefined) e = mul(caseOf(compare('==', key, idx(l)), ONE), e)
      })
    return simplify(weightedSum(f.extraLoops, shownNormalisers(e, this.c.notation)), this.c.notation.facts)
  }

  // -- messages of other tables --------------------------------------------------------------------------------------

  /** What the rows of finer tables that point to a row leave for it. */
  private incoming(): readonly (Source & { readonly log: Expr })[] {
    const { eStep } = this.c.notation.derivation
    return eStep.tables
      .filter((t) => t.parent?.table === this.table.id)
      .flatMap((child) =>
        this.outgoing(child).map(({ from, scope, log: message, loops }) => {
          const name = `${this.c.notation.symbols.gathered}^${from.join('^')}`
          return {
            scope,
            at: ref('table', name, [...this.row, ...scope.map((e) => this.valueOf(e))]),
            log: this.overRows(child, loops, mul(child.weight ?? ONE, message)),
          }
        }),
      )
  }

  /** Messages of a table over elements of its parent's row alone, at a row (of a chain: at a sequence). */
  private outgoing(t: LatentTable): readonly {
    readonly from: readonly string[]
    readonly scope: readonly string[]
    readonly log: Expr
    readonly loops: readonly IndexVar[]
  }[] {
    const own = new Set(t.latents.map((l) => l.name))
    const { symbols } = this.c.notation
    const row = t.loops.map((l) => l.index)
    const sequences = t.chain === null ? row : t.chain.sequences.map((l) => l.index)
    const along = (e: Expr): Expr => (t.chain === null ? e : sum(t.chain.axis, e))
    const at = (name: string, scope: readonly string[]): Expr =>
      log(ref('table', name, [...row.map((v) => idx(v)), ...scope.map((e) => this.valueOf(e))]))
    const ofBuckets = t.buckets
      .map((b) => ({ b, scope: b.scope.slice(1) }))
      .filter(({ scope }) => scope.length > 0 && !scope.some((e) => own.has(elementOf(e).latent)))
      .map(({ b, scope }) => ({
        from: [b.eliminate],
        scope,
        log: along(at(messageName(b, symbols.message), scope)),
        loops: sequences,
      }))
    const ofChains = (t.chain?.blocks ?? [])
      .filter((b) => b.parents.length > 0)
      .map((b) => ({
        from: b.states.map((s) => s.latent),
        scope: b.parents,
        log: along(at(symbols.scale, b.parents)),
        loops: sequences,
      }))
    return [...ofBuckets, ...ofChains]
  }

  /** Σ over the rows of a table that point to the row. */
  private overRows(t: LatentTable, loops: readonly IndexVar[], e: Expr): Expr {
    const here = new Set(this.loops.map((v) => v.id))
    const guarded = (t.parent?.key ?? []).reduce<Expr>((body, key, i) => {
      const v = this.loops[i]
      return v === undefined || (key.kind === 'index' && key.var === v.id)
        ? body
        : mul(caseOf(compare('==', key, idx(v)), ONE), body)
    }, e)
    return loops.filter((v) => !here.has(v.id)).reduceRight<Expr>((b, v) => sum(v, b), guarded)
  }

  // -- posteriors ----------------------------------------------------------------------------------------------------

  probability(elements: readonly string[]): Expr {
    return {
      kind: 'probability',
      of: elements.map((e) => {
        const { latent, lag } = elementOf(e)
        return { latent, index: this.rowOf(latent, lag), value: this.valueOf(e) }
      }),
    }
  }

  /** The row of an element: the table's own, or that of its parent. */
  rowOf(latent: string, lag: number): readonly Expr[] {
    const l = this.latentOf(latent)
    const own = l === undefined || tableOf(l) === this.table.id
    const at = own ? this.row : (this.table.parent?.key ?? [])
    const position = own
      ? this.table.chain?.position
      : this.c.notation.derivation.eStep.tables.find((t) => t.id === this.table.parent?.table)?.chain?.position
    return at.map((e, i) => (i === position && lag > 0 ? add(e, num(-lag)) : e))
  }

  equation(left: Expr, right: Expr): Equation {
    return { left, right, indices: this.indices, over: [] }
  }

  overAll(elements: readonly string[], e: Expr): Expr {
    return overValues(this.values, elements, e)
  }

  messageEquations(): readonly Equation[] {
    return this.buckets.map(({ bucket, product, message }) =>
      this.equation(message, this.overAll([bucket.eliminate], product)),
    )
  }

  /** P(eliminated, rest) = P(eliminated | rest) · P(rest), from the last bucket to the first. */
  posteriorEquations(): readonly Equation[] {
    return [...this.buckets].reverse().flatMap(({ bucket, product, message }): readonly Equation[] => {
      const rest = bucket.scope.slice(1)
      const outer = rest.length === 0 ? ONE : this.probability(rest)
      const later = this.table.buckets.slice(this.table.buckets.indexOf(bucket) + 1)
      return [
        ...(rest.length < 2 ? [] : this.marginal(rest, later)),
        this.equation(this.probability(bucket.scope), fraction(mul(product, outer), message)),
        ...this.marginal([bucket.eliminate], [bucket]),
      ]
    })
  }

  /** Joint posteriors that are read elsewhere, out of the first bucket that holds them. */
  demandedEquations(demanded: readonly Expr[]): readonly Equation[] {
    const known = new Set(this.posteriorEquations().map((q) => keyOf(q.left)))
    return demanded
      .flatMap((e) => collectNodes(e, (n) => n.kind === 'probability'))
      .flatMap((p): readonly Equation[] => {
        if (p.kind !== 'probability' || p.of.length < 2) return []
        const { table, elements } = readCells(p.of, this.c.notation.derivation.eStep)
        if (table.id !== this.table.id || !elements.every((e) => this.values.has(e))) return []
        const all = [...this.values.keys()].filter((e) => elements.includes(e))
        return all.length < 2 ? [] : this.marginal(all, this.table.buckets)
      })
      .filter((q) => {
        const key = keyOf(q.left)
        return known.has(key) ? false : known.add(key)
      })
  }

  /** Posterior of elements as a sum over the others of the first bucket that holds them. */
  private marginal(elements: readonly string[], buckets: readonly Bucket[]): readonly Equation[] {
    const holder = buckets.find((b) => elements.every((e) => b.scope.includes(e)))
    const others = holder?.scope.filter((e) => !elements.includes(e)) ?? []
    if (holder === undefined || others.length === 0) return []
    return [this.equation(this.probability(elements), this.overAll(others, this.probability(holder.scope)))]
  }

  /** true where a message goes to the parent's row. */
  get sendsUp(): boolean {
    const own = new Set(this.table.latents.map((l) => l.name))
    return this.table.buckets.some(
      (b) => b.scope.length > 1 && !b.scope.slice(1).some((e) => own.has(elementOf(e).latent)),
    )
  }

  /** true where some latent is joined to another one when it is summed out. */
  get joined(): boolean {
    return this.table.buckets.some((b) => b.scope.length > 1)
  }

  /** Messages over nothing: their product is the normaliser of a row. */
  get normalisers(): readonly Expr[] {
    return this.buckets.filter((b) => b.bucket.scope.length === 1).map((b) => b.message)
  }
}

const shownFactors = (p: Potential): readonly PlacedFactor[] => p.factors.filter(isShown)

/** A latent some steps back has as many primes. */
const shownElement = (e: string): string => {
  const { latent, lag } = elementOf(e)
  return `${latent}${'′'.repeat(lag)}`
}

const messageName = (b: Bucket, letter: string): string => `${letter}^${b.eliminate}`

const messageAt = (q: EliminationQuantities, b: Bucket): Expr =>
  ref('table', messageName(b, q.c.notation.symbols.message), [...q.row, ...b.scope.slice(1).map((e) => q.valueOf(e))])

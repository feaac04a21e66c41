/** What stands in the recursions of a chain: evidence, steps, messages and posteriors, by their letters. */
import { add, caseOf, compare, idx, isOne, isZero, mul, num, ONE, ref, sub, sum } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { rewrite, substituteIndex } from '../algebra/visit.js'
import { placedExpr } from '../estep/place.js'
import { elementOf } from '../estep/places.js'
import type { ChainBlock, LatentTable, PlacedFactor, TableChain } from '../estep/types.js'
import type { DiscreteLatent } from '../graph/types.js'
import { shownNormalisers } from './block-names.js'
import { conditionsAsIndicators } from './for-display.js'
import { equation, type Formula, type FormulaContext, formula } from './print.js'
import { productOf, sideBySide } from './products.js'
import { fraction, overValues } from './recursion-terms.js'
import { isShown } from './shown-factors.js'
import { simplify } from './simplify.js'

/** One chain with its letters. */
export class ChainQuantities {
  readonly loops: readonly IndexVar[]
  readonly axis: IndexVar
  /** A letter for the value of each element. */
  readonly values = new Map<string, IndexVar>()
  readonly all: readonly IndexVar[]

  constructor(
    readonly table: LatentTable,
    readonly chain: TableChain,
    readonly block: ChainBlock,
    readonly c: FormulaContext,
  ) {
    this.loops = table.loops.map((l) => l.index)
    this.axis = chain.axis
    const { supply } = c.notation.derivation
    for (const e of [...block.leaving, ...block.window].reverse()) {
      const l = this.latentOf(e)
      this.values.set(e, supply.fresh('k', l?.high ?? ONE, l?.low ?? ONE))
    }
    for (const e of block.parents) {
      const l = this.latentOf(e)
      this.values.set(e, supply.fresh('j', l?.high ?? ONE, l?.low ?? ONE))
    }
    this.all = [...this.loops, ...this.values.values()]
  }

  get window(): readonly string[] {
    return this.block.window
  }

  get leavingOnly(): readonly string[] {
    return this.block.leaving
  }

  latentOf(element: string): DiscreteLatent | undefined {
    const latent = this.c.notation.facts.latents.get(elementOf(element).latent)
    return latent?.kind === 'discrete' ? latent : undefined
  }

  valueOf(element: string): Expr {
    const v = this.values.get(element)
    if (v === undefined) throw new Error(`no value of ${element}`)
    return idx(v)
  }

  count(elements: readonly string[]): Formula {
    const sizes = elements.map((e) => {
      const l = this.latentOf(e)
      return l === undefined ? ONE : add(sub(l.high, l.low), ONE)
    })
    return formula(mul(...sizes), [], this.c)
  }

  row(steps = 0): readonly Expr[] {
    return this.loops.map((v, i) => (i === this.chain.position ? add(idx(v), num(-steps)) : idx(v)))
  }

  /** A quantity at a place, with the values of elements, as many places back. */
  at(role: 'evidence' | 'step' | 'forward', elements: readonly string[], steps = 0, label = ''): Expr {
    const { symbols } = this.c.notation
    return ref('table', `${symbols[role]}${label}`, [
      ...this.row(steps),
      ...[...elements, ...this.block.parents].map((e) => this.valueOf(e)),
    ])
  }

  named(role: 'evidence' | 'step', elements: readonly string[]): Formula {
    return formula(this.at(role, elements), this.all, this.c)
  }

  /** The window as it was one place before: what lay back n + 1 steps lies back n. */
  get before(): readonly string[] {
    return this.window.map((e) => {
      const { latent, lag } = elementOf(e)
      return `${latent}@${lag + 1}`
    })
  }

  scale(): Expr {
    return ref('table', this.c.notation.symbols.scale, [
      ...this.row(),
      ...this.block.parents.map((e) => this.valueOf(e)),
    ])
  }

  // -- evidence and step ---------------------------------------------------------------------------------------------

  factors(step: boolean): readonly PlacedFactor[] {
    const own = new Set(this.block.states.map((s) => s.latent))
    return this.c.notation.derivation.eStep.potentials
      .filter(
        (p) =>
          p.table === this.table.id &&
          p.scope.some((e) => own.has(elementOf(e).latent)) &&
          p.scope.every((e) => this.values.has(e)) &&
          p.scope.some((e) => this.leavingOnly.includes(e)) === step,
      )
      .flatMap((p) => p.factors)
      .filter(isShown)
  }

  logOf(f: PlacedFactor, step: boolean): Expr {
    const by = new Map(f.lifted.variables.map((v, i) => [v.value.id, this.valueOf(f.elements[i] ?? '')]))
    let e = substituteIndex(placedExpr(f), by)
    if (!f.direct)
      f.row.forEach((key, i) => {
        const l = this.loops[i]
        if (l !== undefined) e = mul(caseOf(compare('==', key, idx(l)), ONE), e)
      })
    const shown = step ? this.withoutFirst(e) : e
    return simplify(
      f.extraLoops
        .map((l) => l.index)
        .reduceRight<Expr>((b, l) => sum(l, b), conditionsAsIndicators(shownNormalisers(shown, this.c.notation))),
      this.c.notation.facts,
    )
  }

  /** A step is taken into the second place and later ones: a condition that says so is dropped. */
  withoutFirst(e: Expr): Expr {
    const later = [
      keyOf(caseOf(compare('>=', idx(this.axis), add(this.axis.from, ONE)), ONE)),
      keyOf(caseOf(compare('>', idx(this.axis), this.axis.from), ONE)),
    ]
    return rewrite(e, (n) =>
      n.kind === 'case' && isZero(n.otherwise) && later.includes(keyOf(caseOf(n.when, ONE))) ? n.then : n,
    )
  }

  evidenceLine(): Formula {
    return this.densityLine(this.at('evidence', this.window), this.factors(false), false)
  }

  stepLine(): Formula {
    return this.densityLine(this.at('step', [...this.leavingOnly, ...this.window]), this.factors(true), true)
  }

  densityLine(left: Expr, factors: readonly PlacedFactor[], step: boolean): Formula {
    const logs = factors.map((f) => this.logOf(f, step))
    const shownLeft = formula(left, this.all, this.c)
    if (logs.length === 0) return { text: `${shownLeft.text} = 1`, latex: `${shownLeft.latex} = 1` }
    const parts = logs.some(hasCondition) ? null : productOf(logs)
    if (parts === null) {
      const right = formula(simplify(add(...logs), this.c.notation.facts), this.all, this.c)
      return { text: `log ${shownLeft.text} = ${right.text}`, latex: `\\log ${shownLeft.latex} = ${right.latex}` }
    }
    const shown = sideBySide(parts, this.all, this.c)
    return { text: `${shownLeft.text} = ${shown.text}`, latex: `${shownLeft.latex} = ${shown.latex}` }
  }

  // -- recursions ----------------------------------------------------------------------------------------------------

  line(left: Expr, right: Expr): Formula {
    return equation({ left, right, indices: this.all, over: [] }, { ...this.c, sums: 'plain' })
  }

  overAll(elements: readonly string[], e: Expr): Expr {
    return overValues(this.values, elements, e)
  }

  forwardLines(): readonly Formula[] {
    const predicted = this.at('forward', this.window, 0, '^pred')
    const previous = this.at('forward', this.before, 1)
    const evidence = this.at('evidence', this.window)
    return [
      this.line(
        predicted,
        this.overAll(this.leavingOnly, mul(previous, this.at('step', [...this.leavingOnly, ...this.window]))),
      ),
      this.line(this.scale(), this.overAll(this.window, mul(predicted, evidence))),
      this.line(this.at('forward', this.window), fraction(mul(predicted, evidence), this.scale())),
    ]
  }

  /** The recursion of the best path: a maximum stands where the filter has a sum. */
  bestLine(): Formula {
    const best = (elements: readonly string[], steps = 0): Expr => this.at('forward', elements, steps, '^max')
    const into = mul(best(this.before, 1), this.at('step', [...this.leavingOnly, ...this.window]))
    const line = this.line(
      best(this.window),
      mul(this.at('evidence', this.window), this.overAll(this.leavingOnly, into)),
    )
    return { text: line.text.replaceAll('∑', 'max'), latex: line.latex.replaceAll('\\sum', '\\max') }
  }

  posterior(elements: readonly string[]): Expr {
    const all = [...elements, ...this.block.parents]
    return {
      kind: 'probability',
      of: all.map((e) => {
        const { latent, lag } = elementOf(e)
        const own = this.block.parents.includes(e)
        return {
          latent,
          index: own ? this.parentRow(latent, lag) : this.row(lag),
          value: this.valueOf(e),
        }
      }),
    }
  }

  parentRow(latent: string, lag: number): readonly Expr[] {
    const key = this.table.parent?.key ?? []
    const loops = this.latentOf(latent)?.loops ?? []
    return key.length === loops.length
      ? key.map((e) => (lag === 0 ? e : add(e, num(-lag))))
      : loops.map((l) => idx(l.index))
  }

  backwardLines(): readonly Formula[] {
    const pair = this.posterior([...this.leavingOnly, ...this.window])
    const predicted = this.at('forward', this.window, 0, '^pred')
    const previous = this.at('forward', this.before, 1)
    const arriving = this.window.filter((e) => elementOf(e).lag === 0)
    return [
      this.line(
        pair,
        fraction(
          mul(previous, this.at('step', [...this.leavingOnly, ...this.window]), this.posterior(this.window)),
          predicted,
        ),
      ),
      this.line(this.posterior(this.before), this.overAll(arriving, pair)),
    ]
  }
}

function hasCondition(e: Expr): boolean {
  let found = false
  rewrite(e, (n) => {
    if (n.kind === 'case' && isOne(n.then)) found = true
    return n
  })
  return found
}

/** What stands in the recursions of a chain: evidence, steps, messages and posteriors, by their letters. */
import { add, caseOf, compare, idx, isOne, isZero, log, mul, num, ONE, ref, sub } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { collectNodes, rewrite, substituteIndex } from '../algebra/visit.js'
import { placedExpr } from '../estep/place.js'
import { elementOf } from '../estep/places.js'
import type { ChainBlock, LatentTable, PlacedFactor, TableChain } from '../estep/types.js'
import type { DiscreteLatent } from '../graph/types.js'
import { readCells } from '../lower/indicators.js'
import { shownNormalisers } from './block-names.js'
import type { LogDensity, Source } from './elimination-quantities.js'
import { conditionsAsIndicators } from './for-display.js'
import { fromFactors } from './origins.js'
import { equation, type Formula, type FormulaContext, formula } from './print.js'
import { productOf, sideBySide } from './products.js'
import { fraction, overValues } from './recursion-terms.js'
import { weightedSum } from './row-weights.js'
import { isShown } from './shown-factors.js'
import { simplify } from './simplify.js'
import type { Line } from './types.js'
import type { Equation } from './update-types.js'

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
    /** Messages of what was summed out before, under the letters of that page. */
    private readonly sources: readonly Source[],
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

  /** Messages into the states at a place, or into the steps. */
  messages(step: boolean): readonly Expr[] {
    const own = new Set(this.block.states.map((s) => s.latent))
    return this.sources
      .filter(
        ({ scope }) =>
          scope.some((e) => own.has(elementOf(e).latent)) && scope.some((e) => this.leavingOnly.includes(e)) === step,
      )
      .flatMap(({ at, scope }) =>
        at.kind === 'ref' ? [ref(at.space, at.name, [...this.row(), ...scope.map((e) => this.valueOf(e))])] : [],
      )
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
      weightedSum(f.extraLoops, conditionsAsIndicators(shownNormalisers(shown, this.c.notation))),
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

  /** Evidence and step, each with the logarithm of what it stands for, as terms. */
  densities(): readonly LogDensity[] {
    const density = (left: Expr, step: boolean): LogDensity => {
      const factors = this.factors(step)
      const logs = [...factors.map((f) => this.logOf(f, step)), ...this.messages(step).map((m) => log(m))]
      return { left, logs, factors }
    }
    return [
      density(this.at('evidence', this.window), false),
      density(this.at('step', [...this.leavingOnly, ...this.window]), true),
    ]
  }

  densityLines(): readonly Line[] {
    return this.densities().map((d) => ({ ...this.densityLine(d), ...fromFactors(d.factors) }))
  }

  private densityLine({ left, logs }: LogDensity): Formula {
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

  equation(left: Expr, right: Expr): Equation {
    return { left, right, indices: this.all, over: [] }
  }

  line(e: Equation): Formula {
    return equation(e, { ...this.c, sums: 'plain' })
  }

  overAll(elements: readonly string[], e: Expr): Expr {
    return overValues(this.values, elements, e)
  }

  forwardEquations(): readonly Equation[] {
    const predicted = this.at('forward', this.window, 0, '^pred')
    const previous = this.at('forward', this.before, 1)
    const evidence = this.at('evidence', this.window)
    return [
      this.equation(
        predicted,
        this.overAll(this.leavingOnly, mul(previous, this.at('step', [...this.leavingOnly, ...this.window]))),
      ),
      this.equation(this.scale(), this.overAll(this.window, mul(predicted, evidence))),
      this.equation(this.at('forward', this.window), fraction(mul(predicted, evidence), this.scale())),
    ]
  }

  /** The prediction at the first place where that is not 1: messages into the step there, with one value of what is not. */
  firstEquation(): Equation | null {
    const messages = this.messages(true)
    if (messages.length === 0) return null
    const absent = new Map(
      this.leavingOnly.flatMap((e) => {
        const v = this.values.get(e)
        return v === undefined ? [] : [[v.id, v.from] as const]
      }),
    )
    const first = (e: Expr): Expr => this.atPlace(e, this.axis.from)
    return this.equation(
      first(this.at('forward', this.window, 0, '^pred')),
      first(substituteIndex(mul(...messages), absent)),
    )
  }

  /** The state at the last place that is the best there, and the state before the best one of a place. */
  traceBackLines(): readonly Formula[] {
    const parents = this.block.parents.map((e) => [e, this.cell(e)] as const)
    const last = this.chosen(
      this.window,
      this.atPlace(this.at('forward', this.window), this.axis.to),
      (e) => this.atPlace(this.cell(e), this.axis.to),
      parents,
    )
    const into = mul(this.at('forward', this.before, 1), this.at('step', [...this.leavingOnly, ...this.window]))
    const fixed = this.window.map((e) => [e, this.cell(e)] as const)
    return [last, this.chosen(this.leavingOnly, into, (e) => this.cell(e), [...fixed, ...parents])]
  }

  /** cells = argmax over their values of e, with the values that are fixed already in it. */
  private chosen(
    elements: readonly string[],
    e: Expr,
    cell: (element: string) => Expr,
    fixed: readonly (readonly [string, Expr])[],
  ): Formula {
    const by = new Map(
      fixed.flatMap(([x, value]) => {
        const v = this.values.get(x)
        return v === undefined ? [] : [[v.id, value] as const]
      }),
    )
    const cells = elements.map((x) => formula(cell(x), this.all, this.c))
    const values = elements.map((x) => formula(this.valueOf(x), this.all, this.c))
    const best = formula(substituteIndex(e, by), this.all, this.c)
    const list = (of: readonly Formula[], style: 'text' | 'latex'): string => of.map((f) => f[style]).join(', ')
    const several = (s: string): string => (elements.length > 1 ? `(${s})` : s)
    const over = list(values, 'text')
    return {
      text: `${several(list(cells, 'text'))} = argmax_${elements.length > 1 ? `{${over}}` : over} ${best.text}`,
      latex: `${several(list(cells, 'latex'))} = \\operatorname*{arg\\,max}_{${list(values, 'latex')}} ${best.latex}`,
    }
  }

  private cell(element: string): Expr {
    const { latent, lag } = elementOf(element)
    const own = this.block.parents.includes(element)
    return ref('latent', latent, own ? this.parentRow(latent, lag) : this.row(lag))
  }

  private atPlace(e: Expr, place: Expr): Expr {
    return substituteIndex(e, new Map([[this.axis.id, place]]))
  }

  posterior(elements: readonly string[]): Expr {
    return this.probability([...elements, ...this.block.parents])
  }

  private probability(elements: readonly string[]): Expr {
    return {
      kind: 'probability',
      of: elements.map((e) => {
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

  /** The posterior at the last place, and from each place that of the one before it. */
  backwardEquations(): readonly Equation[] {
    const pair = this.posterior([...this.leavingOnly, ...this.window])
    const predicted = this.at('forward', this.window, 0, '^pred')
    const previous = this.at('forward', this.before, 1)
    const arriving = this.window.filter((e) => elementOf(e).lag === 0)
    const parents = this.block.parents.length === 0 ? ONE : this.posterior([])
    const last = (e: Expr): Expr => this.atPlace(e, this.axis.to)
    return [
      this.equation(last(this.posterior(this.window)), mul(last(this.at('forward', this.window)), last(parents))),
      this.equation(
        pair,
        fraction(
          mul(previous, this.at('step', [...this.leavingOnly, ...this.window]), this.posterior(this.window)),
          predicted,
        ),
      ),
      this.equation(this.posterior(this.before), this.overAll(arriving, pair)),
    ]
  }

  /** Posteriors of single latents, and those that are read elsewhere, as sums of what the smoother gives. */
  marginalEquations(demanded: readonly Expr[]): readonly Equation[] {
    const all = [...this.leavingOnly, ...this.window]
    const states = this.window.filter((e) => elementOf(e).lag === 0).map((e) => [e])
    const read = demanded
      .flatMap((e) => collectNodes(e, (n) => n.kind === 'probability'))
      .flatMap((p): readonly (readonly string[])[] => {
        if (p.kind !== 'probability') return []
        const { table, elements } = readCells(p.of, this.c.notation.derivation.eStep)
        return table.id === this.table.id && elements.every((e) => this.values.has(e)) ? [elements] : []
      })
    const seen = new Set<string>()
    return [...states, ...read].flatMap((elements): readonly Equation[] => {
      const kept = [...all, ...this.block.parents].filter((e) => elements.includes(e))
      const held = kept.some((e) => this.leavingOnly.includes(e)) ? all : this.window
      const summed = [...held, ...this.block.parents].filter((e) => !elements.includes(e))
      if (summed.length === 0 || !kept.some((e) => all.includes(e)) || seen.has(kept.join())) return []
      seen.add(kept.join())
      return [this.equation(this.probability(kept), this.overAll(summed, this.posterior(held)))]
    })
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

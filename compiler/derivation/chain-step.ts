/** The page of a chain: the scaled filter, the smoother, the joint posteriors of neighbours, as they are executed. */
import { add, caseOf, compare, idx, isOne, isZero, mul, num, ONE, ref, sub, sum } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { rewrite, substituteIndex } from '../algebra/visit.js'
import { placedExpr } from '../estep/place.js'
import { elementOf } from '../estep/places.js'
import type { ChainBlock, EStepStep, LatentTable, PlacedFactor, TableChain } from '../estep/types.js'
import type { DiscreteLatent } from '../graph/types.js'
import { shownNormalisers } from './block-names.js'
import { conditionsAsIndicators } from './for-display.js'
import { rangesWords } from './model-steps.js'
import { letteredNames } from './names-words.js'
import { equation, type Formula, type FormulaContext, formula } from './print.js'
import { productOf, sideBySide } from './products.js'
import { simplify } from './simplify.js'
import { type Block, type DerivationStep, type Inline, inline, say } from './types.js'

export function chainStep(
  t: LatentTable,
  chain: TableChain,
  step: EStepStep | undefined,
  c: FormulaContext,
): DerivationStep {
  const names = t.latents.map((l) => l.name).join(', ')
  return {
    id: `e-step ${names}`,
    kind: 'e-step',
    title: `E-step: the posterior of ${letteredNames(
      t.latents.map((l) => l.name),
      c,
    )}`,
    rule: step?.method ?? null,
    content: [...bucketWords(t), ...chain.blocks.flatMap((b) => new ChainPage(t, chain, b, c).content())],
    citation: step?.reference ?? null,
    span: t.latents[0]?.span ?? null,
  }
}

/** What is summed out at each place before the chain. */
function bucketWords(t: LatentTable): readonly Block[] {
  if (t.buckets.length === 0) return []
  return [
    say`Latents of single places are summed out there first, and leave messages to what they depend on:`,
    {
      kind: 'list',
      items: t.buckets.map((b) => {
        const rest = b.scope.slice(1).map(placeWords)
        return rest.length === 0
          ? inline`${b.eliminate}: what is left is a number`
          : inline`${b.eliminate}: leaves a message over ${rest.join(', ')}`
      }),
    },
  ]
}

const placeWords = (e: string): string => {
  const { latent, lag } = elementOf(e)
  return lag === 0 ? latent : `${latent} ${lag === 1 ? 'one step' : `${lag} steps`} back`
}

class ChainPage {
  private readonly loops: readonly IndexVar[]
  private readonly axis: IndexVar
  /** A letter for the value of each element. */
  private readonly values = new Map<string, IndexVar>()
  private readonly all: readonly IndexVar[]

  constructor(
    private readonly table: LatentTable,
    private readonly chain: TableChain,
    private readonly block: ChainBlock,
    private readonly c: FormulaContext,
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

  content(): readonly Block[] {
    const { c, block } = this
    const place = formula(idx(this.axis), this.loops, c)
    const first = formula(this.axis.from, this.loops, c)
    const last = formula(this.axis.to, this.loops, c)
    const states = block.states.map((s) => (s.order === 1 ? s.latent : `${s.latent} at the last ${s.order} places`))
    const several = block.states.length > 1
    const parents: Inline =
      block.parents.length === 0 ? [] : [`, once for each value of ${block.parents.map(placeWords).join(', ')}`]
    const two = block.window.length > 1 ? [' A state is the values of ', states.join(' and '), '.'] : []
    return [
      {
        kind: 'prose',
        parts: [
          `${block.states.map((s) => s.latent).join(' and ')} at one place ${several ? 'depend' : 'depends'} on ${block.window.length > block.states.length ? 'the places' : 'the place'} before: along `,
          place,
          several
            ? ' they are a chain together, summed out by the scaled forward–backward recursion'
            : ' it is a chain, summed out by the scaled forward–backward recursion',
          ...parents,
          rangesWords(
            this.chain.sequences.map((l) => l.index),
            c,
          ) === ''
            ? '.'
            : `, for each sequence.`,
          ...two,
          ' Let ',
          this.named('evidence', this.window),
          ' be what the statements say of a state at its place, and ',
          this.named('step', [...this.leavingOnly, ...this.window]),
          ' the step into it:',
        ],
      },
      { kind: 'formula', lines: [this.evidenceLine(), this.stepLine()] },
      ...this.messageWords(),
      say`The filter goes forward from ${place} = ${first}: what is predicted from the place before, times the evidence, scaled to add up to 1,`,
      { kind: 'formula', lines: this.forwardLines() },
      say`At the first place there is nothing before, and the prediction is 1. The smoother goes back from ${place} = ${last}, where the filter is the posterior already:`,
      { kind: 'formula', lines: this.backwardLines() },
      ...this.likelihoodWords(),
      say`Scaling keeps every number near 1: nothing underflows, however long the chain. Time is proportional to the number of places times ${this.count([...block.window, ...block.leaving])}, and three arrays of places × ${this.count([...block.window])} are held; the joint posteriors are added up as they arise.`,
    ]
  }

  private get window(): readonly string[] {
    return this.block.window
  }

  private get leavingOnly(): readonly string[] {
    return this.block.leaving
  }

  private latentOf(element: string): DiscreteLatent | undefined {
    const latent = this.c.notation.facts.latents.get(elementOf(element).latent)
    return latent?.kind === 'discrete' ? latent : undefined
  }

  private valueOf(element: string): Expr {
    const v = this.values.get(element)
    if (v === undefined) throw new Error(`no value of ${element}`)
    return idx(v)
  }

  private count(elements: readonly string[]): Formula {
    const sizes = elements.map((e) => {
      const l = this.latentOf(e)
      return l === undefined ? ONE : add(sub(l.high, l.low), ONE)
    })
    return formula(mul(...sizes), [], this.c)
  }

  private row(steps = 0): readonly Expr[] {
    return this.loops.map((v, i) => (i === this.chain.position ? add(idx(v), num(-steps)) : idx(v)))
  }

  /** A quantity at a place, with the values of elements, as many places back. */
  private at(role: 'evidence' | 'step' | 'forward', elements: readonly string[], steps = 0, label = ''): Expr {
    const { symbols } = this.c.notation
    return ref('table', `${symbols[role]}${label}`, [
      ...this.row(steps),
      ...[...elements, ...this.block.parents].map((e) => this.valueOf(e)),
    ])
  }

  private named(role: 'evidence' | 'step', elements: readonly string[]): Formula {
    return formula(this.at(role, elements), this.all, this.c)
  }

  /** The window as it was one place before: what lay back n + 1 steps lies back n. */
  private get before(): readonly string[] {
    return this.window.map((e) => {
      const { latent, lag } = elementOf(e)
      return `${latent}@${lag + 1}`
    })
  }

  private scale(): Expr {
    return ref('table', this.c.notation.symbols.scale, [
      ...this.row(),
      ...this.block.parents.map((e) => this.valueOf(e)),
    ])
  }

  // -- evidence and step ---------------------------------------------------------------------------------------------

  private factors(step: boolean): readonly PlacedFactor[] {
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
      .filter((f) => f.lifted.factor.role !== 'evidence')
  }

  private logOf(f: PlacedFactor, step: boolean): Expr {
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
  private withoutFirst(e: Expr): Expr {
    const later = [
      keyOf(caseOf(compare('>=', idx(this.axis), add(this.axis.from, ONE)), ONE)),
      keyOf(caseOf(compare('>', idx(this.axis), this.axis.from), ONE)),
    ]
    return rewrite(e, (n) =>
      n.kind === 'case' && isZero(n.otherwise) && later.includes(keyOf(caseOf(n.when, ONE))) ? n.then : n,
    )
  }

  private evidenceLine(): Formula {
    return this.densityLine(this.at('evidence', this.window), this.factors(false), false)
  }

  private stepLine(): Formula {
    return this.densityLine(this.at('step', [...this.leavingOnly, ...this.window]), this.factors(true), true)
  }

  private densityLine(left: Expr, factors: readonly PlacedFactor[], step: boolean): Formula {
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

  /** Messages of what was summed out before. */
  private messageWords(): readonly Block[] {
    const { eStep } = this.c.notation.derivation
    const children = eStep.tables
      .filter((x) => x.parent?.table === this.table.id)
      .flatMap((x) => x.latents.map((l) => l.name))
    const own = this.table.buckets.map((b) => b.eliminate)
    const from = [...own, ...children]
    return from.length === 0
      ? []
      : [say`They are multiplied by the messages that summing out ${from.join(', ')} has left.`]
  }

  // -- recursions ----------------------------------------------------------------------------------------------------

  private line(left: Expr, right: Expr): Formula {
    return equation({ left, right, indices: this.all, over: [] }, { ...this.c, sums: 'plain' })
  }

  private overAll(elements: readonly string[], e: Expr): Expr {
    return elements.reduceRight<Expr>((body, x) => {
      const v = this.values.get(x)
      return v === undefined ? body : sum(v, body)
    }, e)
  }

  private forwardLines(): readonly Formula[] {
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

  private posterior(elements: readonly string[]): Expr {
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

  private parentRow(latent: string, lag: number): readonly Expr[] {
    const key = this.table.parent?.key ?? []
    const loops = this.latentOf(latent)?.loops ?? []
    return key.length === loops.length
      ? key.map((e) => (lag === 0 ? e : add(e, num(-lag))))
      : loops.map((l) => idx(l.index))
  }

  private backwardLines(): readonly Formula[] {
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

  private likelihoodWords(): readonly Block[] {
    const { c } = this
    const whole = formula(
      sum(this.axis, { kind: 'call', fn: 'log', args: [this.scale()] }),
      this.all.filter((v) => v !== this.axis),
      c,
    )
    if (this.block.parents.length > 0)
      return [
        say`The scales give what is left over, ${whole}: the log of the sequence's density for each value of ${this.block.parents.map(placeWords).join(', ')}, a message to it.`,
      ]
    return [
      this.chain.sequences.length === 0
        ? say`The log-likelihood of the chain is ${whole}.`
        : say`The log-likelihood of a sequence is ${whole}, and sequences add up.`,
    ]
  }
}

/** top / bottom, not cancelled. */
const fraction = (top: Expr, bottom: Expr): Expr => ({
  kind: 'mul',
  factors: [...(top.kind === 'mul' ? top.factors : [top]), { kind: 'pow', base: bottom, exponent: { n: -1, d: 1 } }],
})

function hasCondition(e: Expr): boolean {
  let found = false
  rewrite(e, (n) => {
    if (n.kind === 'case' && isOne(n.then)) found = true
    return n
  })
  return found
}

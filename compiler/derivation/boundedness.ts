/** Whether the objective is bounded, and what its maximum may be: words at the end of the algorithm. */
import { literal } from '../algebra/build.js'
import type { Expr } from '../algebra/types.js'
import { some } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import type { LiftedFactor } from '../graph/lift.js'
import { hardEnd, hardObjective, isHard } from './hard-steps.js'
import { type FormulaContext, inlineNames } from './print.js'
import { type Block, type Inline, say } from './types.js'
import { type Growth, growthOf, type Scale } from './upper-bound.js'

const DISCRETE: ReadonlySet<string> = new Set(['category', 'bool', 'count', 'int'])

export function boundednessWords(c: FormulaContext, latent: boolean): readonly Block[] {
  const d = c.notation.derivation
  if (d.params.length === 0)
    return d.eStep.factorised === null ? [] : [say`The bound never exceeds log p(x), a number that no step changes.`]
  const what = isHard(d) ? `The ${hardObjective(d)}` : 'The log-likelihood'
  return [...bounded(d, c, what), ...(latent ? [localWords(d)] : [])]
}

/** The density of something observed, and what lets it grow. */
interface Observed {
  readonly lifted: LiftedFactor
  readonly growth: Growth
}

function bounded(d: Derivation, c: FormulaContext, what: string): readonly Block[] {
  const observed = observedFactors(d).map(
    (lifted): Observed => ({
      lifted,
      growth: isDiscrete(lifted, d) ? { kind: 'probability' } : growthOf(lifted.expr, c.notation.facts),
    }),
  )
  const prior = d.lifted.some((f) => f.factor.role === 'prior')
    ? ' The log prior is added to it; it is bounded above where the density of the prior is.'
    : ''
  if (observed.every((o) => o.growth.kind === 'probability')) {
    const discrete = observed.every((o) => isDiscrete(o.lifted, d))
    const why = discrete ? 'Whatever is observed is discrete' : 'What enters are probabilities and no densities'
    return [say`${why}: no probability exceeds 1, so that ${lower(what)} is bounded above by 0.${prior}`]
  }
  if (observed.every((o) => o.growth.kind === 'probability' || o.growth.kind === 'bounded')) {
    const unless = observed.some((o) => o.growth.kind === 'bounded' && o.growth.unlessZero)
    return [
      unless
        ? say`${what} is bounded above: each density stays below a bound that does not depend on the parameters, as long as no value that is observed lies where its density can pile up, as at 0.${prior}`
        : say`${what} is bounded above: the densities of what is observed have spreads that are given, and stay below a bound that does not depend on the parameters.${prior}`,
    ]
  }
  const own = observed.flatMap((o) => scalesOf(o).filter((s) => isOfComponents(s, o.lifted)))
  const free = namesOf(own.filter((s) => !hasPrior(s.param, d)))
  const withPrior = namesOf(own.filter((s) => hasPrior(s.param, d)))
  const blocks: Block[] = []
  if (free.length > 0) blocks.push(collapse(own, free, observed, what, c))
  if (withPrior.length > 0)
    blocks.push({
      kind: 'prose',
      parts: [
        'A component on a single row would let ',
        ...inlineNames(withPrior, c),
        ' ',
        direction(own.filter((s) => withPrior.includes(s.param))),
        ' without end; the prior of it weighs against that, and bounds the objective where it vanishes faster than the density of a row grows.',
      ],
    })
  if (free.length > 0) return blocks
  if (observed.some((o) => o.growth.kind === 'other'))
    return [
      ...blocks,
      say`Densities, unlike probabilities, can exceed 1. ${what} grows beyond all bounds where the model can put more and more of its mass on the very values that are observed${hasComponents(observed) ? ', as with a component on a single row' : ''}, and is bounded above where it cannot.`,
    ]
  const shared = namesOf(observed.flatMap((o) => scalesOf(o).filter((s) => !isOfComponents(s, o.lifted))))
  if (shared.length > 0) {
    const scales = observed.flatMap(scalesOf).filter((s) => shared.includes(s.param))
    blocks.push({
      kind: 'prose',
      parts: [
        `${what} grows beyond all bounds only where `,
        ...inlineNames(shared, c),
        scales.every((s) => s.grows)
          ? ' can grow without end'
          : scales.some(isMatrix(d))
            ? ' can become singular'
            : ' can vanish',
        observed.some((o) => hasHoles(o.lifted, d))
          ? '. Where no cell is missing, the model then goes through the data exactly: with more rows than that takes, it is bounded above. Where cells are missing, it may be enough that the model goes exactly through the few rows that have all of them: rows with missing cells need not stand against it, however many they are.'
          : ', that is where the model goes through the data exactly: with more rows than that takes, it is bounded above.',
        prior,
      ],
    })
  }
  return blocks
}

/** A component on a single row. Rows that are known to be of it, if there are such, hold it apart. */
function collapse(
  own: readonly Scale[],
  free: readonly string[],
  observed: readonly Observed[],
  what: string,
  c: FormulaContext,
): Block {
  const labelled = observed.some((o) => o.lifted.variables.some((v) => v.latent.evidence))
  const names: Inline = inlineNames(free, c)
  const how = direction(own.filter((s) => free.includes(s.param)))
  const end =
    'What is looked for is a maximum with spreads away from 0, and a floor under them keeps the iterations there.'
  return {
    kind: 'prose',
    parts: labelled
      ? [
          `${what} is not bounded above where few rows are known to be of a component: where these, and a row that it sits on, lie on one point (a line, a plane), its `,
          ...names,
          ` can ${how} without end and the density of these rows grows with it. ${end}`,
        ]
      : [
          `${what} is not bounded above: where a component sits on a single row, its `,
          ...names,
          ` can ${how} without end and the density of that row grows with it. ${end}`,
        ],
  }
}

const lower = (s: string): string => `${s.charAt(0).toLowerCase()}${s.slice(1)}`
const direction = (scales: readonly Scale[]): string => (scales.every((s) => s.grows) ? 'grow' : 'shrink')
const namesOf = (scales: readonly Scale[]): readonly string[] => [...new Set(scales.map((s) => s.param))]

const scalesOf = (o: Observed): readonly Scale[] =>
  o.growth.kind === 'scales' || o.growth.kind === 'other' ? o.growth.scales : []

const isMatrix =
  (d: Derivation) =>
  (s: Scale): boolean =>
    d.params.some((p) => p.name === s.param && (p.support === 'covariance' || p.support === 'correlation'))

/** Densities of data, cells that may be missing among them, and of latents that an observed equation gives. */
function observedFactors(d: Derivation): readonly LiftedFactor[] {
  const halfObserved = new Set(d.graph.latents.flatMap((l) => (l.kind !== 'count' && l.evidence ? [l.name] : [])))
  const solved = new Set(d.graph.solved.map((s) => s.name))
  return d.lifted.filter(
    ({ factor }) =>
      factor.role === 'likelihood' ||
      (factor.role === 'latent' && (halfObserved.has(factor.target.name) || solved.has(factor.target.name))),
  )
}

/** true where cells of what is observed may be missing: a matrix can then degenerate in a direction that few rows have. */
function hasHoles(f: LiftedFactor, d: Derivation): boolean {
  const { name } = f.factor.target
  return !isDiscrete(f, d) && d.graph.data.some((s) => s.name === name && s.type.optional)
}

function isDiscrete(f: LiftedFactor, d: Derivation): boolean {
  const { name } = f.factor.target
  const symbol = d.model.symbols.find((s) => s.name === name && (s.kind === 'data' || s.kind === 'latent'))
  if (symbol?.kind === 'data' || symbol?.kind === 'latent') return DISCRETE.has(symbol.type.support.kind)
  return d.graph.latents.some((l) => l.name === name && (l.kind !== 'continuous' || l.support === 'count'))
}

/** true where values of latents have their own. */
const isOfComponents = (s: Scale, f: LiftedFactor): boolean => {
  const values = new Set(f.variables.map((v) => v.value.id))
  return readsValue(s.index, values)
}

const readsValue = (index: readonly Expr[], values: ReadonlySet<string>): boolean =>
  index.some((e) => literal(e) === null && some(e, (x) => x.kind === 'index' && values.has(x.var)))

/** true where params of a density that can grow differ with the value of a latent. */
const hasComponents = (observed: readonly Observed[]): boolean =>
  observed.some(({ lifted, growth }) => {
    const values = new Set(lifted.variables.map((v) => v.value.id))
    return (
      growth.kind === 'other' &&
      some(lifted.expr, (n) => n.kind === 'ref' && n.space === 'param' && readsValue(n.index, values))
    )
  })

const hasPrior = (param: string, d: Derivation): boolean =>
  d.lifted.some((f) => f.factor.role === 'prior' && f.factor.target.name === param)

function localWords(d: Derivation): Block {
  if (isHard(d)) return hardEnd(d)
  return say`A point that EM does not leave is stationary; it need not be the highest: as a rule it is a maximum near where the iterations began, and it can be a saddle (Wu 1983). So they are begun from several starts, and the best end is reported.`
}

/** Choosing among models, and among values of their consts. */
import type { Value } from '../../oracle/types.js'
import type { BoundData } from '../../runtime/data/types.js'
import { AbortError } from '../../runtime/errors.js'
import { type Json, jsonNumber, toJson } from '../../runtime/json.js'
import { DataError, OptionError } from '../errors.js'
import type { Fit } from '../fit.js'
import type { Model } from '../model.js'
import { entriesOf, type FitCallOptions, type FitData, tablesOf } from '../options.js'
import { densityForOracle } from '../oracle-density.js'
import { nestedValue } from '../simulate/simulate.js'
import { type BootstrapTest, bootstrapTests } from './bootstrap-test.js'
import {
  type Candidate,
  type Criterion,
  candidateJson,
  criteria,
  failedCandidate,
  figuresOf,
  isLargestBest,
} from './candidate.js'
import { countedRows } from './counted-rows.js'
import { type CrossValidation, crossValidate } from './cross-validate.js'
import { failureOf } from './failure.js'
import { foldsOf, foldsOfCopies } from './folds.js'
import { type Choice, choices, type Over } from './grid.js'
import { type KnownLabels, knownLabels } from './known-labels.js'
import { unitsOf } from './units.js'

/** How far a selection is. */
export interface SelectProgress {
  readonly candidate: number
  readonly candidates: number
  readonly phase: 'fit' | 'folds' | 'test'
  /** Folds or draws done, of how many. */
  readonly done: number
  readonly of: number
}

/** Options of `select`: those of a fit, which every candidate gets, and how candidates are made and compared. */
export interface SelectOptions extends FitCallOptions {
  /** Values of consts to go over, such as `{ K: [1, 2, 3] }`; of several names every combination. */
  readonly over?: ReadonlyMap<string, readonly unknown[]> | { readonly [name: string]: readonly unknown[] }
  /** What picks the best one; where left out `error` with `against`, `elbo` with the mode `vb`, else `bic`. */
  readonly by?: Criterion
  /** Folds of the cross-validation; 5 where left out, 0 for none. */
  readonly folds?: number
  /** A column of known labels that the classification of rows held out is compared with. */
  readonly against?: string
  /** Draws of the bootstrap likelihood-ratio tests between neighbours; 0, the default, for none. */
  readonly draws?: number
  onProgress?(progress: SelectProgress): void
}

/** The candidates with their figures, and the best one. */
export interface Selection {
  readonly candidates: readonly Candidate[]
  /** null where no candidate could be fitted, or none has the figure that picks. */
  readonly best: Candidate | null
  readonly by: Criterion
  /** The best by each criterion that has figures. */
  readonly bestBy: ReadonlyMap<Criterion, Candidate>
  /** What was held out together, and in how many folds; null without cross-validation. */
  readonly folds: { readonly count: number; readonly word: string } | null
  /** Why there is no cross-validation, or what keeps the figures from being compared. */
  readonly notes: readonly string[]
  readonly tests: readonly BootstrapTest[]
  toJSON(): { readonly [key: string]: unknown }
}

/**
 * Fits every candidate to the data, and compares them: log-likelihood, AIC, BIC, ICL (the evidence lower bound in variational
 * Bayes) and the log-likelihood of rows held out (k-fold cross-validation). A candidate whose fit fails is listed with the reason. The same seed gives the same
 * numbers; folds are the same for all candidates.
 *
 * ```ts
 * const { candidates, best } = await select(model, { x: rows }, { over: { K: [1, 2, 3, 4] } })
 * best?.fit?.params.mu
 * ```
 *
 * @param models one model or several; the log-likelihoods of several compare where they explain the same columns
 * @throws OptionError for an option that does not fit; DataError where the data fits no candidate; AbortError with
 *   `.partial`, a selection among what is done
 */
export async function select(
  models: Model | readonly Model[],
  data: FitData,
  options: SelectOptions = {},
): Promise<Selection> {
  const { over, by, folds = 5, against, draws = 0, onProgress, ...fitting } = options
  const list = Array.isArray(models) ? (models as readonly Model[]) : [models as Model]
  const isVariational = fitting.mode === 'vb'
  const picks = by ?? (against !== undefined ? 'error' : isVariational ? 'elbo' : 'bic')
  checkOptions(picks, folds, draws, against)
  const given = entriesOf(fitting.set ?? {})
  const twice = [...entriesOf(over ?? {}).keys()].find((name) => given.has(name))
  if (twice !== undefined)
    throw new OptionError(`\`${twice}\` is set to one value, and gone over as well: leave one of them out`)
  if (isVariational && COUNTED.has(picks))
    throw new OptionError(
      `\`${picks}\` puts a price on each param at its best value, and in mode vb params have posteriors: compare by elbo or cv`,
    )
  if (!isVariational && picks === 'elbo') throw new OptionError('`elbo` compares fits of mode vb')
  const tables = tablesOf(data)
  if (tables.some((t) => t.all !== undefined))
    throw new OptionError('select needs the rows in memory, where they do not fit')
  const all = choices(list, entriesOf(over ?? {}) as Over)
  if (draws > 0) checkTest(all)
  const candidates: Candidate[] = []
  const bindings = new Map<Candidate, { readonly data: BoundData; readonly options: FitCallOptions }>()
  const notes: string[] = []
  const problems: (DataError | OptionError)[] = []
  let used: Selection['folds'] = null
  const finish = (tests: readonly BootstrapTest[]): Selection => selection(candidates, picks, used, notes, tests)
  try {
    for (const [i, choice] of all.entries()) {
      const report = (phase: SelectProgress['phase'], done: number, of: number): void =>
        onProgress?.({ candidate: i, candidates: all.length, phase, done, of })
      report('fit', 0, 1)
      const own: FitCallOptions = { ...fitting, set: new Map([...entriesOf(fitting.set ?? {}), ...choice.set]) }
      try {
        const bound = choice.model.boundData(tables, own)
        const fit = await choice.model.fitOver(bound, own)
        if (fit.result.stop === 'numerical') {
          candidates.push(failedCandidate(choice, warning(fit)))
          continue
        }
        const labels = against === undefined ? null : labelled(choice, tables, bound, against, own)
        const validated =
          folds === 0
            ? null
            : await validation(choice, bound, own, folds, labels, (done, of) => report('folds', done, of))
        if (validated?.note != null && !notes.includes(validated.note)) notes.push(validated.note)
        if (validated?.folds != null) used ??= validated.folds
        const candidate: Candidate = {
          ...failedCandidate(choice, ''),
          fit,
          figures: figuresOf(fit, bound, own, validated?.value ?? null),
          reason: validated?.reason ?? null,
        }
        candidates.push(candidate)
        bindings.set(candidate, { data: bound, options: own })
      } catch (e) {
        if (e instanceof DataError || e instanceof OptionError) problems.push(e)
        const reason = e instanceof AbortError ? null : failureOf(e)
        if (reason === null) throw e
        candidates.push(failedCandidate(choice, reason))
      }
    }
    const [first] = problems
    if (first !== undefined && problems.length === all.length) throw first
    notes.push(...comparable(candidates), ...(fitting.weights === 'sampling' ? [ofASample] : []))
    const tests =
      draws === 0
        ? []
        : await bootstrapTests(candidates, bindings, draws, (i, done) =>
            onProgress?.({ candidate: i, candidates: all.length, phase: 'test', done, of: draws }),
          )
    return finish(tests)
  } catch (e) {
    throw e instanceof AbortError ? new AbortError<Selection>(candidates.length === 0 ? null : finish([])) : e
  }
}

/** Criteria that count the params of a fit. */
const COUNTED: ReadonlySet<Criterion> = new Set(['bic', 'aic', 'icl'])

function checkOptions(by: string, folds: number, draws: number, against: string | undefined): void {
  const known: readonly string[] = criteria
  if (!known.includes(by)) throw new OptionError(`by takes ${known.join(', ')}, not \`${by}\``)
  if (!Number.isInteger(folds) || folds < 0 || folds === 1)
    throw new OptionError(`folds takes 0 (none) or a whole number of at least 2, not \`${folds}\``)
  if (!Number.isInteger(draws) || draws < 0) throw new OptionError(`draws takes a whole number, not \`${draws}\``)
  if (folds === 0 && (by === 'cv' || by === 'error' || by === 'rand' || against !== undefined))
    throw new OptionError(
      `${against === undefined ? `\`${by}\`` : 'a score'} is that of rows held out: ask for 2 folds or more`,
    )
  if ((by === 'error' || by === 'rand') && against === undefined)
    throw new OptionError(`\`${by}\` compares with known labels: say against which column`)
}

/** Neighbours along one const are nested in one another. */
function checkTest(all: readonly Choice[]): void {
  const names = new Set(all.flatMap((c) => [...c.set.keys()]))
  const one = all.every((c) => c.index === 0 && c.set.size === 1)
  const numbers = all.every((c) => [...c.set.values()].every((v) => typeof v === 'number'))
  if (names.size !== 1 || !one || !numbers || all.length < 2)
    throw new OptionError('a test compares neighbours: one model over two or more values of one const')
}

const warning = (fit: Fit<Model>): string =>
  fit.warnings.find((w) => w.code === 'W529')?.message ?? 'every start led to something that is no number'

function labelled(
  { model }: Choice,
  tables: ReturnType<typeof tablesOf>,
  bound: BoundData,
  column: string,
  options: FitCallOptions,
): KnownLabels {
  const set = entriesOf(options.set ?? {})
  return knownLabels(model.typed, model.declarations(set), tables, bound, column, options.groupBy ?? null)
}

interface Validated {
  readonly value: CrossValidation | null
  readonly folds: Selection['folds']
  /** What keeps the model from being cross-validated at all. */
  readonly note: string | null
  /** What failed in this candidate. */
  readonly reason: string | null
}

async function validation(
  { model }: Choice,
  data: BoundData,
  options: FitCallOptions,
  count: number,
  labels: KnownLabels | null,
  onFold: (done: number, of: number) => void,
): Promise<Validated> {
  const consts = new Map<string, Value>()
  const set = entriesOf(options.set ?? {})
  for (const s of model.typed.symbols)
    if (s.kind === 'const' && set.has(s.name)) consts.set(s.name, nestedValue(set.get(s.name)))
  const densities = [...model.distributions.values()].flatMap(densityForOracle)
  const units = unitsOf(model.typed, data, consts, densities)
  if (units.kind === 'none')
    return { value: null, folds: null, note: `no cross-validation of ${model.name}: ${units.reason}`, reason: null }
  const counted = options.weights === 'sampling' ? null : countedRows(model.typed, data, units)
  const seed = options.seed ?? 1
  const folds = counted === null ? foldsOf(units, count, seed) : foldsOfCopies(counted, count, seed)
  const { onIteration: _, trace: __, errors: ___, ...quiet } = options
  const value = await crossValidate(model, data, folds, quiet, labels, (done) => onFold(done, folds.length))
  const used = { count: folds.length, word: units.word }
  return typeof value === 'string'
    ? { value: null, folds: used, note: null, reason: `not cross-validated: ${value}` }
    : { value, folds: used, note: null, reason: null }
}

/** Log-likelihoods compare where they are those of the same data, and of the same kind. */
function comparable(candidates: readonly Candidate[]): readonly string[] {
  const fitted = candidates.flatMap(({ fit }) => (fit === null ? [] : [fit.result]))
  const notes: string[] = []
  if (new Set(fitted.map((r) => r.observations)).size > 1)
    notes.push('the candidates do not have the same observations: their figures do not compare')
  if (fitted.some((r) => r.mode === 'vb'))
    notes.push(
      'ELBO: the evidence lower bound; larger is better. It integrates over the params, and larger models pay in it for what they could have been: there is no AIC, BIC or ICL',
    )
  else if (fitted.some((r) => r.bound === 'variational'))
    notes.push(
      'of some candidates the log-likelihood is a lower bound: AIC and BIC are then those of the bound, and there is no ICL',
    )
  const others = fitted.filter((r) => r.standardized?.sameModel === false).map((r) => r.model)
  if (others.length > 0)
    notes.push(
      `standardised, ${[...new Set(others)].join(', ')} is another model than of the data as they are; its log-likelihoods are ` +
        'densities of the data all the same, and compare',
    )
  return notes
}

/** Lumley and Scott (2015), J. Survey Statistics and Methodology 3(1), p. 1: log-likelihoods of samples have a design effect. */
const ofASample =
  'the weights are those of a sample: AIC, BIC and ICL take their sum for a number of rows, and choose too large a model; ' +
  'CV compares what is held out'

/** The figure of a candidate, NaN where it has none. */
export function figure({ figures }: Candidate, by: Criterion): number {
  return figures?.[by] ?? Number.NaN
}

/** The best by a criterion; null where no candidate has the figure. Of equal ones the one with fewer params. */
export function bestBy(candidates: readonly Candidate[], by: Criterion): Candidate | null {
  const sign = isLargestBest(by) ? -1 : 1
  let best: Candidate | null = null
  for (const c of candidates) {
    const value = sign * figure(c, by)
    if (!Number.isFinite(value)) continue
    const least = best === null ? Number.POSITIVE_INFINITY : sign * figure(best, by)
    const fewer = (c.figures?.parameters ?? 0) < (best?.figures?.parameters ?? 0)
    if (value < least || (value === least && fewer)) best = c
  }
  return best
}

function selection(
  candidates: readonly Candidate[],
  by: Criterion,
  folds: Selection['folds'],
  notes: readonly string[],
  tests: readonly BootstrapTest[],
): Selection {
  const all = new Map(
    criteria.flatMap((c) => {
      const own = bestBy(candidates, c)
      return own === null ? [] : [[c, own] as const]
    }),
  )
  const best = all.get(by) ?? null
  return {
    candidates,
    best,
    by,
    bestBy: all,
    folds,
    notes,
    tests,
    toJSON: () => ({
      by,
      best: best === null ? null : candidateJson(best),
      candidates: candidates.map(candidateJson),
      bestBy: toJson(new Map([...all].map(([c, own]) => [c, candidates.indexOf(own)]))),
      folds,
      notes: [...notes],
      ...(tests.length === 0 ? {} : { tests: tests.map(testJson) }),
    }),
  }
}

const testJson = (t: BootstrapTest): Json =>
  toJson({
    const: t.name,
    smaller: t.smaller,
    larger: t.larger,
    statistic: jsonNumber(t.statistic),
    pValue: jsonNumber(t.pValue),
    pError: jsonNumber(t.pError),
    draws: t.draws,
    failed: t.failed,
  })

/** The fit of a model to data that it is bound to: the search, and what its result says beside. */
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { planJson } from '../compiler/derivation/index.js'
import type { Diagnostic } from '../lang/diagnostics/types.js'
import type { TypedModel } from '../lang/typed/types.js'
import type { DataDeclaration } from '../runtime/data/types.js'
import { AbortError } from '../runtime/errors.js'
import { type FitOutcome, fitModel } from '../runtime/fit.js'
import { record as jsonRecord, toJson } from '../runtime/json.js'
import type { FitMode } from '../runtime/modes/fit-mode.js'
import type { FitResult } from '../runtime/result.js'
import { type StartValues, startValuesFromJson } from '../runtime/start-values.js'
import type { FitWarning } from '../runtime/warnings.js'
import { version } from '../version.js'
import { recordHooks } from './checkpoint.js'
import { entropyFields } from './entropy.js'
import { DataError, OptionError, problem } from './errors.js'
import { Fit, type FittedModel } from './fit.js'
import { type Bound, frozen } from './frozen.js'
import type { Held } from './held.js'
import { impossibleRows } from './impossible-rows.js'
import { inUnits, standardisedStart } from './in-units.js'
import { modeOf } from './modes.js'
import { nextTurn } from './next-turn.js'
import { type FitCallOptions, record, searchOptions } from './options.js'
import { refuseErrors, resultWithErrors } from './uncertainty/of-result.js'

/** What is asked of a model that is fitted; `Model` is one. */
export interface Fitting extends FittedModel {
  readonly typed: TypedModel
  readonly diagnostics: readonly Diagnostic[]
}

/** A fit of a model to data that it is bound to, with all that its result says. */
export async function fitBound<M extends Fitting>(model: M, bound: Bound, options: FitCallOptions): Promise<Fit<M>> {
  refuseErrors(bound.model, options)
  refuseMisplaced(bound, options)
  refuseEmpty(bound, model.declarations())
  const start = options.start === undefined ? undefined : startOf(options.start, bound)
  const wrap = (found: Extract<FitOutcome, { ok: true }>): Fit<M> => {
    const outcome = bound.standard === undefined ? null : inUnits(found, bound.model, bound.standard)
    const { result, params, at, order, traces, rows } = outcome ?? found
    const { model: program, data } = outcome?.bound ?? bound
    const own = { model: program, data, params: at, inOrder: params, order, traces, rows }
    return new Fit(model, withHeld(result, bound, model.typed), program.params, own, bound.held?.layouts)
  }
  const mode = modeOf(bound, options)
  const run = fitModel(
    bound.model,
    { ...restartsOf(mode), ...searchOptions(options), ...(start === undefined ? {} : { start }) },
    {
      pause: nextTurn,
      ...(mode === null ? {} : { mode }),
      ...(await recordHooks(model.typed, bound, options)),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      ...(options.onIteration === undefined ? {} : { onIteration: options.onIteration.bind(options) }),
      context: {
        estepVersion: version,
        get plan() {
          return toJson(planJson(bound.model.derivation, bound.model.nodeFacts()))
        },
        columns: bound.data.columns,
        levels: new Map(
          [...bound.data.levels].map(([name, lists]) => [name, toJson(lists.length === 1 ? lists[0] : lists)]),
        ),
        warnings: [
          ...model.diagnostics
            .filter((d) => d.severity === 'warning')
            .map((d) => ({ code: d.code, message: d.message })),
          ...bound.data.warnings.map((w) => ({ code: w.code, message: w.message })),
          ...constantColumns(bound.standard?.raw ?? bound),
          ...(bound.standard?.way.warnings ?? []),
        ],
        extra: new Map([
          ['source', model.typed.source.text],
          ['fit', frozen(bound, options)],
        ]),
      },
    },
  )
  let outcome: FitOutcome
  try {
    outcome = await run
  } catch (e) {
    if (!(e instanceof AbortError)) throw e
    const partial = e.partial as FitOutcome | null
    throw new AbortError(partial?.ok === true ? wrap(partial) : null)
  }
  if (!outcome.ok) throw new OptionError(outcome.problems.map((p) => p.message).join('\n'))
  const explained = withReason(bound.model, outcome)
  const fit = withEntropy(wrap(explained))
  const result = await resultWithErrors(fit, options)
  return result === null ? fit : fit.withResult(result)
}

/** @throws OptionError where the model leaves an option nothing to do */
function refuseMisplaced({ model }: Bound, { weights }: FitCallOptions): void {
  if (weights === 'sampling' && !model.derivation.graph.factors.some((f) => f.loops.some((l) => l.weight !== null)))
    throw new OptionError(
      'the rows of the model have no weights: write `for … weight w[n]`, or leave out what they are',
    )
}

const restartsOf = (mode: FitMode | null): { readonly restarts?: number } =>
  mode?.restarts === undefined ? {} : { restarts: mode.restarts }

/** Start values without those of params that are held. */
export function startOf(start: NonNullable<FitCallOptions['start']>, bound: Bound): StartValues {
  const values = startValuesFromJson(record(start)) ?? new Map<string, unknown>()
  const free = new Map([...values].filter(([name]) => bound.held?.names.whole.has(name) !== true))
  return bound.standard === undefined ? free : standardisedStart(free, bound.standard)
}

function withEntropy<M extends FittedModel>(fit: Fit<M>): Fit<M> {
  const { result } = fit
  return result.stop === 'numerical' ? fit : fit.withResult({ ...result, ...entropyFields(fit.entropy()) })
}

/** A result with the params that were held beside the estimated ones, in the order of their declarations. */
function withHeld(result: FitResult, bound: Bound, typed: TypedModel): FitResult {
  const held = bound.standard?.raw.held ?? bound.held
  if (held === null) return result
  const order = typed.symbols.flatMap((s) => (s.kind === 'param' ? [s.name] : []))
  const together = (estimated: FitResult['params'], { values, names }: Held): FitResult['params'] => {
    const all = new Map([...Object.entries(estimated), ...[...values].filter(([name]) => names.whole.has(name))])
    const params = order.flatMap((name) => {
      const value = all.get(name)
      return value === undefined ? [] : [[name, value] as const]
    })
    return jsonRecord(params)
  }
  const { standardized } = result
  return {
    ...result,
    params: together(result.params, held),
    fixed: jsonRecord(held.values),
    ...(standardized === undefined || bound.held === null
      ? {}
      : {
          standardized: {
            ...standardized,
            params: together(standardized.params, bound.held),
            fixed: jsonRecord(bound.held.values),
          },
        }),
  }
}

/** Data without rows, or with rows that weigh nothing. */
function refuseEmpty(bound: Bound, declarations: readonly DataDeclaration[]): void {
  if (bound.model.observations > 0 || declarations.length === 0) return
  if ([...bound.data.arrays.values()].some(({ shape }) => shape.includes(0)))
    throw new DataError([problem('E304', 'the data has no rows')])
  throw new DataError([problem('E416', 'nothing was observed: the weights or the counts in the data are all 0')])
}

/** Columns with one value, by their names and in the units of the data. */
function constantColumns({ model, data }: Bound): readonly FitWarning[] {
  return model.constantColumns().map(({ data: name, column, value }) => {
    const own = data.columns.get(name)?.[column - 1]
    const which =
      own === undefined || own === name ? `column ${column} of \`${name}\`` : `column \`${own}\` of \`${name}\``
    return { code: 'W530', message: `${which} is ${value} in every row: it has no spread to estimate` }
  })
}

/** Names the rows that make the objective of a failed fit −∞ or no number. */
function withReason(
  model: ProgramModel,
  outcome: Extract<FitOutcome, { ok: true }>,
): Extract<FitOutcome, { ok: true }> {
  const { stop, objective } = outcome.result
  // rows that are to blame are looked for among all
  if (model.sample !== undefined) return outcome
  if (stop !== 'numerical' || (objective !== '-Infinity' && objective !== null)) return outcome
  const undefinedRows = objective === null ? impossibleRows(model, outcome.at, Number.isNaN) : null
  const written = model.derivation.graph.factors.some((f) => f.distribution === 'Custom')
  const where = written ? 'the density is not defined (look at what Custom is given)' : 'the density is not defined'
  const rows = undefinedRows === null ? impossibleRows(model, outcome.at) : `${where} for ${undefinedRows}`
  if (rows === null) return outcome
  const warnings = outcome.result.warnings.map((w) =>
    w.code === 'W529' ? { ...w, message: `${w.message}: ${rows}` } : w,
  )
  return { ...outcome, result: { ...outcome.result, warnings } }
}

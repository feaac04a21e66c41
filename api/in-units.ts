/** The result of a fit to standardised data, in the units of the data. */
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import { logJacobian, type Scaling } from '../compiler/bind/log-jacobian.js'
import type { UnitsOfRows } from '../compiler/bind/units-of-rows.js'
import { boundaryOf } from '../runtime/boundary.js'
import type { BoundData } from '../runtime/data/types.js'
import type { FitOutcome } from '../runtime/fit.js'
import { type Json, type JsonNumber, jsonNumber, numberFromJson, record, toJson } from '../runtime/json.js'
import { nestParams } from '../runtime/nest.js'
import { type FitResult, paramsToJson } from '../runtime/result.js'
import { applyStartValues, type StartValues } from '../runtime/start-values.js'
import type { Bound, Unstandardised } from './bound.js'
import { OptionError } from './errors.js'
import type { Imputation } from './impute.js'
import type { Score } from './predict.js'

type Found = Extract<FitOutcome, { ok: true }>

/** Start values in the units of the data, for the standardised data. @throws OptionError where they do not fit */
export function standardisedStart(values: StartValues, { raw, way }: Unstandardised): StartValues {
  const { model } = raw
  const { params, problems } = applyStartValues(
    model,
    values,
    model.interior(() => 0.5),
  )
  if (problems.length > 0) throw new OptionError(problems.map((p) => p.message).join('\n'))
  return new Map([...nestParams(model.params, way.forth(params))].filter(([name]) => values.has(name)))
}

/**
 * The outcome with params, log-likelihoods and objectives of the data as they are. Where the model of the standardised
 * data is another one, what reads its params afterwards reads the standardised data.
 */
export function inUnits(
  found: Found,
  model: ProgramModel,
  { raw, way }: Unstandardised,
): Found & {
  readonly bound: Bound | null
} {
  const back = way.back(found.params)
  const prior = way.closed && model.hasPrior ? raw.model.logPrior(back) - model.logPrior(found.params) : 0
  const moved = (x: JsonNumber, by: number): JsonNumber => {
    const value = numberFromJson(x)
    return value === undefined ? x : jsonNumber(value + by)
  }
  const J = way.logJacobian
  const likelihood = (x: JsonNumber): JsonNumber => moved(x, J)
  const objective = (x: JsonNumber): JsonNumber => moved(x, J + prior)
  const { result } = found
  const minusTwice = (numberFromJson(likelihood(result.logLikelihood)) ?? Number.NaN) * -2
  const derived: { readonly [name: string]: Json } = way.closed
    ? record([...raw.model.derived(back)].map(([name, value]) => [name, toJson(value)] as const))
    : result.derived
  const iterates = result.iterates?.map((row, t) => ({
    ...row,
    objective: objective(row.objective),
    logLikelihood: likelihood(row.logLikelihood),
    elboAfterE: objective(row.elboAfterE),
    elboAfterM: objective(row.elboAfterM),
    params: paramsToJson(raw.model, way.back(found.rows?.[t]?.params ?? found.params)),
  }))
  const within = way.closed ? (raw.model.withinSS(back) ?? null) : null
  const changed: FitResult = {
    ...result,
    logLikelihood: likelihood(result.logLikelihood),
    objective: objective(result.objective),
    bic: jsonNumber(minusTwice + result.parameters * Math.log(result.observations)),
    aic: jsonNumber(minusTwice + 2 * result.parameters),
    ...(within === null ? {} : { withinSS: jsonNumber(within) }),
    warnings: result.warnings.map((w) =>
      w.code === 'W523' ? { ...w, message: `${w.message}; the floor is that of standardised columns` } : w,
    ),
    trace: result.trace.map(objective),
    starts: result.starts.map((s) => ({
      ...s,
      objective: objective(s.objective),
      ...(s.splits === undefined ? {} : { splits: s.splits.map((x) => ({ ...x, objective: objective(x.objective) })) }),
    })),
    params: paramsToJson(raw.model, back),
    derived,
    boundary: boundaryOf(raw.model, back),
    standardized: {
      columns: record([...way.scaling].map(([name, { means, sds }]) => [name, { mean: means, sd: sds }] as const)),
      sameModel: way.closed,
      onStandardisedScale: way.unmapped,
      params: result.params,
    },
    ...(iterates === undefined ? {} : { iterates }),
    ...(result.draws === undefined
      ? {}
      : { draws: { ...result.draws, meanObjective: objective(result.draws.meanObjective) } }),
  }
  if (!way.closed) return { ...found, result: changed, bound: null }
  const rows = found.rows?.map((row) => ({ ...row, params: way.back(row.params) })) ?? null
  return { ...found, result: changed, params: back, at: back, rows, bound: raw }
}

/** A score of standardised data as one of the data: with the Jacobian, unit by unit. */
export function ofRawData(
  { logLikelihood, contributions }: Pick<Score, 'logLikelihood' | 'contributions'>,
  units: UnitsOfRows | null,
  model: ProgramModel,
  data: BoundData,
  scaling: Scaling,
): Pick<Score, 'logLikelihood' | 'contributions'> {
  const changed = contributions.map((c) => ({ plate: c.plate, values: c.values.slice() }))
  const total = logJacobian(model.derivation, model.numbers, data, scaling, (part, factor, at) => {
    const place = units?.placeOf(factor, at) ?? null
    const own = place === null ? undefined : changed[place.contribution]
    if (own !== undefined && place !== null) own.values[place.row] = (own.values[place.row] ?? 0) + part
  })
  return { logLikelihood: logLikelihood + total, contributions: changed }
}

/** Filled cells of standardised data in the units of the data. */
export function inUnitsOfData(found: Imputation, standardized: FitResult['standardized']): Imputation {
  if (standardized === undefined || standardized.sameModel) return found
  const columns = new Map(Object.entries(standardized.columns))
  const arrays = found.arrays.map((array) => {
    const scales = columns.get(array.name)
    if (scales === undefined) return array
    const of = (flat: number): { readonly mean: number; readonly sd: number } => {
      const c = flat % scales.sd.length
      return { mean: scales.mean[c] ?? 0, sd: scales.sd[c] ?? 1 }
    }
    const back = (x: number | string | boolean, flat: number): typeof x =>
      typeof x === 'number' ? of(flat).mean + of(flat).sd * x : x
    const cells = array.cells.map((cell) => {
      const flat = (cell.index.at(-1) ?? 1) - 1
      return { ...cell, value: back(cell.value, flat), sd: cell.sd === null ? null : cell.sd * of(flat).sd }
    })
    return { ...array, values: array.values.map(back), cells }
  })
  return { ...found, arrays }
}

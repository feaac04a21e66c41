/** Standard errors that a call of `fit` asks for, in its result. */
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { AbortError } from '../../runtime/errors.js'
import type { FitResult } from '../../runtime/result.js'
import type { ErrorKind } from '../../runtime/uncertainty.js'
import { OptionError } from '../errors.js'
import type { Fit } from '../fit.js'
import type { FitCallOptions } from '../options.js'
import { noErrorsIn, whyNoUnits } from './units.js'

/** @throws OptionError where what is asked for cannot be had, before anything is fitted */
export function checkErrors(options: FitCallOptions): void {
  const { errors, replicates, weights, mode } = options
  const kinds: readonly unknown[] = ['none', 'information', 'sandwich', 'bootstrap', 'parametric']
  if (errors !== undefined && !kinds.includes(errors))
    throw new OptionError(`errors takes ${kinds.join(', ')}, not \`${errors}\``)
  if (weights !== undefined && weights !== 'frequency' && weights !== 'sampling')
    throw new OptionError(`weights takes frequency or sampling, not \`${weights}\``)
  if (replicates !== undefined && !(Number.isInteger(replicates) && replicates >= 10))
    throw new OptionError(`replicates takes a whole number of at least 10, not \`${replicates}\``)
  if (replicates !== undefined && errors !== 'bootstrap' && errors !== 'parametric')
    throw new OptionError('replicates are those of the bootstrap: give errors bootstrap or parametric too')
  if (errors === 'information' && weights === 'sampling')
    throw new OptionError('weights of a sample are no counts of rows: their standard errors are those of the sandwich')
  if (mode === undefined || mode === 'em' || mode === 'anneal' || kindOf(options) === 'none') return
  throw new OptionError(noErrorsIn(mode))
}

/** The kind that is asked for. */
const kindOf = ({ errors, weights }: Pick<FitCallOptions, 'errors' | 'weights'>): 'none' | ErrorKind =>
  errors ?? (weights === 'sampling' ? 'sandwich' : 'none')

/** @throws OptionError where a model over its data has none of the kind, before it is fitted */
export function refuseErrors(model: ProgramModel, options: FitCallOptions): void {
  const kind = kindOf(options)
  if (kind === 'none') return
  if (model.sample !== undefined)
    throw new OptionError('the rows do not lie in memory, where standard errors need them: give more memory')
  const reason = whyNoUnits(model, kind, options.weights ?? 'frequency')
  if (reason !== null) throw new OptionError(reason)
}

/** The result with the standard errors that were asked for; null: none were. @throws AbortError with the fit without them */
export async function resultWithErrors(fit: Fit, options: FitCallOptions): Promise<FitResult | null> {
  const { weights, replicates, signal } = options
  const kind = kindOf(options)
  if (kind === 'none' || fit.result.stop === 'numerical') return null
  try {
    const found = await fit.standardErrors(kind, {
      ...(weights === undefined ? {} : { weights }),
      ...(replicates === undefined ? {} : { replicates }),
      ...(signal === undefined ? {} : { signal }),
    })
    return { ...fit.result, ...found.fields, warnings: [...fit.result.warnings, ...found.warnings] }
  } catch (e) {
    // the fit is there all the same
    if (e instanceof OptionError)
      return { ...fit.result, warnings: [...fit.result.warnings, { code: 'W546', message: e.message }] }
    throw e instanceof AbortError ? new AbortError(fit) : e
  }
}

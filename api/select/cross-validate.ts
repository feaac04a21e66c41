/** k-fold cross-validation: each fold is scored by a fit to the others. */
import type { BoundArray, BoundData } from '../../runtime/data/types.js'
import { AbortError } from '../../runtime/errors.js'
import type { FitResult } from '../../runtime/result.js'
import type { Model } from '../model.js'
import type { FitCallOptions } from '../options.js'

import { failureOf } from './failure.js'
import { atFit, held, posteriors } from './fitting.js'
import { eachCopy, type Fold, type Part, partOf } from './folds.js'
import { Agreement, type KnownLabels } from './known-labels.js'

export interface CrossValidation {
  /** Σ over the folds of the log-likelihood of the rows held out, natural log. */
  readonly logLikelihood: number
  /** Its standard error over the units held out. */
  readonly standardError: number
  readonly folds: number
  /** How the rows held out agree with known labels; null where there are none to compare with. */
  readonly agreement: Agreement | null
}

/** @returns the reason in words where a fold cannot be fitted or scored */
export async function crossValidate(
  model: Model,
  data: BoundData,
  folds: readonly Fold[],
  options: FitCallOptions,
  known: KnownLabels | null,
  onFold: (done: number) => void,
): Promise<CrossValidation | string> {
  const parts: { readonly value: number; readonly copies: number }[] = []
  const agreement = known === null ? null : new Agreement()
  let total = 0
  for (const [f, fold] of folds.entries()) {
    onFold(f)
    try {
      const train = partOf(model.typed, data, fold.train)
      const fit = await model.fitOver(train, options)
      if (fit.result.stop === 'numerical') return `fold ${f + 1}: ${lastWarning(fit.result)}`
      const own = partOf(model.typed, data, fold.held)
      const score = held(atFit(model, fit.result, own, { ...options, mode: 'em' }))
      total += score.total
      const { counts } = fold.held
      for (const [i, part] of score.parts.entries()) {
        const copies = score.parts.length === counts?.copies.length ? (counts.copies[i] ?? 1) : 1
        parts.push({ value: part / copies, copies })
      }
      if (known !== null) agreement?.add(agreementIn(model, fit.result, known, fold, train, own, options))
    } catch (e) {
      if (e instanceof AbortError) throw e
      const reason = failureOf(e)
      if (reason === null) throw e
      return `fold ${f + 1}: ${reason}`
    }
  }
  const n = parts.reduce((a, p) => a + p.copies, 0)
  const mean = parts.reduce((a, p) => a + p.copies * p.value, 0) / Math.max(1, n)
  const variance = parts.reduce((a, p) => a + p.copies * (p.value - mean) ** 2, 0) / Math.max(1, n - 1)
  return {
    logLikelihood: total,
    standardError: Math.sqrt(n * variance),
    folds: folds.length,
    agreement,
  }
}

const lastWarning = (result: FitResult): string =>
  result.warnings.find((w) => w.code === 'W529')?.message ?? 'the fit failed numerically'

/** What the fit to the other folds says of the labels of the rows held out. */
function agreementIn(
  model: Model,
  result: FitResult,
  known: KnownLabels,
  fold: Fold,
  train: BoundData,
  own: BoundData,
  options: FitCallOptions,
): Parameters<Agreement['add']>[0] {
  const rows = (part: Part): Int32Array => eachCopy(labelsOf(known, part.rows), part)
  const copied = (values: Int32Array | null, part: Part): Int32Array | null =>
    values === null ? null : eachCopy(values, part)
  const em: FitCallOptions = { ...options, mode: 'em' }
  if (known.data !== null) {
    // the model explains the labels: they are taken away from the rows held out
    const blank = withoutLabels(own, known.data)
    const latent = posteriors(atFit(model, result, blank, em)).find((l) => l.name === known.data)
    return {
      train: null,
      held: { labels: rows(fold.held), values: copied(latent?.modes ?? null, fold.held) },
      named: true,
    }
  }
  const labelled = (
    data: BoundData,
    part: Part,
  ): { readonly labels: Int32Array; readonly values: Int32Array | null } => {
    const labels = labelsOf(known, part.rows)
    const latents = posteriors(atFit(model, result, data, em))
    const values = latents.find((l) => l.modes !== null && l.modes.length === labels.length)?.modes ?? null
    return { labels: eachCopy(labels, part), values: copied(values, part) }
  }
  return {
    train: labelled(train, fold.train),
    held: labelled(own, fold.held),
    named: false,
  }
}

function labelsOf(known: KnownLabels, part: ReadonlyMap<string, readonly number[]>): Int32Array {
  const rows = part.get(known.size) ?? []
  const { array } = known
  if (array.offsets === null) return Int32Array.from(rows, (r) => array.values[r] ?? -1)
  const { offsets } = array
  return Int32Array.from(rows.flatMap((r) => [...array.values.subarray(offsets[r] ?? 0, offsets[r + 1] ?? 0)]))
}

function withoutLabels(data: BoundData, name: string): BoundData {
  const array = data.arrays.get(name)
  if (array === undefined) return data
  const values = new Int32Array(array.values.length).fill(-1)
  const blank: BoundArray = { ...array, values, missing: values.length, origins: [] }
  return { ...data, arrays: new Map([...data.arrays, [name, blank]]) }
}

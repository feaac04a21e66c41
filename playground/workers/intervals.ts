/** Standard errors and intervals of a fit, laid out as the page shows its params. */
import type { Estimate, StandardErrors } from '../../api/uncertainty/types.js'
import type { ErrorsSummary } from '../../runtime/uncertainty.js'
import { fitAtEnd } from './fit-at-end.js'
import type { KeptRun } from './kept-run.js'
import type { IntervalsRequest, IntervalsView } from './messages.js'

export async function intervalsOf(
  kept: KeptRun,
  { kind, replicates, weights }: IntervalsRequest,
  signal: { readonly aborted: boolean },
  onReplicate: (done: number, of: number) => void,
): Promise<IntervalsView> {
  const fit = await fitAtEnd(kept)
  const options = kind === 'bootstrap' || kind === 'parametric' ? { replicates, onReplicate } : {}
  const found = await fit.standardErrors(kind, { ...options, weights, signal })
  const { fields, warnings, estimates } = found
  const names = new Set(fit.layout.map((p) => p.name))
  return {
    kind,
    says: inWords(fields.errors),
    params: fit.layout.map((p) => placed(p.name, p.shape, estimates)),
    others: estimates.filter((e) => !names.has(e.name)),
    warnings: warnings.map(({ code, message }) => ({ code, message, help: null })),
    fields: JSON.stringify(fields),
  }
}

/** One number for each cell of a param; NaN where it has none. */
function placed(
  name: string,
  shape: readonly number[],
  estimates: readonly Estimate[],
): IntervalsView['params'][number] {
  const size = shape.reduce((a, b) => a * b, 1)
  const empty = (): Float64Array => new Float64Array(size).fill(Number.NaN)
  const [errors, low, high] = [empty(), empty(), empty()]
  for (const e of estimates) {
    if (e.name !== name) continue
    const at = e.index.reduce((flat, i, d) => flat * (shape[d] ?? 1) + i - 1, 0)
    errors[at] = e.standardError ?? Number.NaN
    low[at] = e.low ?? Number.NaN
    high[at] = e.high ?? Number.NaN
  }
  return { name, errors, low, high }
}

function inWords({ kind, units, replicates, used }: ErrorsSummary): string {
  const of = units === undefined ? '' : ` of ${units.toLocaleString('en')} independent units`
  switch (kind as StandardErrors['kind']) {
    case 'information':
      return '95 % intervals from the curvature of the log-likelihood at its maximum.'
    case 'sandwich':
      return `95 % intervals by the sandwich${of}: the model need not be true.`
    case 'parametric':
      return `95 % intervals by the parametric bootstrap: percentiles of ${used ?? 0} of ${replicates ?? 0} fits to data drawn from this one.`
    case 'bootstrap':
      return `95 % intervals by the bootstrap${of}: percentiles of ${used ?? 0} of ${replicates ?? 0} fits to rows drawn anew.`
  }
}

/**
 * Where sequences begin, of the best end. The distribution of the first values of few sequences has its maximum in a corner,
 * with other maxima in other corners, and EM from most starts takes the corner that it saw first. So each other corner is
 * tried from the best end: all sequences are begun there, everything else left as it is.
 */
import { failed } from './compare-ends.js'
import { componentLatents } from './component-latents.js'
import type { BoundModel, LatentLayout } from './contract.js'
import { degenerateComponents } from './degenerate.js'
import { RUN_ON } from './options.js'
import { weightsOf } from './pooled.js'
import { beginRun, continueRun, type EmRun, type IterateRow, lastRow } from './run.js'
import { isOver, type SearchRequest, type StartEnd } from './search.js'
import { beginAt } from './starts.js'

/** All sequences begin in one value where its probability is at least this. */
const ALMOST_SURE = 0.999
/** Relative to 1 + |objective|: what is not more than this higher is the same maximum. */
const HIGHER = 1e-7

/** The end, or what it leads to from other beginnings of its sequences, where that is higher. */
export async function fromOtherBeginnings(request: SearchRequest, end: StartEnd): Promise<StartEnd> {
  const { model, options, start } = request
  if (start !== null || options.restarts <= RUN_ON || failed(end)) return end
  if (model.sample !== undefined || (model.bound ?? 'exact') !== 'exact') return end
  let best = end
  for (const latent of componentLatents(model.summed ?? model)) {
    if (latent.beginnings === undefined || isOver(request)) continue
    const others: EmRun[] = []
    for (const params of begunElsewhere(model.summed ?? model, latent, latent.beginnings, best.run.point.params)) {
      others.push(await beginRun(model, params))
      await request.pacer.breathe()
    }
    others.sort((a, b) => b.point.objective - a.point.objective)
    for (const run of others.slice(0, RUN_ON)) if (run.stop === null) best = await higher(request, best, run)
  }
  return best
}

/** Params with all sequences begun at each value but the one where they begin now; none where they do not begin alike. */
function begunElsewhere(
  model: BoundModel,
  latent: LatentLayout,
  beginnings: Int32Array,
  params: Float64Array,
): Float64Array[] {
  const { values } = latent
  const now = commonBeginning(latent, beginnings, model.posterior(params).get(latent.name))
  if (now === null) return []
  const given = weightsOf(model, params)
  const weights = given.get(latent.name) ?? new Float64Array(0)
  return Array.from({ length: values }, (_, value) => value).flatMap((value) => {
    if (value === now) return []
    const moved = new Map(given).set(
      latent.name,
      beginAt(latent, beginnings, weights, () => value),
    )
    const begun = model.mStep(params, model.eStepFrom(moved, params)).params
    // a distribution that is given, or evidence, may leave no choice
    if (!begun.every(Number.isFinite)) return []
    return commonBeginning(latent, beginnings, model.posterior(begun).get(latent.name)) === value ? [begun] : []
  })
}

/** The value that all sequences begin in, or null. */
function commonBeginning(
  { values }: LatentLayout,
  beginnings: Int32Array,
  posterior: Float64Array | undefined,
): number | null {
  for (let value = 0; value < values; value++)
    if (beginnings.every((row) => (posterior?.[row * values + value] ?? 0) >= ALMOST_SURE)) return value
  return null
}

/** A run to its end, in place of `best` where it comes higher. */
async function higher(request: SearchRequest, best: StartEnd, begun: EmRun): Promise<StartEnd> {
  const { model, options, pacer } = request
  const limits = { ...options, signal: request.signal, lenient: false, onIteration() {} }
  const run = await continueRun(model, begun, limits, pacer)
  const passes = best.run.passes + run.passes
  const before = best.run.point.objective
  const gain = run.point.objective - before
  const sound = run.stop === 'tolerance' || run.stop === 'max-iterations'
  const degenerate = sound ? degenerateComponents(model, run.point.params) : []
  if (!sound || !(gain > HIGHER * (1 + Math.abs(before))) || (degenerate.length > 0 && best.degenerate.length === 0))
    return { ...best, run: { ...best.run, passes } }
  // the trace goes on where the run has come above the end
  const from = run.trace.findIndex((objective) => objective > before + gain / 2)
  const { iteration } = best.run.point
  const at = (i: number): number => iteration + 1 + i - from
  const rows: IterateRow[] = []
  if (options.trace) {
    rows.push(...best.run.rows, await lastRow(model, best.run.point, pacer))
    rows.push(...run.rows.slice(from).map((row, i) => ({ ...row, iteration: at(from + i) })))
  }
  const trace = [...best.run.trace, ...run.trace.slice(from)]
  const point = { ...run.point, iteration: at(run.trace.length - 1) }
  return { ...best, degenerate, run: { ...run, point, trace, rows, passes } }
}

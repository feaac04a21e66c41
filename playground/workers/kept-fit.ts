/** A fit as a run: the iterates of the start that led to it, and the traces of the others. */
import { OptionError } from '../../api/errors.js'
import type { Fit } from '../../api/fit.js'
import type { Stepper } from '../../api/stepper.js'
import { AbortError } from '../../runtime/errors.js'
import type { TraceView } from '../session/view.js'
import { plain } from './complaints.js'
import { KeptRun } from './kept-run.js'
import type { BeginRequest } from './messages.js'
import type { PointViewer } from './point-viewer.js'

/** A fit, whole or as far as it came when it was stopped. */
export async function finished(running: Promise<Fit>): Promise<{ readonly fit: Fit; readonly stopped: boolean }> {
  try {
    return { fit: await running, stopped: false }
  } catch (error) {
    if (!(error instanceof AbortError) || error.partial === null) throw error
    return { fit: error.partial as Fit, stopped: true }
  }
}

export function keptFit(
  { run, mode, label, controls }: BeginRequest,
  fit: Fit,
  stepper: Stepper<Fit>,
  viewer: PointViewer,
  stopped: boolean,
): KeptRun {
  const [start, ...rest] = fit.iterates ?? []
  if (start === undefined)
    throw new OptionError(fit.warnings.map((w) => w.message).join('; ') || 'no start gave a number')
  const best = bestStart(fit)
  const own = fit.starts[best]?.seed ?? controls.seed
  // of standardised data the search knows the objectives in their units, and the result those in the units of the data
  const units = (fit.trace.at(-1) ?? 0) - (fit.traces?.[best]?.at(-1) ?? fit.trace.at(-1) ?? 0)
  const shift = Number.isFinite(units) ? units - stepper.logJacobian : 0
  const shifted = (x: number): number => x + shift
  const objectives = fit.trace.map((x) => x - stepper.logJacobian)
  const begin = { ...start, objective: shifted(start.objective), elboAfterM: Number.NaN }
  const kept = new KeptRun(run, mode, own, label, stepper, viewer, objectives, begin)
  // a row holds the bound after the M-step that leaves it
  rest.forEach((row, i) => {
    const bound = fit.iterates?.[i]?.elboAfterM ?? Number.NaN
    kept.add({ ...row, objective: shifted(row.objective), elboAfterM: shifted(bound) })
  })
  kept.fit = fit
  kept.position = kept.last
  kept.status = stopped ? 'stopped' : fit.converged ? 'converged' : fit.result.stop === 'numerical' ? 'failed' : 'limit'
  kept.others = (fit.traces ?? []).flatMap((trace, i): readonly TraceView[] => {
    const end = fit.starts[i]
    return i === best || end === undefined
      ? []
      : [
          {
            seed: end.seed,
            objectives: trace.map(shifted),
            brief: end.brief,
            degenerate: end.degenerate,
            best: false,
          },
        ]
  })
  if (kept.status === 'failed') kept.complaint = plain(fit.warnings.at(-1)?.message ?? 'a step gave no number')
  return kept
}

/** The start that led to the result. */
function bestStart(fit: Fit): number {
  const { objective } = fit.result
  const found = fit.starts.findIndex((s) => s.objective === objective && !s.brief)
  return Math.max(0, found)
}

/** The fit that a run stands for at its last iterate: the one that it comes from, or one that begins and ends there. */
import { OptionError } from '../../api/errors.js'
import type { Fit } from '../../api/fit.js'
import { modesOfFits } from '../../api/stepper.js'
import type { KeptRun } from './kept-run.js'
import { nestedView } from './nested-view.js'
import { paramViews } from './views.js'

/** @throws OptionError where params of the run have posteriors, which a fit cannot begin at */
export async function fitAtEnd(kept: KeptRun): Promise<Fit> {
  const { stepper, end, mode, seed } = kept
  if (mode === 'vb' && kept.fit === null) throw new OptionError('this needs a fit: press Fit first')
  const start = new Map(paramViews(stepper.layout, end.params).map((p) => [p.name, nestedView(p)]))
  const isMadeByFits = modesOfFits.some((m) => m === mode)
  kept.fit ??= await stepper.fit({
    seed,
    start,
    maxIterations: 0,
    ...(isMadeByFits ? {} : { restarts: 1 }),
  })
  return kept.fit
}

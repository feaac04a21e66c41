import type { BoundModel } from '../contract.js'
import type { CooledStart, ModeState } from '../modes/mode-state.js'
import type { Reading } from './reading.js'
import { readMoment, readRow } from './run-from-json.js'

/**
 * The state that `modeToJson` wrote.
 *
 * @throws ShapeError where the document is no state of this model
 */
export function readMode(r: Reading, model: BoundModel): ModeState {
  const kind = r.at('kind').oneOf(['sem', 'online', 'anneal'])
  if (kind === 'anneal') return { kind, starts: r.at('starts').list((start) => readStart(start, model)) }
  const params = r.at('params').numbers(model.length)
  const trace = [...r.at('trace').numbers(null)]
  const rows = r.at('rows').list((row) => readRow(row, model))
  const walked = { params, trace, objectives: trace.length, rows, complete: rows.length }
  if (kind === 'sem') {
    const best = r.at('best')
    return {
      ...{ kind, ...walked, mean: r.at('mean').numbers(model.length) },
      before: r.at('before').orNull((before) => ({
        draw: before.at('draw').numbers(null),
        bound: before.at('bound').numbers(null),
      })),
      best: {
        params: best.at('params').numbers(model.length),
        objective: best.at('objective').number(),
        q: best.at('q').orNull((q) => q.numbers(null)),
      },
    }
  }
  return {
    ...{ kind, ...walked, statistics: r.at('statistics').orNull((statistics) => statistics.numbers(null)) },
    curvature: r.at('curvature').orNull((curvature) => curvature.numbers(null)),
    levels: r.at('levels').orNull((levels) => levels.list((level) => level.count())),
    ...{ batches: r.at('batches').count(), scored: r.at('scored').number() },
    begin: r.at('begin').numbers(model.length),
  }
}

const readStart = (r: Reading, model: BoundModel): CooledStart => ({
  done: r.at('done').count(),
  stages: r.at('stages').list((stage) => ({
    beta: stage.at('beta').number(),
    iterations: stage.at('iterations').count(),
    objective: stage.at('objective').number(),
  })),
  params: r.at('params').numbers(model.length),
  q: r.at('q').orNull((q) => q.numbers(null)),
  run: r.at('run').orNull((run) => ({
    settling: run.at('settling').flag(),
    moment: readMoment(run.at('moment'), model),
  })),
})

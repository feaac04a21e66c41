import type { BoundModel } from '../contract.js'
import type { StartEnd } from '../start-end.js'
import type { Chosen, FitState } from './fit-record.js'
import { readMode } from './mode-from-json.js'
import { Reading } from './reading.js'
import { readComponent, readMoment, readRun, readStop } from './run-from-json.js'
import type { SearchState, StartState } from './search-record.js'

/**
 * The state that `stateToJson` wrote.
 *
 * @throws ShapeError where the document is no state of this model
 */
export function stateFromJson(document: unknown, model: BoundModel): FitState {
  const own = new Reading(document, '')
  const chosen = own.at('chosen')
  return {
    finished: own.at('finished').flag(),
    sample: own.at('sample').orNull((r) => readSearch(r, model)),
    chosen: chosen.orNull(
      (r): Chosen =>
        r.isText
          ? r.oneOf(['none'] as const)
          : { seed: r.at('seed').number(), params: r.at('params').numbers(model.length) },
    ),
    main: readSearch(own.at('main'), model),
    mode: own.at('mode').orNull((r) => readMode(r, model)),
  }
}

const readSearch = (r: Reading, model: BoundModel): SearchState => ({
  levels: r.at('levels').orNull((levels) => levels.list((level) => level.count())),
  starts: r.at('starts').list((start) => start.orNull((s) => readStart(s, model))),
})

const readStart = (r: Reading, model: BoundModel): StartState => ({
  legs: r.at('legs').count(),
  past: r.at('past').list((leg) => ({
    objective: leg.at('objective').number(),
    stop: readStop(leg.at('stop')),
    degenerate: leg.at('degenerate').list(readComponent),
  })),
  end: readEnd(r.at('end'), model),
  moment: r.at('moment').orNull((moment) => readMoment(moment, model)),
})

const readEnd = (r: Reading, model: BoundModel): StartEnd => ({
  seed: r.at('seed').number(),
  brief: r.at('brief').flag(),
  degenerate: r.at('degenerate').list(readComponent),
  run: readRun(r.at('run'), model),
})

import type { Json } from '../json.js'
import type { CooledStart, ModeState } from '../modes/mode-state.js'
import { numbersToText } from './bits.js'
import { exact, momentToJson, rowToJson } from './run-to-json.js'

/** The state of a mode as plain JSON that gives back the same bits. */
export function modeToJson(state: ModeState): Json {
  if (state.kind === 'anneal') return { kind: state.kind, starts: state.starts.map(startToJson) }
  const { kind, params } = state
  const walked = {
    params: numbersToText(params),
    trace: numbersToText(Float64Array.from(state.trace.slice(0, state.objectives))),
    rows: state.rows.slice(0, state.complete).map(rowToJson),
  }
  if (kind === 'sem') {
    const { before, best, mean } = state
    return {
      ...{ kind, ...walked, mean: numbersToText(mean) },
      before: before === null ? null : { draw: numbersToText(before.draw), bound: numbersToText(before.bound) },
      best: {
        params: numbersToText(best.params),
        objective: exact(best.objective),
        q: best.q === null ? null : numbersToText(best.q),
      },
    }
  }
  const { statistics, curvature, levels, batches, scored, begin } = state
  return {
    ...{ kind, ...walked, statistics: statistics === null ? null : numbersToText(statistics) },
    ...{
      curvature: curvature === null ? null : numbersToText(curvature),
      levels: levels === null ? null : [...levels],
    },
    ...{ batches, scored: exact(scored), begin: numbersToText(begin) },
  }
}

const startToJson = ({ done, stages, params, q, run }: CooledStart): Json => ({
  done,
  stages: stages.map(({ beta, iterations, objective }) => ({ beta, iterations, objective: exact(objective) })),
  params: numbersToText(params),
  q: q === null ? null : numbersToText(q),
  run: run === null ? null : { settling: run.settling, moment: momentToJson(run.moment) },
})

/** Runs of EM that `run-to-json.ts` wrote; a `ShapeError` where a document is none of this model. */
import type { AcceleratorMemory } from '../accelerator.js'
import type { BoundModel, ComponentState } from '../contract.js'
import type { EmPoint, Moved } from '../em-step.js'
import type { EmRun, IterateRow, RunMoment } from '../run.js'
import type { StopReason } from '../stop.js'
import type { Reading } from './reading.js'

const STOPS: readonly StopReason[] = ['tolerance', 'max-iterations', 'max-time', 'aborted', 'direct', 'numerical']

export function readRun(r: Reading, model: BoundModel): EmRun {
  const edge = r.at('edge').orNull((names) => names.list((name) => name.text()))
  const doubled = r.at('doubled').orNull((params) => params.numbers(model.length))
  return {
    point: readPoint(r.at('point'), model),
    trace: [...r.at('trace').numbers(null)],
    rows: r.at('rows').list((row) => readRow(row, model)),
    stop: readStop(r.at('stop')),
    reason: r.at('reason').orNull((reason) => reason.text()),
    passes: r.at('passes').count(),
    rate: optional(r.at('rate')),
    ...(doubled === null ? {} : { doubled }),
    ...(edge === null ? {} : { edge }),
  }
}

export function readMoment(r: Reading, model: BoundModel): RunMoment {
  const trace = [...r.at('trace').numbers(null)]
  const rows = r.at('rows').list((row) => readRow(row, model))
  return {
    point: readPoint(r.at('point'), model),
    doubled: r.at('doubled').orNull((params) => params.numbers(model.length)),
    trace,
    objectives: trace.length,
    rows,
    complete: rows.length,
    resolution: optional(r.at('resolution')),
    passes: r.at('passes').count(),
    rate: optional(r.at('rate')),
    step: optional(r.at('step')),
    settled: r.at('settled').count(),
    made: r.at('made').orNull((made) => readMove(made, model)),
    ahead: r.at('ahead').orNull((memory) => readMemory(memory, model)),
  }
}

const readMove = (r: Reading, model: BoundModel): Moved => ({
  kind: 'moved',
  to: readPoint(r.at('to'), model),
  elboAfterM: r.at('elboAfterM').number(),
  gap: r.at('gap').number(),
})

function readMemory(r: Reading, { length }: BoundModel): AcceleratorMemory {
  const kind = r.at('kind').oneOf(['squarem', 'anderson'])
  if (kind === 'anderson')
    return {
      kind,
      steps: r.at('steps').list((step) => ({
        image: step.at('image').numbers(length),
        residual: step.at('residual').numbers(length),
      })),
      longest: r.at('longest').number(),
    }
  return {
    kind,
    waits: r.at('waits').number(),
    longest: r.at('longest').number(),
    slowest: r.at('slowest').number(),
    contracting: r.at('contracting').count(),
    before: r.at('before').orNull((before) => ({
      params: before.at('params').numbers(length),
      residual: before.at('residual').numbers(length),
    })),
  }
}

function readPoint(r: Reading, model: BoundModel): EmPoint {
  const expectation = r.at('expectation')
  const q = expectation.at('q').orNull((numbers) => numbers.numbers(null))
  return {
    iteration: r.at('iteration').count(),
    params: r.at('params').numbers(model.length),
    logLikelihood: r.at('logLikelihood').number(),
    logPrior: r.at('logPrior').number(),
    objective: r.at('objective').number(),
    scale: r.at('scale').number(),
    condition: r.at('condition').number(),
    floored: r.at('floored').list((f) => ({
      param: f.at('param').text(),
      index: f.at('index').list((i) => i.count()),
      floor: f.at('floor').number(),
    })),
    expectation: {
      logLikelihood: expectation.at('logLikelihood').number(),
      scale: expectation.at('scale').number(),
      statistics: expectation.at('statistics').numbers(null),
      ...(q === null ? {} : { q }),
    },
  }
}

export function readRow(r: Reading, model: BoundModel): IterateRow {
  const [objective = 0, logLikelihood = 0, elboAfterE = 0, elboAfterM = 0, gap = 0] = r.at('numbers').numbers(5)
  return {
    iteration: r.at('iteration').count(),
    ...{ objective, logLikelihood, elboAfterE, elboAfterM, gap },
    params: r.at('params').numbers(model.length),
    expected: r.at('expected').pairs((value) => value.number()),
    labels: r.at('labels').orNull((labels) => labels.pairs((values) => values.integers())),
  }
}

export const readComponent = (r: Reading): ComponentState => ({
  latent: r.at('latent').text(),
  value: r.at('value').count(),
  expectedCount: r.at('expectedCount').number(),
  relativeVariance: optional(r.at('relativeVariance')),
  ownSpread: r.at('ownSpread').flag(),
})

const optional = (r: Reading): number | null => r.orNull((value) => value.number())
export const readStop = (r: Reading): StopReason | null => r.orNull((stop) => stop.oneOf(STOPS))

/** Runs of EM as plain JSON that gives back the same bits. */
import type { AcceleratorMemory } from '../accelerator.js'
import type { ComponentState } from '../contract.js'
import type { EmPoint, Moved } from '../em-step.js'
import type { Json } from '../json.js'
import type { EmRun, IterateRow, RunMoment } from '../run.js'
import { numbersToText } from './bits.js'

export const runToJson = ({ point, trace, rows, stop, reason, passes, rate, doubled, edge }: EmRun): Json => ({
  point: pointToJson(point),
  trace: numbersToText(Float64Array.from(trace)),
  rows: rows.map(rowToJson),
  stop,
  reason,
  passes,
  rate: optional(rate),
  doubled: doubled === undefined ? null : numbersToText(doubled),
  edge: edge ?? null,
})

export function momentToJson(moment: RunMoment): Json {
  const { point, doubled, trace, objectives, rows, complete, resolution, passes, rate, step, settled, made, ahead } =
    moment
  return {
    point: pointToJson(point),
    doubled: doubled === null ? null : numbersToText(doubled),
    trace: numbersToText(Float64Array.from(trace.slice(0, objectives))),
    rows: rows.slice(0, complete).map(rowToJson),
    resolution: optional(resolution),
    passes,
    rate: optional(rate),
    step: optional(step),
    settled,
    made: made === null ? null : moveToJson(made),
    ahead: ahead === null ? null : memoryToJson(ahead),
  }
}

const moveToJson = ({ to, elboAfterM, gap }: Moved): Json => ({
  to: pointToJson(to),
  elboAfterM: exact(elboAfterM),
  gap: exact(gap),
})

function memoryToJson(memory: AcceleratorMemory): Json {
  if (memory.kind === 'anderson')
    return {
      kind: memory.kind,
      steps: memory.steps.map((s) => ({ image: numbersToText(s.image), residual: numbersToText(s.residual) })),
      longest: exact(memory.longest),
    }
  const { kind, waits, longest, slowest, contracting, before } = memory
  return {
    ...{ kind, waits, longest: exact(longest), slowest: exact(slowest), contracting },
    before: before === null ? null : { params: numbersToText(before.params), residual: numbersToText(before.residual) },
  }
}

function pointToJson(point: EmPoint): Json {
  const { iteration, params, expectation, logLikelihood, logPrior, objective, scale, floored, condition } = point
  return {
    iteration,
    params: numbersToText(params),
    logLikelihood: exact(logLikelihood),
    logPrior: exact(logPrior),
    objective: exact(objective),
    scale: exact(scale),
    condition: exact(condition),
    floored: floored.map((f) => ({ param: f.param, index: f.index, floor: exact(f.floor) })),
    expectation: {
      logLikelihood: exact(expectation.logLikelihood),
      scale: exact(expectation.scale),
      statistics: numbersToText(expectation.statistics),
      q: expectation.q === undefined ? null : numbersToText(expectation.q),
    },
  }
}

export const rowToJson = (row: IterateRow): Json => ({
  iteration: row.iteration,
  numbers: numbersToText(Float64Array.of(row.objective, row.logLikelihood, row.elboAfterE, row.elboAfterM, row.gap)),
  params: numbersToText(row.params),
  expected: [...row.expected].map(([name, value]) => [name, exact(value)]),
  labels: row.labels === null ? null : [...row.labels].map(([name, values]) => [name, numbersToText(values)]),
})

export const componentToJson = ({
  latent,
  value,
  expectedCount,
  relativeVariance,
  ownSpread,
}: ComponentState): Json => ({
  latent,
  value,
  expectedCount: exact(expectedCount),
  relativeVariance: optional(relativeVariance),
  ownSpread,
})

const optional = (value: number | null): Json => (value === null ? null : exact(value))

/** JSON has neither −0 nor what is not finite. */
export const exact = (value: number): Json => (Number.isFinite(value) && !Object.is(value, -0) ? value : nameOf(value))

const nameOf = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

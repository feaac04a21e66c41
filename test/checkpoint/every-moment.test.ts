/** Accelerated runs go on from each of their moments, written down and read again. */
import { describe, expect, it } from 'vitest'
import { compileOrThrow, readTable } from '../../index.js'
import type { Acceleration } from '../../runtime/accelerator.js'
import { stateFromJson } from '../../runtime/checkpoint/state-from-json.js'
import { stateToJson } from '../../runtime/checkpoint/state-to-json.js'
import type { BoundModel } from '../../runtime/contract.js'
import { createPacer } from '../../runtime/pacer.js'
import { beginRun, continueRun, type EmRun, type RunLimits, type RunMoment } from '../../runtime/run.js'
import { createStarter } from '../../runtime/starts.js'
import { caseRun, dataText, modelSource } from '../conformance/cases.js'
import { parseFitArguments } from '../conformance/fit-arguments.js'

const pause = (): Promise<void> => Promise.resolve()
const pacer = createPacer(Date.now, pause)

function bound(): BoundModel {
  const run = caseRun('A33-ability-fa1')
  const { value } = readTable('ability.csv', dataText(run))
  if (value === undefined) throw new Error('no table')
  const { columns } = parseFitArguments(run.args, () => '{}')
  return compileOrThrow(modelSource(run)).bind([value], { columns, threads: 1 }).model
}

const limits = (accelerate: Acceleration, keep: (moment: RunMoment) => void): RunLimits => ({
  ...{ maxIterations: 1000, tolerance: 1e-9, maxTime: null, trace: false, signal: null, lenient: false, accelerate },
  onIteration() {},
  keep,
})

async function again(model: BoundModel, before: EmRun, moment: RunMoment): Promise<RunMoment> {
  const end = { seed: 1, run: before, degenerate: [], brief: true }
  const main = { levels: null, starts: [{ legs: 0, past: [], end, moment }] }
  const state = { finished: false, sample: null, chosen: null, main, mode: null }
  const document = JSON.parse(JSON.stringify(await stateToJson(state, pause)))
  const read = stateFromJson(document, model).main.starts[0]?.moment
  if (read === null || read === undefined) throw new Error('no moment')
  return read
}

describe.each(['squarem', 'anderson'] as const)('by %s', (accelerate) => {
  it('a run has the same trace from each of its moments', async () => {
    const model = bound()
    const start = await createStarter(model, 'auto', pacer).start(1, true)
    const begun = await beginRun(model, start)
    const moments: RunMoment[] = []
    const whole = await continueRun(
      model,
      begun,
      limits(accelerate, (moment) => void moments.push(moment)),
      pacer,
    )
    expect(whole.stop).toBe('tolerance')
    expect(moments.length).toBeGreaterThan(10)
    for (const moment of moments) {
      const read = await again(model, begun, moment)
      const rest = await continueRun(
        model,
        begun,
        limits(accelerate, () => {}),
        pacer,
        null,
        read,
      )
      expect(rest.trace).toEqual(whole.trace)
      expect([rest.passes, rest.stop, rest.point.params]).toEqual([whole.passes, whole.stop, whole.point.params])
    }
  })
})

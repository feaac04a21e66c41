/** One fit of a reference case from a seed, its passes over the data counted. */
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { compileOrThrow, readTable } from '../../index.js'
import type { BoundModel } from '../../runtime/contract.js'
import { degenerateComponents } from '../../runtime/degenerate.js'
import { fitModel } from '../../runtime/fit.js'
import type { FitRequest } from '../../runtime/options.js'
import { type CaseId, caseRun, dataText, modelSource, readCase } from '../../test/conformance/cases.js'
import { parseFitArguments } from '../../test/conformance/fit-arguments.js'

/** A reference case with the default settings: of its arguments only those that say what the model and the data are. */
export interface SeedCase {
  readonly id: CaseId
  /** The published optimum, and how near to it is there. */
  readonly optimum: number
  readonly tolerance: number
  readonly field: 'logLikelihood' | 'objective'
  /** The model over the data. */
  bind(): ProgramModel
  readonly bound: ProgramModel
}

/** What a fit came to. */
export interface SeedEnd {
  readonly seed: number
  readonly value: number
  readonly converged: boolean
  readonly degenerate: boolean
  /** E-steps of all starts, and what goes over the data besides: seeds of components, rows assigned to them, counts. */
  readonly steps: number
  readonly others: number
  /** Of the processor, not of the clock. */
  readonly milliseconds: number
}

/** Seeds this far apart share no start. */
const APART = 1000

/** The i-th seed, from 0. */
export const seedAt = (i: number): number => 1 + APART * i

/** true for a case whose reference is reached from a given start only. */
export const givesStart = (id: CaseId): boolean => Object.hasOwn(readCase(id), 'start')

/** `consts` take the place of the model's own. */
export function seedCase(id: CaseId, consts: Readonly<Record<string, unknown>> = {}): SeedCase {
  const run = caseRun(id)
  const { columns, set, groupBy, mode } = parseFitArguments(run.args, () => '{}')
  const { value, problems } = readTable(`${id}.csv`, dataText(run))
  if (value === undefined) throw new Error(problems.map((p) => p.message).join('\n'))
  const options = {
    ...{ columns, set: new Map([...set, ...Object.entries(consts)]), threads: 1 },
    ...(groupBy === undefined ? {} : { groupBy }),
    ...(mode === undefined ? {} : { mode }),
  }
  const { field, expect: optimum, tol: tolerance } = run
  const model = compileOrThrow(modelSource(run))
  const bind = (): ProgramModel => model.bind([value], options).model
  return { id, optimum, tolerance, field, bind, bound: bind() }
}

/** One fit; `asked` changes the default settings. */
export async function endFrom(of: SeedCase, seed: number, asked: FitRequest = {}): Promise<SeedEnd> {
  const passes = { steps: 0, others: 0 }
  // nodes and draws of one fit would be there in the next
  const bound = of.bound.bound === 'exact' ? of.bound : of.bind()
  const began = process.cpuUsage()
  const hooks = { pause: () => new Promise<void>((resolve) => setImmediate(resolve)) }
  const outcome = await fitModel(counted(bound, passes), { seed, ...asked }, hooks)
  const { user, system } = process.cpuUsage(began)
  const milliseconds = (user + system) / 1000
  if (!outcome.ok) throw new Error(outcome.problems.map((p) => p.message).join('\n'))
  const { result, params } = outcome
  return {
    seed,
    value: Number(result[of.field]),
    converged: result.converged,
    degenerate: result.stop !== 'numerical' && degenerateComponents(bound, params).length > 0,
    ...passes,
    milliseconds,
  }
}

/** The published optimum, or a better one that is not degenerate. */
export const reached = (of: SeedCase, end: SeedEnd): boolean =>
  Math.abs(end.value - of.optimum) <= of.tolerance || isBetter(of, end)

export const isBetter = (of: SeedCase, end: SeedEnd): boolean =>
  end.value > of.optimum + of.tolerance && !end.degenerate

const steps: ReadonlySet<string | symbol> = new Set(['eStep', 'eStepLater'])
const others: ReadonlySet<string | symbol> = new Set(['eStepFrom', 'posterior', 'unitLogLikelihood', 'components'])

/** The same model, what goes over its data counted. How many params are identified is not asked: no search depends on it. */
function counted(model: BoundModel, passes: { steps: number; others: number }): BoundModel {
  const summed = model.summed === undefined ? undefined : counted(model.summed, passes)
  return new Proxy(model, {
    get(target, key) {
      if (key === 'summed') return summed
      if (key === 'identifiedParameters') return () => null
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      return (...given: readonly unknown[]): unknown => {
        if (steps.has(key)) passes.steps++
        if (others.has(key)) passes.others++
        const answer: unknown = Reflect.apply(value, target, given)
        return key === 'withoutScales' && answer !== null ? counted(answer as BoundModel, passes) : answer
      }
    },
  })
}

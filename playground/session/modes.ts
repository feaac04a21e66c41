/** The modes of a run as a reader chooses among them: their names, what they do, and the numbers of their schedules. */
import { annealDefaults, onlineDefaults, semDefaults } from '../../runtime/modes/schedules.js'
import type { RunControls } from './project.js'
import type { Mode } from './view.js'

export interface ScheduleNumber {
  readonly name: string
  readonly label: string
  readonly says: string
  readonly value: number
}

export interface ModeFacts {
  readonly mode: Mode
  readonly label: string
  /** In the label of a run. */
  readonly short: string
  readonly says: string
  /** It has an E-step and an M-step to be looked at one at a time. */
  readonly steps: boolean
  readonly schedule: readonly ScheduleNumber[]
  /** How the objective is called. */
  readonly objective: string
}

const batches: readonly ScheduleNumber[] = [
  {
    name: 'power',
    label: 'Power',
    says: 'Above 1/2 and at most 1: how fast steps get smaller',
    value: onlineDefaults.power,
  },
  { name: 'delay', label: 'Delay', says: 'How small the first steps are', value: onlineDefaults.delay },
  { name: 'passes', label: 'Passes', says: 'How often all rows are gone through', value: onlineDefaults.passes },
]

export const modes: readonly ModeFacts[] = [
  {
    mode: 'em',
    label: 'soft (EM)',
    short: 'soft',
    says: 'The E-step takes the posterior of the latents.',
    steps: true,
    schedule: [],
    objective: 'objective',
  },
  {
    mode: 'hard',
    label: 'hard (most probable values)',
    short: 'hard',
    says: 'The E-step takes the most probable values of all latents together, as k-means does.',
    steps: true,
    schedule: batches,
    objective: 'log-likelihood of data and labels',
  },
  {
    mode: 'cem',
    label: 'cem (each most probable)',
    short: 'cem',
    says: 'The E-step takes the most probable value of each latent by itself.',
    steps: true,
    schedule: [],
    objective: 'log-likelihood of data and labels',
  },
  {
    mode: 'anneal',
    label: 'anneal (from flat to sharp)',
    short: 'annealed',
    says: 'The posterior is flattened at first, so that the start hardly matters, and sharpened step by step.',
    steps: false,
    schedule: [
      {
        name: 'from',
        label: 'From',
        says: 'The first power of the posterior, between 0 and 1',
        value: annealDefaults.from,
      },
      { name: 'factor', label: 'Factor', says: 'From one power to the next, above 1', value: annealDefaults.factor },
      { name: 'peak', label: 'Peak', says: 'The largest power, before it is 1', value: annealDefaults.peak },
    ],
    objective: 'objective',
  },
  {
    mode: 'sem',
    label: 'sem (draws)',
    short: 'sem',
    says: 'A draw of the latents takes the place of their posterior; the estimate is an average.',
    steps: false,
    schedule: [
      { name: 'burn', label: 'Burn', says: 'Draws before the average begins', value: semDefaults.burn },
      { name: 'keep', label: 'Keep', says: 'Draws that are averaged', value: semDefaults.keep },
    ],
    objective: 'objective',
  },
  {
    mode: 'online',
    label: 'online (in batches)',
    short: 'online',
    says: 'Rows come in batches, and each moves the params a little.',
    steps: false,
    schedule: batches,
    objective: 'objective',
  },
  {
    mode: 'vb',
    label: 'vb (posteriors of params)',
    short: 'vb',
    says: 'Params with conjugate priors have posteriors too; the objective is a lower bound of the evidence.',
    steps: true,
    schedule: [],
    objective: 'lower bound',
  },
]

const [plain] = modes
export const modeFacts = (mode: Mode): ModeFacts => {
  const found = modes.find((m) => m.mode === mode) ?? plain
  if (found === undefined) throw new Error('there are modes')
  return found
}

/** The mode that the steps are of. */
export const stepsOf = (mode: Mode): Mode => (modeFacts(mode).steps ? mode : 'em')

/** A fit may jump between the steps: the others maximise something else, or go by a schedule. */
export const jumpsIn = (mode: Mode): boolean => mode === 'em' || mode === 'vb'

/** Batch and schedule as a fit takes them: of what was set, what belongs to the mode. */
export function scheduleOf({ mode, batch, schedule }: Pick<RunControls, 'mode' | 'batch' | 'schedule'>): {
  readonly batch?: number
  readonly schedule?: { readonly [name: string]: number }
} {
  const isBatched = mode === 'online' || (mode === 'hard' && batch !== null)
  if (mode === 'hard' && !isBatched) return {}
  const own = modeFacts(mode).schedule.flatMap(({ name }) => {
    const value = schedule.get(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  return {
    ...(isBatched && batch !== null ? { batch } : {}),
    ...(own.length === 0 ? {} : { schedule: Object.fromEntries(own) }),
  }
}

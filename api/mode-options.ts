/** The mode of a fit, and what belongs to one: names and numbers are checked before anything is bound. */
import { suggest } from '../lang/suggest.js'
import {
  type AnnealSchedule,
  annealDefaults,
  type OnlineSchedule,
  onlineDefaults,
  type SemSchedule,
  semDefaults,
} from '../runtime/modes/schedules.js'
import { OptionError } from './errors.js'

export const fitModes = ['em', 'hard', 'anneal', 'cem', 'sem', 'online', 'vb'] as const
export type Mode = (typeof fitModes)[number]

/**
 * Numbers of the schedule of a mode. `anneal`: `from`, the first inverse temperature, the `factor` from one to the next, and
 * the `peak`, the last before 1. `sem`: `burn` draws before the average, `keep` in it. `online`, and `hard` with a batch: the step of batch t is
 * (t + `delay`)^−`power`, and all rows are gone through `passes` times.
 */
export interface ModeSchedule extends Partial<AnnealSchedule & SemSchedule & OnlineSchedule> {}

/** Rows of a batch where it is not said. */
export const DEFAULT_BATCH = 256

interface ModeOptions {
  readonly mode?: Mode
  readonly batch?: number
  readonly schedule?: ModeSchedule
  readonly accelerate?: string | null
}

interface Bounds {
  readonly above?: number
  readonly least?: number
  readonly below?: number
  readonly most?: number
  readonly whole?: true
}

const bounds: Readonly<Record<string, Bounds>> = {
  from: { above: 0, below: 1 },
  factor: { above: 1 },
  peak: { least: 1 },
  burn: { least: 0, whole: true },
  keep: { least: 1, whole: true },
  power: { above: 0.5, most: 1 },
  delay: { least: 0 },
  passes: { least: 1, whole: true },
}

/** Defaults of what a mode has a schedule of; null: it has none. */
function defaultsOf({ mode = 'em', batch }: ModeOptions): Readonly<Record<string, number>> | null {
  switch (mode) {
    case 'anneal':
      return { ...annealDefaults }
    case 'sem':
      return { ...semDefaults }
    case 'online':
      return { ...onlineDefaults }
    case 'hard':
      return batch === undefined ? null : { ...onlineDefaults }
    case 'em':
    case 'cem':
    case 'vb':
      return null
  }
}

/** @throws OptionError where an option belongs to another mode, or a number is out of its range */
export function checkMode(options: ModeOptions): void {
  const { mode = 'em', batch, schedule, accelerate = null } = options
  if (!fitModes.includes(mode)) throw new OptionError(`mode takes ${fitModes.join(', ')}, not \`${String(mode)}\``)
  if (batch !== undefined) {
    if (mode !== 'online' && mode !== 'hard')
      throw new OptionError(`batch belongs to the modes online and hard, and the mode is ${mode}`)
    if (!(Number.isInteger(batch) && batch >= 1))
      throw new OptionError(`batch takes a whole number of rows, at least 1, not \`${String(batch)}\``)
  }
  if (accelerate !== null && (mode === 'sem' || mode === 'online' || batch !== undefined))
    throw new OptionError(
      `accelerate jumps along steps of EM over all rows: ${mode === 'sem' ? 'mode sem has draws in between' : 'there are batches'}`,
    )
  if (schedule === undefined) return
  const defaults = defaultsOf(options)
  if (defaults === null) {
    const without = mode === 'hard' ? 'hard without a batch' : mode
    throw new OptionError(`the mode ${without} has no schedule; anneal, sem and online have one`)
  }
  const names = Object.keys(defaults)
  for (const [name, value] of Object.entries(schedule)) {
    if (!names.includes(name)) {
      const near = suggest(name, names)
      const hint = near === undefined ? `it has ${names.join(', ')}` : `did you mean \`${near}\`?`
      throw new OptionError(`the schedule of ${mode} has no \`${name}\`: ${hint}`)
    }
    const range = bounds[name]
    if (range !== undefined && !(typeof value === 'number' && isWithin(value, range)))
      throw new OptionError(`${name} in the schedule takes ${inWords(range)}, not \`${String(value)}\``)
  }
}

function isWithin(x: number, { above, least, below, most, whole }: Bounds): boolean {
  return (
    Number.isFinite(x) &&
    (above === undefined || x > above) &&
    (least === undefined || x >= least) &&
    (below === undefined || x < below) &&
    (most === undefined || x <= most) &&
    (whole !== true || Number.isInteger(x))
  )
}

function inWords({ above, least, below, most, whole }: Bounds): string {
  const low = above === undefined ? `of at least ${least ?? 0}` : `above ${above}`
  const high = below === undefined ? (most === undefined ? '' : `, at most ${most}`) : ` and below ${below}`
  return `a ${whole === true ? 'whole ' : ''}number ${low}${high}`
}

export const annealSchedule = ({ schedule }: ModeOptions): AnnealSchedule => ({ ...annealDefaults, ...schedule })
export const semSchedule = ({ schedule }: ModeOptions): SemSchedule => ({ ...semDefaults, ...schedule })
export const onlineSchedule = ({ schedule }: ModeOptions): OnlineSchedule => ({ ...onlineDefaults, ...schedule })

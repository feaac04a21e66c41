/** Checkpoints of a fit: its state as plain JSON, and the way back. */
import type { TypedModel } from '../lang/typed/types.js'
import type { FitState, RecordHooks } from '../runtime/checkpoint/fit-record.js'
import { Hash } from '../runtime/checkpoint/hash.js'
import { Reading, ShapeError } from '../runtime/checkpoint/reading.js'
import { stateFromJson } from '../runtime/checkpoint/state-from-json.js'
import { stateToJson } from '../runtime/checkpoint/state-to-json.js'
import type { BoundModel } from '../runtime/contract.js'
import { version } from '../version.js'
import { FORMAT, FORMAT_VERSION } from './checkpoint-document.js'
import { OptionError } from './errors.js'
import { differences, type Fingerprint, fingerprintFromJson, fingerprintOf, fingerprintToJson } from './fingerprint.js'
import type { Bound } from './frozen.js'
import { nextTurn } from './next-turn.js'
import type { FitCallOptions } from './options.js'

/** Milliseconds between checkpoints where nothing else is asked for. */
const EVERY = 1000
/** Bytes of numbers beyond which a state is no checkpoint: it would be written for longer than the fit runs. */
const LARGEST = 2 ** 28

/**
 * What the runtime is to do with the state of a fit; nothing where no checkpoints are wanted.
 *
 * @throws OptionError where `resume` is damaged, or belongs to another fit
 */
export async function recordHooks(
  typed: TypedModel,
  bound: Bound,
  options: FitCallOptions,
): Promise<{ readonly record?: RecordHooks }> {
  const { checkpoint, checkpointEvery = EVERY, resume } = options
  if (checkpoint === undefined && resume === undefined) return {}
  if (!(checkpointEvery >= 0)) throw new OptionError('checkpointEvery takes milliseconds')
  const fingerprint = await fingerprintOf(typed, bound, options)
  const from = resume === undefined ? null : await restored(resume, fingerprint, bound.model)
  if (checkpoint === undefined) return { record: { from, every: Number.POSITIVE_INFINITY, async emit() {} } }
  const emit = async (state: FitState): Promise<void> => {
    refuseLarge(state)
    const body = { fit: fingerprintToJson(fingerprint), state: await stateToJson(state, nextTurn) }
    await checkpoint({
      ...{ format: FORMAT, version: FORMAT_VERSION, estepVersion: version },
      ...{ checksum: await checksumOf(JSON.stringify(body)), body },
    })
  }
  return { record: { from, every: checkpointEvery, emit } }
}

/** Model and options for which there are no checkpoints, by name. */
export function refuseCheckpoints(options: FitCallOptions, what: string): void {
  if (options.checkpoint !== undefined || options.resume !== undefined)
    throw new OptionError(`${what} has no checkpoints`)
}

/** Says of a document whether it is a checkpoint, and whether its search has ended; null where it is none that can be read. */
export async function readCheckpoint(document: unknown): Promise<{ readonly finished: boolean } | null> {
  try {
    const body = await opened(document)
    return { finished: body.at('state').at('finished').flag() }
  } catch (e) {
    if (e instanceof OptionError || e instanceof ShapeError) return null
    throw e
  }
}

async function restored(document: unknown, is: Fingerprint, model: BoundModel): Promise<FitState> {
  const body = await opened(document)
  try {
    const differ = differences(body.at('fit').read(fingerprintFromJson), is)
    if (differ.length > 0) throw new OptionError(`the checkpoint is of another fit: ${differ.join('; ')}`)
    return body.at('state').read((state) => stateFromJson(state, model))
  } catch (e) {
    throw e instanceof ShapeError ? damaged(e.message) : e
  }
}

const damaged = (why: string): OptionError => new OptionError(`the checkpoint is damaged: ${why}`)

/** The body of a checkpoint that is whole. @throws OptionError */
async function opened(document: unknown): Promise<Reading> {
  const own = new Reading(document, '')
  try {
    if (own.at('format').text() !== FORMAT) throw new OptionError('it is no checkpoint')
  } catch (e) {
    throw e instanceof ShapeError ? new OptionError('it is no checkpoint') : e
  }
  try {
    const format = own.at('version').number()
    if (format !== FORMAT_VERSION)
      throw new OptionError(`the checkpoint is of format ${format}, and format ${FORMAT_VERSION} is read here`)
    const writer = own.at('estepVersion').text()
    if (writer !== version) throw new OptionError(`estep ${writer} wrote the checkpoint, and this is estep ${version}`)
    const body = own.at('body')
    const text = body.read((value) => JSON.stringify(value) ?? '')
    if ((await checksumOf(text)) !== own.at('checksum').text()) throw damaged('its checksum is not that of its content')
    return body
  } catch (e) {
    throw e instanceof ShapeError ? damaged(e.message) : e
  }
}

/** Characters that are hashed in one turn of the event loop. */
const PIECE = 2 ** 20

async function checksumOf(text: string): Promise<string> {
  const hash = new Hash()
  for (let from = 0; from < text.length; from += PIECE) {
    hash.text(text.slice(from, from + PIECE))
    if (from > 0) await nextTurn()
  }
  return hash.hex()
}

/** @throws OptionError */
function refuseLarge({ main, sample }: FitState): void {
  let bytes = 0
  for (const start of [...main.starts, ...(sample?.starts ?? [])])
    for (const point of [start?.end.run.point, start?.moment?.point])
      if (point !== undefined)
        bytes += 8 * (point.params.length + point.expectation.statistics.length + (point.expectation.q?.length ?? 0))
  if (bytes > LARGEST)
    throw new OptionError(
      `the state of ${main.starts.length} starts takes ${Math.round(bytes / 1e6)} MB, too much for checkpoints: take fewer restarts`,
    )
}

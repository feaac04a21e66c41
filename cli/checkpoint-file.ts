import type { Context } from './context.js'
import { UsageError } from './exit-codes.js'
import { readJson } from './load-fit.js'
import type { CheckpointPort } from './ports.js'
import { printable } from './render/paint.js'

export interface CheckpointOptions {
  readonly checkpoint?: string
  readonly checkpointEvery?: number
  readonly resume?: string
  readonly out?: string
}

export interface Checkpoints {
  /** The file that they are written to; null where none are. */
  readonly path: string | null
  /** Where the fit goes on from; null where it begins anew. */
  readonly resume: unknown
  readonly checkpoint: CheckpointPort | null
}

const EVERY = 1000

/**
 * `--resume FILE` goes on from a checkpoint and writes the next ones there too, unless `--checkpoint` names another file.
 * Both with the same file that is not there yet begin anew: one command line for the first run and for those after it.
 */
export async function checkpoints(context: Context, options: CheckpointOptions): Promise<Checkpoints> {
  const { resume } = options
  const path = options.checkpoint ?? resume ?? null
  if (path === null) {
    if (options.checkpointEvery !== undefined) throw new UsageError('--checkpoint-every needs --checkpoint FILE')
    return { path, resume: null, checkpoint: null }
  }
  if (path === '-' || resume === '-') throw new UsageError('a checkpoint is a file, not -')
  if (path === options.out) throw new UsageError('--checkpoint and --out name the same file')
  const begin = await beginning(context, path, options)
  return { path, resume: begin, checkpoint: { every: options.checkpointEvery ?? EVERY, write: writer(context, path) } }
}

async function beginning(context: Context, path: string, options: CheckpointOptions): Promise<unknown> {
  const { host, ports } = context
  const { resume } = options
  if (resume === undefined) {
    if (host.exists(path)) await refuseLoss(context, path)
    return null
  }
  if (resume === options.checkpoint && !host.exists(path)) {
    host.stderr(`there is no \`${printable(path)}\` yet: the fit begins anew\n`)
    return null
  }
  const document = await readJson(context, resume, 'a checkpoint')
  if (ports.loadFit(document).fit !== undefined)
    throw new UsageError(
      `\`${resume}\` is a fit, not a checkpoint`,
      `--init ${resume} begins a fit at its params; a checkpoint is what --checkpoint FILE writes`,
    )
  const writer = writtenBy(document)
  if (writer !== null && writer !== ports.machine)
    host.stderr(
      `the checkpoint was written by ${printable(writer)}, and this is ${ports.machine}: the last digits may differ from those of one run\n`,
    )
  return document
}

/** A new checkpoint must not replace one from which a fit could go on, nor a file of another kind. */
async function refuseLoss(context: Context, path: string): Promise<void> {
  const known = await context.ports.readCheckpoint(await readJson(context, path, 'a checkpoint'))
  if (known === null)
    throw new UsageError(`--checkpoint: there is a file \`${path}\` already, and it is no checkpoint of this version`)
  if (!known.finished)
    throw new UsageError(
      `\`${path}\` holds the checkpoint of a fit that has not ended`,
      `--resume ${path} goes on from it; delete the file to begin anew`,
    )
}

/** What goes wrong before the first checkpoint is there ends the fit; later it is said once, and the fit goes on. */
function writer(context: Context, path: string): CheckpointPort['write'] {
  let [written, warned] = [false, false]
  context.host.removeLeftovers?.(path)
  return async (state) => {
    try {
      await context.host.write(path, `${JSON.stringify({ ...state, writtenBy: context.ports.machine })}\n`)
      written = true
    } catch (error) {
      if (!written || !(error instanceof UsageError)) throw error
      if (!warned)
        context.host.stderr(`${context.err.warning('warning')}: no new checkpoint: ${printable(error.message)}\n`)
      warned = true
    }
  }
}

function writtenBy(document: unknown): string | null {
  const own = typeof document === 'object' && document !== null && 'writtenBy' in document ? document.writtenBy : null
  return typeof own === 'string' ? own : null
}

/** What to do about a checkpoint that cannot be gone on from. */
export const checkpointHelp =
  'repeat the model, the data and the options that the fit was begun with; or begin anew without --resume'

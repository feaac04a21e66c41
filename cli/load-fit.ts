import { decode } from '../runtime/data/decode.js'
import type { Context } from './context.js'
import { UsageError } from './exit-codes.js'
import type { FitPort } from './ports.js'

/** A fit from a file that `estep fit --out` wrote. */
export async function loadFit(context: Context, path: string): Promise<FitPort> {
  const { fit, problem } = context.ports.loadFit(await readJson(context, path, 'a fit'))
  if (fit === undefined)
    throw new UsageError(
      `\`${path}\`: ${problem ?? 'not a fit'}`,
      'a fit is a file that `estep fit MODEL --data FILE --out fit.json` wrote',
    )
  return fit
}

/** A JSON file of the user's. */
export async function readJson(context: Context, path: string, what: string): Promise<unknown> {
  const decoded = decode(await context.host.read(path), path)
  if (decoded.value === undefined) throw new UsageError(decoded.problems[0]?.message ?? `\`${path}\` is not text`)
  try {
    return JSON.parse(decoded.value)
  } catch {
    throw new UsageError(`\`${path}\` is not ${what}: it is not valid JSON`)
  }
}

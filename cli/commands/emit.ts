import { type Context, printJson } from '../context.js'
import { exitCodes } from '../exit-codes.js'
import { loadModel } from '../load-model.js'

export interface EmitOptions {
  readonly target: 'js'
  readonly out?: string
  readonly json?: boolean
}

/** `estep emit MODEL --target js`: a program that runs the derived algorithm, on stdout or into a file. */
export async function emit(context: Context, path: string, options: EmitOptions): Promise<number> {
  const json = options.json === true
  const loaded = await loadModel(context, path, json)
  if (loaded === null) return exitCodes.model
  const made = await loaded.model.emit(options.target)
  if ('declined' in made) {
    context.host.stderr(`${context.err.error('error')}: there is no such program for this model: ${made.declined}\n`)
    if (json) printJson(context, { ok: false, declined: made.declined })
    return exitCodes.model
  }
  if (options.out !== undefined) await context.host.write(options.out, made.text)
  if (json) printJson(context, { ok: true, target: options.target, text: made.text })
  else if (options.out === undefined) context.host.stdout(made.text)
  return exitCodes.done
}

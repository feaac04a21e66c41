import { type Context, printJson } from '../context.js'
import { exitCodes } from '../exit-codes.js'
import { loadModel } from '../load-model.js'

export interface DeriveOptions {
  readonly format: 'text' | 'md'
  readonly json?: boolean
}

/** `estep derive MODEL`: the derivation as a document. */
export async function derive(context: Context, path: string, options: DeriveOptions): Promise<number> {
  const loaded = await loadModel(context, path, options.json === true)
  if (loaded === null) return exitCodes.model
  const derivation = loaded.model.derivation()
  const text = options.format === 'md' ? derivation.toMarkdown() : derivation.toText()
  if (options.json === true)
    printJson(context, { model: loaded.model.name, format: options.format, text, plan: loaded.model.plan() })
  else context.host.stdout(text.endsWith('\n') ? text : `${text}\n`)
  return exitCodes.done
}

import { type Context, printDiagnostics, printJson } from '../context.js'
import { exitCodes } from '../exit-codes.js'
import { loadModel } from '../load-model.js'

export interface DeriveOptions {
  readonly format: 'text' | 'md'
  readonly mode: 'em' | 'hard'
  readonly json?: boolean
}

/** `estep derive MODEL`: the derivation as a document. */
export async function derive(context: Context, path: string, options: DeriveOptions): Promise<number> {
  const loaded = await loadModel(context, path, options.json === true)
  if (loaded === null) return exitCodes.model
  const { document: derivation, diagnostics } = loaded.model.derivation(options.mode)
  if (derivation === undefined) {
    printDiagnostics(context, diagnostics, loaded.source)
    if (options.json === true) printJson(context, { ok: false, diagnostics })
    return exitCodes.model
  }
  const text = options.format === 'md' ? derivation.toMarkdown() : derivation.toText()
  if (options.json === true)
    printJson(context, {
      model: loaded.model.name,
      mode: options.mode,
      format: options.format,
      text,
      plan: loaded.model.plan(options.mode),
    })
  else context.host.stdout(text.endsWith('\n') ? text : `${text}\n`)
  return exitCodes.done
}

import type { Source } from '../lang/source.js'
import { decode } from '../runtime/data/decode.js'
import { type Context, printDiagnostics, printJson } from './context.js'
import { UsageError } from './exit-codes.js'
import type { ModelPort } from './ports.js'

export interface LoadedModel {
  readonly source: Source
  readonly model: ModelPort
}

/** The text of a model file, or of stdin. */
export async function readSource(context: Context, path: string): Promise<Source> {
  const name = path === '-' ? 'stdin' : path
  const decoded = decode(await context.host.read(path), name)
  if (decoded.value === undefined) throw new UsageError(decoded.problems[0]?.message ?? `\`${name}\` is not text`)
  return { name, text: decoded.value }
}

/** A compiled model, or null where it has errors, which are then on stderr (and in the JSON document, if asked for). */
export async function loadModel(context: Context, path: string, json: boolean): Promise<LoadedModel | null> {
  const source = await readSource(context, path)
  const { model, diagnostics } = context.ports.compile(source)
  printDiagnostics(context, diagnostics, source)
  if (model !== undefined) return { source, model }
  if (json) printJson(context, { ok: false, diagnostics })
  return null
}

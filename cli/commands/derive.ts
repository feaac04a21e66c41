import { type Context, printDiagnostics, printJson, printProblems } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'
import { katexStyles } from '../katex-styles.js'
import { parseSet } from '../literal.js'
import { type DataOptions, loadData, requireData } from '../load-data.js'
import { type LoadedModel, loadModel } from '../load-model.js'
import type { DerivationText } from '../ports.js'
import { readStart } from '../start-values.js'

export type DocumentFormat = 'text' | 'md' | 'latex' | 'html'

export interface DeriveOptions extends DataOptions {
  readonly format: DocumentFormat
  /** LaTeX: the sections alone. */
  readonly fragment?: boolean
  readonly mode: 'em' | 'hard' | 'vb'
  readonly worked?: boolean
  readonly set?: readonly string[]
  readonly start?: readonly string[]
  readonly seed: number
  readonly json?: boolean
}

/** `estep derive MODEL`: the derivation as a document. */
export async function derive(context: Context, path: string, options: DeriveOptions): Promise<number> {
  if (options.fragment === true && options.format !== 'latex') throw new UsageError('--fragment is for --format latex')
  if (options.worked !== true && (options.data ?? []).length > 0)
    throw new UsageError('--data gives the numbers of --worked', 'add --worked, or leave --data out')
  const loaded = await loadModel(context, path, options.json === true)
  if (loaded === null) return exitCodes.model
  const document = options.worked === true ? await worked(context, loaded, options) : derived(context, loaded, options)
  if (typeof document === 'number') return document
  const text = written(document, options)
  if (options.json === true)
    printJson(context, {
      model: loaded.model.name,
      mode: options.mode,
      format: options.format,
      text,
      lines: document.lines,
      plan: loaded.model.plan(options.mode),
    })
  else context.host.stdout(text.endsWith('\n') ? text : `${text}\n`)
  return exitCodes.done
}

/** The document, or the exit status where there is none. */
function derived(context: Context, loaded: LoadedModel, options: DeriveOptions): DerivationText | number {
  const { document, diagnostics } = loaded.model.derivation(options.mode)
  if (document !== undefined) return document
  printDiagnostics(context, diagnostics, loaded.source)
  if (options.json === true) printJson(context, { ok: false, diagnostics })
  return exitCodes.model
}

async function worked(
  context: Context,
  { model, source }: LoadedModel,
  options: DeriveOptions,
): Promise<DerivationText | number> {
  const data = await loadData(context, options)
  requireData(model.declarations, data, options.set ?? [])
  const start = await readStart(context, undefined, options.start ?? [])
  const outcome = await model.worked(data, {
    set: parseSet(options.set),
    start: start.values,
    seed: options.seed,
    mode: options.mode,
  })
  switch (outcome.kind) {
    case 'document':
      return outcome.document
    case 'data':
      printProblems(context, outcome.problems, options.json === true)
      return exitCodes.data
    case 'model':
      printDiagnostics(context, outcome.diagnostics, source)
      if (options.json === true) printJson(context, { ok: false, diagnostics: outcome.diagnostics })
      return exitCodes.model
    case 'usage':
      throw new UsageError(outcome.message)
  }
}

function written(document: DerivationText, { format, fragment = false }: DeriveOptions): string {
  switch (format) {
    case 'text':
      return document.toText()
    case 'md':
      return document.toMarkdown()
    case 'latex':
      return document.toLatex({ fragment })
    case 'html':
      return document.toHtml({ katexStyles: katexStyles() })
  }
}

import { type Context, printDiagnostics, printJson } from '../context.js'
import { exitCodes } from '../exit-codes.js'
import { katexStyles } from '../katex-styles.js'
import { loadModel } from '../load-model.js'
import type { DerivationText } from '../ports.js'

export interface DeriveOptions {
  readonly format: DocumentFormat
  /** LaTeX: the sections alone. */
  readonly fragment?: boolean
  readonly mode: 'em' | 'hard'
  readonly json?: boolean
}

export type DocumentFormat = 'text' | 'md' | 'latex' | 'html'

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
  const text = written(derivation, options)
  if (options.json === true)
    printJson(context, {
      model: loaded.model.name,
      mode: options.mode,
      format: options.format,
      text,
      lines: derivation.lines,
      plan: loaded.model.plan(options.mode),
    })
  else context.host.stdout(text.endsWith('\n') ? text : `${text}\n`)
  return exitCodes.done
}

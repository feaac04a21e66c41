import { derive } from '../compiler/derive.js'
import { distributionByName, signatures } from '../compiler/distributions/index.js'
import { check } from '../lang/check.js'
import type { Diagnostic } from '../lang/diagnostics/types.js'
import type { Source } from '../lang/source.js'
import { loadFit as readFit } from '../runtime/load.js'
import { CompileError, OptionError } from './errors.js'
import { Fit } from './fit.js'
import { restore } from './frozen.js'
import { Model } from './model.js'
import type { CompileOptions } from './options.js'

export type CompileResult =
  | { readonly ok: true; readonly model: Model; readonly diagnostics: readonly Diagnostic[] }
  | { readonly ok: false; readonly model?: undefined; readonly diagnostics: readonly Diagnostic[] }

/**
 * Compiles a model: parse, check, derive. Never throws on what a user can get wrong: that comes back as diagnostics.
 *
 * @param source the text of a model file, or a text with the name to print in diagnostics
 */
export function compile(source: string | Source, options: CompileOptions = {}): CompileResult {
  const text = typeof source === 'string' ? { name: 'model.estep', text: source } : source
  const extra = options.distributions ?? []
  const known = new Map([...distributionByName, ...extra.map((d) => [d.signature.name, d] as const)])
  const names = new Set(extra.map((d) => d.signature.name))
  const checked = check(text, [...signatures.filter((s) => !names.has(s.name)), ...extra.map((d) => d.signature)])
  if (checked.value === undefined) return { ok: false, diagnostics: checked.diagnostics }
  const derived = derive(checked.value, known)
  const diagnostics = [...checked.diagnostics, ...derived.diagnostics]
  if (derived.value === undefined) return { ok: false, diagnostics }
  return { ok: true, model: new Model(checked.value, derived.value, known, diagnostics), diagnostics }
}

/** The same, or a `CompileError` with the diagnostics. */
export function compileOrThrow(source: string | Source, options: CompileOptions = {}): Model {
  const result = compile(source, options)
  if (!result.ok) throw new CompileError(result.diagnostics)
  return result.model
}

/**
 * A fit from its JSON (the parsed document).
 *
 * @throws OptionError where the document is no fit of a version that is read here
 */
export function loadFit(document: unknown): Fit<Model> {
  const loaded = readFit(document)
  if (!loaded.ok) throw new OptionError(loaded.problem)
  const stored = (loaded.result as { readonly source?: unknown }).source
  if (typeof stored !== 'string') throw new OptionError('the fit holds no model text')
  const model = compileOrThrow(stored)
  const { layout, held } = restore(loaded.result)
  return new Fit(model, loaded.result, layout, null, held)
}

/**
 * Variational Bayes (Bishop 2006, section 10.2): params whose prior is conjugate are latents, q is a product, and the
 * objective is the evidence lower bound. Nothing is derived anew: the model with these params as latents is compiled, and its
 * E-step is coordinate ascent. Params without a prior, or whose posterior has no closed form, keep their M-step.
 */
import { type Derivation, derive } from '../compiler/derive.js'
import type { Distribution } from '../compiler/distributions/types.js'
import { check } from '../lang/check.js'
import type { Diagnostic } from '../lang/diagnostics/types.js'
import { format } from '../lang/format/format.js'
import type { Source } from '../lang/source.js'
import { parse } from '../lang/syntax/parse.js'
import { type ParamPrior, paramsAsLatents, paramsWithPriors } from '../lang/transform/params-as-latents.js'
import { type SpanBefore, spansBefore } from '../lang/transform/spans-before.js'
import type { TypedModel } from '../lang/typed/types.js'
import { CompileError } from './errors.js'

export interface VariationalModel {
  readonly typed: TypedModel
  readonly derivation: Derivation
  readonly diagnostics: readonly Diagnostic[]
  /** From places in the text of this model to those in the text as it was written. */
  readonly before: SpanBefore
  /** Params that are latents here. */
  readonly moved: readonly string[]
  /** Params with a prior that are still params, and why. */
  readonly kept: ReadonlyMap<string, string>
}

/**
 * One param after the other is made a latent, where the derivation then has a posterior in closed form for all.
 *
 * @throws CompileError (E430) where no param can be
 */
export function variationalModel(
  { source }: Pick<TypedModel, 'source'>,
  distributions: ReadonlyMap<string, Distribution>,
): VariationalModel {
  const signatures = new Map([...distributions].map(([name, d]) => [name, d.signature]))
  const { value: file } = parse(source)
  if (file === undefined) throw new Error('a model that compiled does not parse')
  const kept = new Map<string, string>()
  let best: Omit<VariationalModel, 'moved' | 'kept' | 'before'> | null = null
  let moved: readonly string[] = []
  const priors = paramsWithPriors(file, source.text, signatures)
  for (const { name, obstacle } of readersFirst(priors)) {
    const names = [...moved, name]
    const reader = priors.find((p) => p.reads.has(name) && !names.includes(p.name))
    const text = (): string => {
      const rewritten = paramsAsLatents(file, source.text, new Set(names), signatures)
      return format({ ...rewritten, comments: [] }, source.text)
    }
    const tried =
      obstacle ??
      (reader === undefined
        ? compiled({ name: source.name, text: text() }, distributions, names)
        : `the prior of \`${reader.name}\`, which stays a param, reads it`)
    if (typeof tried === 'string') kept.set(name, tried)
    else {
      best = tried
      moved = names
    }
  }
  if (best === null) throw new CompileError([nothingMoves(kept)])
  const { value: written } = parse(best.typed.source)
  if (written === undefined) throw new Error('a model that was written anew does not parse')
  const before = spansBefore(written, paramsAsLatents(file, source.text, new Set(moved), signatures))
  return { ...best, before, moved, kept }
}

/** A param before those that its prior reads: a latent may be read by latents alone. */
function readersFirst(priors: readonly ParamPrior[]): readonly ParamPrior[] {
  const out: ParamPrior[] = []
  const visit = (p: ParamPrior, path: readonly ParamPrior[]): void => {
    if (out.includes(p) || path.includes(p)) return
    for (const reader of priors) if (reader !== p && reader.reads.has(p.name)) visit(reader, [...path, p])
    out.push(p)
  }
  for (const p of priors) visit(p, [])
  return out
}

/** A model with its derivation, or why it is not taken. */
function compiled(
  source: Source,
  distributions: ReadonlyMap<string, Distribution>,
  moved: readonly string[],
): Omit<VariationalModel, 'moved' | 'kept' | 'before'> | string {
  const checked = check(
    source,
    [...distributions.values()].map((d) => d.signature),
  )
  if (checked.value === undefined) return reason(checked.diagnostics)
  const derived = derive(checked.value, distributions)
  if (derived.value === undefined) return reason(derived.diagnostics)
  const nodes = derived.value.eStep.blocks.flatMap((b) => (b.kind === 'nodes' ? b.latents : []))
  if (nodes.some((l) => moved.includes(l.latent.name)))
    return 'its posterior given the others has no closed form, and would be integrated numerically'
  return {
    typed: checked.value,
    derivation: derived.value,
    diagnostics: [...checked.diagnostics, ...derived.diagnostics],
  }
}

/** The last part of an error says what has no closed form. */
function reason(diagnostics: readonly Diagnostic[]): string {
  const message = diagnostics.find((d) => d.severity === 'error')?.message
  const parts = message?.split('a factorised posterior has no closed form either: ')
  return parts?.at(-1) ?? 'the model with it as a latent does not compile'
}

function nothingMoves(kept: ReadonlyMap<string, string>): Diagnostic {
  const why = [...kept].map(([name, text]) => `\`${name}\`: ${text}`).join('; ')
  return {
    code: 'E430',
    severity: 'error',
    message:
      kept.size === 0
        ? 'no param has a prior: variational Bayes needs some, whose posteriors it finds'
        : `no param can have a variational posterior: ${why}`,
    span: { start: 0, end: 0 },
    related: [],
    help: 'give params conjugate priors (Dirichlet for probabilities, Normal for means, Gamma for precisions), or fit by EM',
  }
}

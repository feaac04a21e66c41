/**
 * What the compile worker answers: functions of the text of a model. The last model is kept. Of the library it takes what
 * compiles and derives, and nothing that fits.
 */
import { CompileError } from '../../api/errors.js'
import { variationalModel } from '../../api/variational.js'
import { planJson, planLetters } from '../../compiler/derivation/plan-json.js'
import { type Derivation, derive } from '../../compiler/derive.js'
import { distributionByName, signatures } from '../../compiler/distributions/index.js'
import { refuseMaxProduct } from '../../compiler/estep/max-product.js'
import { createLanguageService, type LanguageRequest } from '../../compiler/service/language-service.js'
import { check } from '../../lang/check.js'
import type { Diagnostic } from '../../lang/diagnostics/types.js'
import type { Span } from '../../lang/source.js'
import { printArrayType, printExpression, userName } from '../../lang/typed/print.js'
import type { Mode } from '../session/view.js'
import type { Compiled, ModelFacts, PlanLine } from './messages.js'

interface Last {
  readonly source: string
  readonly diagnostics: readonly Diagnostic[]
  /** Those of the derivation alone. */
  readonly derived: readonly Diagnostic[]
  readonly derivation: Derivation | null
  /** That of hard mode, made where it is asked for. */
  hard: Derivation | null
  /** That of the model with params as latents. */
  variational: Derivation | null
}

let last: Last | null = null

function lastOf(source: string): Last {
  if (last?.source === source) return last
  const checked = check({ name: 'model.estep', text: source }, signatures)
  const derived = checked.value === undefined ? null : derive(checked.value, distributionByName)
  const diagnostics = [...checked.diagnostics, ...(derived?.diagnostics ?? [])]
  last = {
    source,
    diagnostics,
    derived: derived?.diagnostics ?? [],
    derivation: derived?.value ?? null,
    hard: null,
    variational: null,
  }
  return last
}

/** The service derives a model as it is derived here: once for both. */
const language = createLanguageService({
  derive(model) {
    const own = lastOf(model.source.text)
    return own.derivation === null ? { diagnostics: own.derived } : { value: own.derivation, diagnostics: own.derived }
  },
})

export const languageAnswer = (request: LanguageRequest): unknown => language.answer(request)

/**
 * The derivation in a mode: of hard mode and variational Bayes one of their own, else that of EM with what the mode changes.
 *
 * @throws CompileError
 */
export function derivationOf(source: string, mode: Mode): Derivation {
  const own = lastOf(source)
  if (own.derivation === null) throw new CompileError(own.diagnostics.filter((d) => d.severity === 'error'))
  if (mode === 'em') return own.derivation
  const { graph, eStep, model, distributions } = own.derivation
  if (mode === 'vb') {
    own.variational ??= variationalModel(model, distributions).derivation
    return own.variational
  }
  if (mode !== 'hard') return { ...own.derivation, mode }
  const refusals = refuseMaxProduct(graph, eStep)
  if (refusals.length > 0) throw new CompileError(refusals.map((r) => ({ ...r, severity: 'error' })))
  own.hard ??= derive(model, distributions, { product: 'max' }).value ?? null
  return own.hard ?? own.derivation
}

export function compiled(source: string): Compiled {
  const { derivation, diagnostics } = lastOf(source)
  return {
    diagnostics,
    model: derivation === null ? null : { facts: factsOf(derivation), plan: planOf(derivation, derivation.model) },
  }
}

function factsOf({ model, graph, eStep }: Derivation): ModelFacts {
  const { symbols } = model
  return {
    name: model.name,
    consts: symbols.flatMap((s) =>
      s.kind === 'const'
        ? [{ name: s.name, value: printExpression(s.value, userName), isNumber: s.value.type.dims.length === 0 }]
        : [],
    ),
    data: symbols.flatMap((s) =>
      s.kind === 'data'
        ? [{ name: s.name, type: printArrayType(s.type, userName), dims: s.type.batch.length + s.type.core.length }]
        : [],
    ),
    params: symbols.flatMap((s) =>
      s.kind === 'param' ? [{ name: s.name, type: printArrayType(s.type, userName) }] : [],
    ),
    latents: symbols.flatMap((s) =>
      s.kind === 'latent' ? [{ name: s.name, type: printArrayType(s.type, userName) }] : [],
    ),
    hard: eStep.tables.length + eStep.countGroups.length > 0 && refuseMaxProduct(graph, eStep).length === 0,
    weighted: graph.factors.some((f) => f.loops.some((l) => l.weight !== null)),
  }
}

interface PlanOfResult {
  readonly eStep: readonly { readonly latents: readonly string[]; readonly method: string }[]
  readonly mStep: readonly {
    readonly params: readonly string[]
    readonly rule: string
    readonly family: string | null
    readonly closedForm: boolean
  }[]
}

/**
 * The plan of a mode: hard mode and variational Bayes have one of their own.
 *
 * @throws CompileError where the model has no such mode
 */
export function planIn(source: string, mode: Mode): readonly PlanLine[] {
  const derivation = derivationOf(source, mode)
  return planOf(derivation, lastOf(source).derivation?.model ?? derivation.model)
}

/** `written`: the model whose declarations are the reader's. */
function planOf(derivation: Derivation, written: Derivation['model']): readonly PlanLine[] {
  const { letter, updates } = planLetters(derivation)
  const plan = planJson(derivation) as unknown as PlanOfResult
  const spans = new Map(
    written.symbols.flatMap((s) => (s.kind === 'param' || s.kind === 'latent' ? [[s.name, s.span] as const] : [])),
  )
  const spanOf = (names: readonly string[]): Span | null => spans.get(names[0] ?? '') ?? null
  return [
    ...plan.eStep.map(
      ({ latents, method }): PlanLine => ({
        kind: 'e-step',
        names: latents,
        letters: latents.map((name) => letter('latent', name)),
        rule: method,
        update: null,
        closedForm: true,
        span: spanOf(latents),
      }),
    ),
    ...plan.mStep.map(
      ({ params, rule, family, closedForm }, i): PlanLine => ({
        kind: 'm-step',
        names: params,
        letters: params.map((name) => letter('param', name)),
        rule: family === null || family === undefined ? rule : `${rule} (${family})`,
        update: updates[i] ?? null,
        closedForm,
        span: spanOf(params),
      }),
    ),
  ]
}

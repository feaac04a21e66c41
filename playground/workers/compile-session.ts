/** What the compile worker answers: functions of the text of a model. The last model is kept. */

import { type CompileResult, compile } from '../../api/compile.js'
import { CompileError } from '../../api/errors.js'
import type { Model } from '../../api/model.js'
import { printKernel } from '../../compiler/kernel/print.js'
import type { KernelOp } from '../../compiler/kernel/types.js'
import { emitJavaScript } from '../../compiler/targets/javascript/emit-javascript.js'
import { positionAt } from '../../lang/source.js'
import { printArrayType, printExpression, userName } from '../../lang/typed/print.js'
import type { Mode } from '../session/view.js'
import type { CodeView, Compiled, DerivationView, ModelFacts, PlanLine } from './messages.js'

let last: { readonly source: string; readonly result: CompileResult } | null = null

function resultOf(source: string): CompileResult {
  if (last?.source !== source) last = { source, result: compile({ name: 'model.estep', text: source }) }
  return last.result
}

/** @throws CompileError */
export function modelOf(source: string): Model {
  const result = resultOf(source)
  if (!result.ok) throw new CompileError(result.diagnostics.filter((d) => d.severity === 'error'))
  return result.model
}

export function compiled(source: string): Compiled {
  const { model, diagnostics } = resultOf(source)
  return { diagnostics, model: model === undefined ? null : { facts: factsOf(model), plan: planOf(model) } }
}

function factsOf(model: Model): ModelFacts {
  const { symbols } = model.typed
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
    hard: hasHard(model),
  }
}

function hasHard(model: Model): boolean {
  try {
    return model.hardPlan !== null && model.hasDiscreteLatents
  } catch (error) {
    if (error instanceof CompileError) return false
    throw error
  }
}

interface PlanOfResult {
  readonly eStep: readonly { readonly latents: readonly string[]; readonly method: string }[]
  readonly mStep: readonly {
    readonly params: readonly string[]
    readonly rule: string
    readonly family: string | null
    readonly closedForm: boolean
    readonly update: string | null
  }[]
}

function planOf(model: Model): readonly PlanLine[] {
  const plan = model.plan as unknown as PlanOfResult
  const lines = new Map(
    model.typed.symbols.flatMap((s) =>
      s.kind === 'param' || s.kind === 'latent'
        ? [[s.name, positionAt(model.typed.source.text, s.span.start).line] as const]
        : [],
    ),
  )
  const lineOf = (names: readonly string[]): number => lines.get(names[0] ?? '') ?? 1
  return [
    ...plan.eStep.map(
      ({ latents, method }): PlanLine => ({
        kind: 'e-step',
        names: latents,
        rule: method,
        update: null,
        closedForm: true,
        line: lineOf(latents),
      }),
    ),
    ...plan.mStep.map(
      ({ params, rule, family, closedForm, update }): PlanLine => ({
        kind: 'm-step',
        names: params,
        rule: family === null || family === undefined ? rule : `${rule} (${family})`,
        update: update ?? null,
        closedForm,
        line: lineOf(params),
      }),
    ),
  ]
}

const documentOf = (source: string, mode: Mode): Model['derivation'] => {
  const model = modelOf(source)
  return mode === 'hard' ? model.hardDerivation : model.derivation
}

export function derivationView(source: string, mode: Mode): DerivationView {
  const { title, steps } = documentOf(source, mode)
  return { title, steps }
}

export const latexOf = (source: string, mode: Mode, fragment: boolean): string =>
  documentOf(source, mode).toLatex({ fragment })

/** The kernels of a model, part by part, as they are or as JavaScript. */
export function codeView(source: string, mode: Mode, target: 'kernels' | 'javascript'): CodeView {
  const program = modelOf(source).programFor(mode)
  const print = (ops: readonly KernelOp[]): string =>
    target === 'kernels' ? printKernel(ops, program.buffers) : emitJavaScript(ops, program.buffers).source
  const part = (title: string, ops: readonly KernelOp[]) => (ops.length === 0 ? [] : [{ title, text: print(ops) }])
  return {
    parts: [
      ...part('once for all rows', program.once),
      ...part('E-step: tables of the params', program.derived.param),
      ...program.passes.flatMap((pass) => [
        ...part(`E-step, pass ${pass.id}: posterior`, pass.posterior),
        ...part(`E-step, pass ${pass.id}: log-likelihood`, pass.objective),
        ...part(`E-step, pass ${pass.id}: statistics`, pass.statistics),
      ]),
      ...program.solves.flatMap((solve) => part(`M-step: ${solve.step.params.join(', ')}`, solve.prepare)),
      ...part('log prior', program.prior),
    ],
  }
}

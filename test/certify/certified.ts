/** A model's text → its certificate, by the compiler as it is or by one with an error planted in it. */
import { certifyDerivation } from '../../compiler/bind/certified-engine.js'
import { type Derivation, derive } from '../../compiler/derive.js'
import { distributionByName, signatures } from '../../compiler/distributions/index.js'
import type { Distribution } from '../../compiler/distributions/types.js'
import { check } from '../../lang/check.js'
import type { TypedModel } from '../../lang/typed/types.js'
import { type Certificate, certify } from '../../oracle/certify.js'

export interface CertifyTextOptions {
  readonly seed?: number
  readonly replicates?: number
  /** Densities that one evaluation of the likelihood may take. */
  readonly evaluations?: number
  readonly distributions?: ReadonlyMap<string, Distribution>
  /** Changes a derivation before it is lowered. */
  corrupt?(derivation: Derivation): Derivation
}

export type Outcome =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  /** The checker or the derivation refuses the model, with these codes. */
  | {
      readonly kind: 'refused'
      readonly by: 'check' | 'derive'
      readonly codes: readonly string[]
      readonly text: string
    }

export function typedModel(text: string): TypedModel {
  const { value, diagnostics } = check({ name: 'model.estep', text }, signatures)
  if (value === undefined) throw new Error(diagnostics.map((d) => `${d.code} ${d.message}`).join('\n'))
  return value
}

export function certifyText(text: string, options: CertifyTextOptions = {}): Outcome {
  const checked = check({ name: 'model.estep', text }, signatures)
  const messages = (list: readonly { readonly code: string; readonly message: string }[]) => ({
    codes: list.map((d) => d.code),
    text: list.map((d) => `${d.code} ${d.message}`).join('\n'),
  })
  if (checked.value === undefined) return { kind: 'refused', by: 'check', ...messages(checked.diagnostics) }
  const derived = derive(checked.value, options.distributions ?? distributionByName)
  if (derived.value === undefined) return { kind: 'refused', by: 'derive', ...messages(derived.diagnostics) }
  const derivation = options.corrupt?.(derived.value) ?? derived.value
  const certificate = certify(checked.value, (data, consts) => certifyDerivation(derivation, data, consts), {
    seed: options.seed ?? 1,
    replicates: options.replicates ?? 2,
    bound: derivation.eStep.bound === 'variational',
    ...(options.evaluations === undefined ? {} : { evaluations: options.evaluations }),
  })
  return { kind: 'certificate', certificate }
}

/** One line for each check that does not hold, or the reason for declining. */
export function complaints({ declined, checks }: Certificate): readonly string[] {
  const failed = checks.filter((c) => !c.passed)
  return [
    ...(declined === undefined ? [] : [`declined: ${declined}`]),
    ...failed.map((c) => `${c.name}: ${c.error.toExponential(2)} > ${c.tolerance.toExponential(1)} (${c.detail})`),
  ]
}

import { type Derivation, derive } from '../../../compiler/derive.js'
import { distributionByName, signatures } from '../../../compiler/distributions/index.js'
import { check } from '../../../lang/check.js'

/** The derivation of a model that has one. */
export function derived(text: string): Derivation {
  const checked = check({ name: 'model.estep', text }, signatures)
  if (checked.value === undefined) throw new Error(checked.diagnostics.map((d) => d.message).join('\n'))
  const { value, diagnostics } = derive(checked.value, distributionByName)
  if (value === undefined) throw new Error(diagnostics.map((d) => d.message).join('\n'))
  return value
}

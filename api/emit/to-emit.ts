/** What is emitted of a model: its derivations, whole and with scales of latents at 0. */
import type { Derivation } from '../../compiler/derive.js'
import { refuseMaxProduct } from '../../compiler/estep/max-product.js'
import type { Binder } from '../binder.js'
import type { ToEmit } from './emit-program.js'

export function toEmit(
  derived: Derivation,
  binder: Binder,
): { readonly whole: ToEmit; readonly withoutScales: (names: ReadonlySet<string>) => ToEmit | null } {
  const hasHard = ({ graph, eStep }: Derivation): boolean =>
    eStep.tables.length + eStep.countGroups.length > 0 && refuseMaxProduct(graph, eStep).length === 0
  const written = (em: Derivation, hard: Derivation | null): ToEmit => ({
    em: fromOneEnd(em),
    hard: hard === null ? null : fromOneEnd(hard),
  })
  return {
    whole: written(derived, hasHard(derived) ? binder.derivationFor(false, 'max') : null),
    withoutScales: (names) => {
      const em = binder.withoutScales(names)
      if (em === null) return null
      return written(em, hasHard(em) ? binder.withoutScales(names, { product: 'max' }) : null)
    },
  }
}

/** Without chains from both of their ends, which are for WebAssembly alone. */
function fromOneEnd(d: Derivation): Derivation {
  const { linear } = d.program
  if (linear === null) return d
  const passes = new Map([...linear.passes].map(([id, pass]) => [id, { ...pass, ends: null }]))
  return { ...d, program: { ...d.program, linear: { ...linear, passes } } }
}

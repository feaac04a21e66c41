/** Why a model has no such mode, as a diagnostic at the statement responsible. */
import type { Diagnostic } from '../../lang/diagnostics/types.js'
import type { Span } from '../../lang/source.js'
import type { Derivation } from '../derive.js'
import type { Program } from '../lower/program.js'

export type ModeProgram =
  | { readonly kind: 'program'; readonly program: Program }
  | { readonly kind: 'refused'; readonly refusal: Diagnostic }

export function refused(span: Span, message: string, help: string): ModeProgram & { readonly kind: 'refused' } {
  return { kind: 'refused', refusal: { code: 'E428', severity: 'error', span, message, help } }
}

/** Where a latent is declared; without one, the first statement. */
export function spanOf(d: Derivation, latent: string | undefined): Span {
  return d.graph.latents.find((l) => l.name === latent)?.span ?? d.graph.factors[0]?.span ?? { start: 0, end: 0 }
}

export const quoted = (names: readonly string[]): string => names.map((n) => `\`${n}\``).join(', ')

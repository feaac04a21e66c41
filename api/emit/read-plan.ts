/** A derivation from the plan in a stand-alone program. */
import type { Expr } from '../../compiler/algebra/types.js'
import type { Derivation } from '../../compiler/derive.js'
import { FAMILIES } from '../../compiler/families/index.js'
import type { ScoreProgram } from '../../compiler/lower/scores.js'
import { decode, type Known } from './encode.js'

/** A derivation in the file, and back. */
export interface WrittenPlan {
  readonly shared: readonly unknown[]
  readonly value: unknown
}

/** Families have functions: they are in the runtime, by name. */
export const known: Known = FAMILIES.map((f) => [f.id, f] as const)

/** What is written of a derivation. */
export interface Kept
  extends Omit<Derivation, 'shapes' | 'distributions' | 'supply' | 'collectOptions' | 'valueCheck'> {
  readonly shapes: ReadonlyMap<string, readonly Expr[]>
  readonly signatures: ReadonlyMap<string, unknown>
  /** Steps of the E-step in hard mode, whose program is `maxProduct`; null where the model has no such mode. */
  readonly hardSteps: Derivation['eStep']['steps'] | null
  /** How many params the data tell apart is found by these; null where q is factorised. */
  readonly scores: ScoreProgram | null
}

/** What a stand-alone program knows of its model. */
export type WrittenDerivation = Derivation & Pick<Kept, 'hardSteps' | 'scores'>

export function readPlan(written: WrittenPlan): WrittenDerivation {
  const { shapes, signatures, ...kept } = decode(written, known) as Kept
  return {
    ...kept,
    distributions: signatures,
    shapes: { shape: (space: string, name: string) => shapes.get(`${space} ${name}`) ?? [] },
  } as unknown as WrittenDerivation
}

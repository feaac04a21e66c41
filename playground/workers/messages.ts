/** Messages between the page and its two workers. Every request has an id; an answer bears that of its request. */

import type { DerivationStep } from '../../compiler/derivation/types.js'
import type { Diagnostic } from '../../lang/diagnostics/types.js'
import type { Mode } from '../session/view.js'

/** A failure that a reader can do something about: one sentence, and what helps where there is such a thing. */
export interface Complaint {
  readonly code: string | null
  readonly message: string
  readonly help: string | null
}

export type Answer<T> =
  | { readonly id: number; readonly kind: 'answer'; readonly value: T }
  | { readonly id: number; readonly kind: 'refused'; readonly complaints: readonly Complaint[] }

/** A const that can be set, and data the model needs, for the controls. */
export interface ModelFacts {
  readonly name: string
  readonly consts: readonly { readonly name: string; readonly value: string; readonly support: string }[]
  readonly data: readonly {
    readonly name: string
    readonly type: string
    readonly dims: number
    readonly optional: boolean
  }[]
  readonly params: readonly { readonly name: string; readonly type: string }[]
  readonly latents: readonly { readonly name: string; readonly type: string }[]
  /** Hard mode exists for it, or why not. */
  readonly hard: true | string
}

/** One update of the plan, for the margin of the editor. */
export interface PlanLine {
  readonly kind: 'e-step' | 'm-step'
  readonly names: readonly string[]
  readonly rule: string
  readonly closedForm: boolean
  /** 1-based line of the declaration. */
  readonly line: number
}

export interface Compiled {
  readonly diagnostics: readonly Diagnostic[]
  /** null where the model has errors. */
  readonly model: {
    readonly facts: ModelFacts
    readonly plan: readonly PlanLine[]
  } | null
}

export interface DerivationView {
  readonly title: string
  readonly steps: readonly DerivationStep[]
}

/** Generated code of the model, as text to read. */
export interface CodeView {
  readonly kernels: string
}

export type CompileRequest =
  | { readonly id: number; readonly kind: 'compile'; readonly source: string }
  | { readonly id: number; readonly kind: 'derivation'; readonly source: string; readonly mode: Mode }
  | { readonly id: number; readonly kind: 'latex'; readonly source: string; readonly mode: Mode }
  | { readonly id: number; readonly kind: 'kernels'; readonly source: string; readonly mode: Mode }

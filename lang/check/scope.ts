/** What names mean where: loops, branches, and the names declared in them. */

import type { Span } from '../source.js'
import type { ArrayType, Dim, Domain, ModelSymbol, SymbolId, TExpr } from '../typed/types.js'

/** A loop around the place at hand. */
export interface LoopFrame {
  readonly id: SymbolId
  readonly name: string
  readonly domain: Domain
  readonly span: Span
}

/** One branch of one `if`, which is known by the place where it starts. */
export interface BranchStep {
  readonly branchOf: number
  readonly branch: 'then' | 'else'
}

/** `z[1]`, `z[t]`, `z[t+1]`: a constant, or a loop variable and an offset. */
export type WrittenIndex =
  | { readonly kind: 'constant'; readonly value: TExpr }
  | { readonly kind: 'loop'; readonly loop: LoopFrame; readonly offset: number; readonly expression: TExpr }

/** One declaration of a latent; several make a piecewise declaration. */
export interface LatentPiece {
  readonly unwritten: readonly LoopFrame[]
  readonly written: readonly WrittenIndex[]
  readonly span: Span
  readonly path: readonly BranchStep[]
}

/** A latent while its pieces are being collected. `failed`: an error is told already and follow-ups are silent. */
export interface LatentRecord {
  readonly id: SymbolId
  readonly name: string
  readonly span: Span
  readonly pieces: LatentPiece[]
  /** Type of one plate's value: null until it is known. */
  value: ArrayType | null
  plates: readonly Domain[]
  plateDims: readonly Dim[]
  failed: boolean
  /** A `~` of it is in error, so that it is not said to have none. */
  triedGiving: boolean
}

/** A `let`: `loops` are all of its enclosing loops, `kept` tells which of them its value depends on. */
export interface LetRecord {
  readonly id: SymbolId
  readonly name: string
  readonly span: Span
  readonly loops: readonly LoopFrame[]
  readonly kept: readonly boolean[]
  readonly value: TExpr | null
}

export type Binding =
  | { readonly kind: 'symbol'; readonly symbol: ModelSymbol }
  | { readonly kind: 'latent'; readonly record: LatentRecord }
  | { readonly kind: 'let'; readonly record: LetRecord }
  /** A parameter of an inlined function. */
  | { readonly kind: 'value'; readonly value: TExpr | null }
  /** Declared with an error: uses are silent. */
  | { readonly kind: 'broken' }

export interface Scope {
  readonly parent: Scope | null
  readonly names: Map<string, Binding>
  readonly loops: readonly LoopFrame[]
  readonly path: readonly BranchStep[]
}

/** The scope outside every block. */
export function rootScope(): Scope {
  return { parent: null, names: new Map(), loops: [], path: [] }
}

/** The scope of a loop's body (or of a comprehension's, which is a loop as well). */
export function loopScope(parent: Scope, frame: LoopFrame, symbol: ModelSymbol): Scope {
  return {
    parent,
    names: new Map([[frame.name, { kind: 'symbol', symbol }]]),
    loops: [...parent.loops, frame],
    path: parent.path,
  }
}

/** The scope of one branch of an `if`. */
export function branchScope(parent: Scope, step: BranchStep): Scope {
  return { parent, names: new Map(), loops: parent.loops, path: [...parent.path, step] }
}

/** What a name means here, the innermost declaration first. */
export function findName(scope: Scope, name: string): Binding | undefined {
  for (let at: Scope | null = scope; at !== null; at = at.parent) {
    const found = at.names.get(name)
    if (found !== undefined) return found
  }
  return undefined
}

/** Every name that can be seen from here. */
export function visibleNames(scope: Scope): readonly string[] {
  const names: string[] = []
  for (let at: Scope | null = scope; at !== null; at = at.parent) names.push(...at.names.keys())
  return names
}

/** After a loop: latents and lets of its body can be seen outside of it, with all of their indices. */
export function exportNames(from: Scope): void {
  const { parent } = from
  if (parent === null) return
  for (const [name, binding] of from.names) {
    if ((binding.kind === 'latent' || binding.kind === 'let' || binding.kind === 'broken') && !parent.names.has(name))
      parent.names.set(name, binding)
  }
}

/** true where the two paths cannot both be taken. */
export function exclusive(a: readonly BranchStep[], b: readonly BranchStep[]): boolean {
  return a.some((step) => b.some((other) => other.branchOf === step.branchOf && other.branch !== step.branch))
}

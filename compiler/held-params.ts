/**
 * Params that are held at given values. A param that is held is a known number: it becomes a constant before anything is
 * derived, so that closed forms, the count of params, exchangeability and the document follow from the derivation as
 * ever. Its prior stays: as a number where it reads no other param, and as a term of Q where it does.
 */
import type { ConstSymbol, ModelSymbol, TypedModel } from '../lang/typed/types.js'
import { holdCells } from './held-cells.js'
import { withoutScales } from './vanishing-scales.js'

/** Params that are held whole, and those of which some cells are. */
export interface HeldNames {
  readonly whole: ReadonlySet<string>
  readonly cells: ReadonlySet<string>
  /** Those of `whole` that are scales of latents and held at 0: there a latent is its mean. */
  readonly zero: ReadonlySet<string>
}

/**
 * The model with these params held; their values come when data is bound.
 *
 * @throws NotHeld where cells cannot be held apart
 */
export function holdParams(model: TypedModel, { whole, cells, zero }: HeldNames): TypedModel {
  const smaller = zero.size === 0 ? model : (withoutScales(model, zero) ?? model)
  return wholeParams(holdCells(smaller, cells), whole)
}

function wholeParams(model: TypedModel, names: ReadonlySet<string>): TypedModel {
  if (names.size === 0) return model
  const ids = new Map<string, string>()
  const symbols = model.symbols.map((s): ModelSymbol => {
    if (s.kind !== 'param' || !names.has(s.name)) return s
    const id = `const:${s.name}`
    ids.set(s.id, id)
    const { name, span, type: held } = s
    const value = { kind: 'number', value: 0, span, type: { element: 'real', dims: [], support: null } } as const
    return { kind: 'const', id, name, span, value, held } satisfies ConstSymbol
  })
  return { ...model, symbols: renamed(symbols, ids), statements: renamed(model.statements, ids) }
}

/** Params of a model that are held, in the order of their declarations. */
export function heldParams(model: TypedModel): readonly ConstSymbol[] {
  return model.symbols.flatMap((s) => (s.kind === 'const' && s.held !== undefined ? [s] : []))
}

/** A part of the typed tree in which references to some symbols go to others. */
function renamed<T>(tree: T, ids: ReadonlyMap<string, string>): T {
  if (Array.isArray(tree)) return tree.map((x) => renamed(x, ids)) as T
  if (typeof tree !== 'object' || tree === null) return tree
  const node = tree as { readonly kind?: unknown; readonly symbol?: unknown }
  const id = node.kind === 'ref' && typeof node.symbol === 'string' ? ids.get(node.symbol) : undefined
  const parts = Object.entries(tree).map(([key, x]) => [key, key === 'span' ? x : renamed(x, ids)])
  return Object.fromEntries(id === undefined ? parts : [...parts, ['symbol', id]]) as T
}

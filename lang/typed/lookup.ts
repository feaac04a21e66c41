import type { ModelSymbol, SymbolId, TypedModel } from './types.js'

/** A map from ids to the model's symbols. */
export function symbolById(model: Pick<TypedModel, 'symbols'>): ReadonlyMap<SymbolId, ModelSymbol> {
  return new Map(model.symbols.map((symbol) => [symbol.id, symbol]))
}

/** The symbol of that kind and name, or undefined: `findSymbol(model, 'param', 'mu')`. */
export function findSymbol<K extends ModelSymbol['kind']>(
  model: Pick<TypedModel, 'symbols'>,
  kind: K,
  name: string,
): Extract<ModelSymbol, { kind: K }> | undefined {
  const isWanted = (symbol: ModelSymbol): symbol is Extract<ModelSymbol, { kind: K }> =>
    symbol.kind === kind && symbol.name === name
  return model.symbols.find(isWanted)
}

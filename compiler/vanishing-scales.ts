/**
 * Scales of latents whose estimate may be 0. There a latent is its mean, and the model is a smaller one: EM on it
 * finds the maximum at the edge, which EM on the whole model only nears, and ever more slowly.
 */
import type { LetSymbol, ModelSymbol, SymbolId, TExpr, TStatement, TypedModel } from '../lang/typed/types.js'
import { distributionByName } from './distributions/index.js'

type Sample = Extract<TStatement, { kind: 'sample' }>

/** The `nonnegative` params that scale latents, as factors of an sd (power 1) or of a variance (2). */
export function vanishingScales(model: TypedModel): ReadonlyMap<string, 1 | 2> {
  const found = new Map<string, 1 | 2>()
  for (const s of model.symbols) {
    if (s.kind !== 'param' || s.type.support.kind !== 'nonnegative') continue
    const power = reduced(model, s.id)?.power
    if (power !== undefined) found.set(s.name, power)
  }
  return found
}

/** The model in which the latents scaled by these params are their means; null where that is not a model of its own. */
export function withoutScales(model: TypedModel, names: ReadonlySet<string>): TypedModel | null {
  let rest: TypedModel | null = model
  for (const name of names) {
    if (rest === null) return null
    const param: ModelSymbol | undefined = rest.symbols.find((s) => s.kind === 'param' && s.name === name)
    rest = param === undefined ? null : (reduced(rest, param.id)?.model ?? null)
  }
  return rest
}

function reduced(model: TypedModel, param: SymbolId): { readonly model: TypedModel; readonly power: 1 | 2 } | null {
  const means = new Map<SymbolId, LetSymbol>()
  const pieces = new Map<SymbolId, number>()
  let power: 1 | 2 = 1
  const kept = (list: readonly TStatement[]): TStatement[] =>
    list.flatMap((s): TStatement[] => {
      switch (s.kind) {
        case 'for':
          return [{ ...s, body: kept(s.body) }]
        case 'if':
          return [{ ...s, then: kept(s.then), otherwise: kept(s.otherwise) }]
        case 'sample': {
          const latent = s.role === 'latent' && s.target.kind === 'ref' ? s.target.symbol : null
          if (latent !== null) pieces.set(latent, (pieces.get(latent) ?? 0) + 1)
          if (s.role === 'prior' && s.target.kind === 'ref' && s.target.symbol === param) return []
          const mean = meanOf(model, s, param)
          if (mean === null) return [s]
          means.set(mean.latent, mean.as)
          power = mean.power
          return []
        }
        default:
          return [s]
      }
    })
  const statements = kept(model.statements)
  if (means.size === 0) return null
  // a latent that is declared in pieces (a chain, two branches) is no single expression
  if ([...means.keys()].some((latent) => pieces.get(latent) !== 1)) return null
  const symbols = model.symbols.flatMap((s): ModelSymbol[] => {
    if (s.id === param) return []
    const mean = means.get(s.id)
    return mean === undefined ? [s] : [mean]
  })
  return { model: { ...model, symbols: atZero(symbols, param), statements: atZero(statements, param) }, power }
}

/** `latent[i, …] ~ D(mean, scale)` with the param as a factor of a scale that leaves a point at 0, as a let of that latent. */
function meanOf(
  model: TypedModel,
  s: Sample,
  param: SymbolId,
): { readonly latent: SymbolId; readonly as: LetSymbol; readonly power: 1 | 2 } | null {
  const { target, distribution: d } = s
  if (s.role !== 'latent' || target.kind !== 'ref' || d.kind !== 'plain') return null
  const mass = distributionByName.get(d.name)?.pointMass
  const scale = d.arguments.find((a) => mass?.scales.has(a.name))
  const mean = d.arguments.find((a) => a.name === mass?.at)?.value
  const power = mass?.scales.get(scale?.name ?? '')
  const latent = model.symbols.find((x) => x.id === target.symbol)
  if (latent?.kind !== 'latent' || mean === undefined || scale === undefined || power === undefined) return null
  if (!factorsOf(scale.value).some((f) => f.kind === 'ref' && f.symbol === param)) return null
  const indices: SymbolId[] = []
  for (const sub of target.subscripts) {
    if (sub.kind !== 'at' || sub.index.kind !== 'ref') return null
    const { symbol } = sub.index
    if (!symbol.startsWith('index:') || indices.includes(symbol)) return null
    indices.push(symbol)
  }
  if (indices.length !== latent.plateRank || latent.type.batch.length + latent.type.core.length !== latent.plateRank)
    return null
  const { id, name, span } = latent
  const as = { kind: 'let', id, name, span, indices, value: mean, topLevel: false } as const
  return { latent: id, as, power }
}

function factorsOf(e: TExpr): readonly TExpr[] {
  if (e.kind === 'binary' && (e.operator === '*' || e.operator === '.*'))
    return [...factorsOf(e.left), ...factorsOf(e.right)]
  if (e.kind === 'binary' && e.operator === '^' && e.right.kind === 'number' && e.right.value > 0)
    return factorsOf(e.left)
  return [e]
}

/** A part of the typed tree with the param at 0. */
function atZero<T>(tree: T, param: SymbolId): T {
  if (Array.isArray(tree)) return tree.map((x) => atZero(x, param)) as T
  if (typeof tree !== 'object' || tree === null) return tree
  const node = tree as { readonly kind?: unknown; readonly symbol?: unknown }
  if (node.kind === 'ref' && node.symbol === param) {
    const { span, type } = tree as unknown as TExpr
    return { kind: 'number', value: 0, span, type: { ...type, dims: [] } } as T
  }
  return Object.fromEntries(Object.entries(tree).map(([key, x]) => [key, key === 'span' ? x : atZero(x, param)])) as T
}

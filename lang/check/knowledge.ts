/** What an expression depends on: latents, params, or only what is known before the fit. */
import type { Span } from '../source.js'
import { userName } from '../typed/print.js'
import type { SymbolId, TExpr } from '../typed/types.js'
import { freeSymbols } from '../typed/visit.js'
import type { CheckContext } from './context.js'

export interface Reads {
  /** Latents, and data with missing cells. */
  readonly latent: boolean
  readonly param: boolean
  /** Something that is not known before the fit, for complaints. */
  readonly unknown: SymbolId | null
}

/** What an expression reads, through lets. */
export function readsOf(ctx: Pick<CheckContext, 'symbols' | 'latents'>, e: TExpr): Reads {
  let latent = false
  let param = false
  let unknown: SymbolId | null = null
  const seen = new Set<SymbolId>()
  const open: SymbolId[] = [...freeSymbols(e)]
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue
    seen.add(id)
    const symbol = ctx.symbols.get(id)
    if (ctx.latents.has(id) || (symbol?.kind === 'data' && symbol.type.optional)) latent = true
    if (symbol?.kind === 'param') param = true
    if (ctx.latents.has(id) || symbol?.kind === 'param') unknown ??= id
    if (symbol?.kind === 'let') open.push(...freeSymbols(symbol.value))
  }
  return { latent, param, unknown }
}

/** Complains where something must be known before the fit but reads a param or latent. */
export function requireKnown(ctx: CheckContext, e: TExpr, span: Span, code: string, what: string): boolean {
  const { unknown } = readsOf(ctx, e)
  if (unknown === null) return true
  const kind = unknown.slice(0, unknown.indexOf(':'))
  ctx.report({
    code,
    span,
    message: `${what} is known before the fit, but it depends on the ${kind} \`${userName(unknown)}\``,
  })
  return false
}

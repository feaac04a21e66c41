import type { Bucket } from './types.js'

/**
 * Greedy variable elimination within one table's row: the variable whose bucket has the fewest others goes first
 * (min-degree; Koller and Friedman 2009, section 9.4). `outgoing` are the scopes of the messages that are left, which
 * read latents of the parent table only.
 */
export function eliminationOrder(
  table: string,
  own: readonly string[],
  scopes: readonly (readonly string[])[],
): { readonly buckets: readonly Bucket[]; readonly outgoing: readonly (readonly string[])[] } {
  let live: (readonly string[])[] = [...scopes]
  const rest = new Set(own)
  const buckets: Bucket[] = []
  while (rest.size > 0) {
    let best: { name: string; scope: readonly string[] } | null = null
    for (const name of rest) {
      const scope = union(
        live.filter((s) => s.includes(name)),
        name,
      )
      if (best === null || scope.length < best.scope.length) best = { name, scope }
    }
    if (best === null) break
    const { name, scope } = best
    buckets.push({ table, eliminate: name, scope })
    live = [...live.filter((s) => !s.includes(name)), scope.slice(1)]
    rest.delete(name)
  }
  return { buckets, outgoing: live.filter((s) => s.length > 0) }
}

function union(scopes: readonly (readonly string[])[], first: string): readonly string[] {
  const others = new Set(scopes.flat())
  others.delete(first)
  return [first, ...[...others].sort()]
}

/**
 * Whether rows can be left out, put elsewhere or drawn anew: what a statement says of a row may depend on the row's number
 * only as far as it picks cells of the row.
 */
import { literal } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import { children, guardChildren } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'

/** One sentence on what would be another one elsewhere; null where rows of these ranges can be moved. */
export function whyNotMoved(d: Derivation, moving: ReadonlySet<string>): string | null {
  for (const { role, loops, guard, value, target } of d.graph.factors) {
    if (role === 'prior') continue
    const rows = loops.flatMap(({ index }) => (moving.has(keyOf(index.to)) ? [index] : []))
    const late = rows.find((v) => literal(v.from) !== 1)
    if (late !== undefined)
      return `\`${target.name}\` is drawn from row ${literal(late.from) ?? 'one of the rows'} on, which would be another row`
    const reading = new Map(rows.map((v) => [v.id, v.name]))
    for (const e of [value, ...guardChildren(guard), ...(target.index ?? []), ...loops.flatMap(weightOf)]) {
      const found = numbered(d, moving, e, reading, e.kind === 'index')
      if (found !== null)
        return `the statement of \`${target.name}\` uses the number \`${found}\` of a row, or reads one row beside another, and rows would have other numbers`
    }
  }
  return null
}

const weightOf = ({ weight }: { readonly weight: Expr | null }): readonly Expr[] => (weight === null ? [] : [weight])

/** The letter of a row whose number is used otherwise than to pick a cell of the row; null where there is none. */
function numbered(
  d: Derivation,
  moving: ReadonlySet<string>,
  e: Expr,
  rows: ReadonlyMap<string, string>,
  isPlace = false,
): string | null {
  if (e.kind === 'index') return isPlace ? null : (rows.get(e.var) ?? null)
  if (e.kind === 'sum' && moving.has(keyOf(e.index.to))) return e.index.name
  const dims = e.kind === 'ref' ? extentsOf(d, e) : null
  for (const [i, part] of children(e).entries()) {
    const isOwn = e.kind === 'ref' && (dims === null || (dims[i] !== undefined && moving.has(keyOf(dims[i]))))
    const found = numbered(d, moving, part, rows, isOwn)
    if (found !== null) return found
  }
  return null
}

/** Extents of what is read by rows; null where these are rows of latents, or lengths of sequences. */
function extentsOf(d: Derivation, { space, name }: Extract<Expr, { kind: 'ref' }>): readonly Expr[] | null {
  switch (space) {
    case 'observed':
      return d.shapes.shape('data', name)
    case 'data':
    case 'param':
    case 'const':
      return d.shapes.shape(space, name)
    default:
      return null
  }
}

/**
 * What a precision matrix depends on. Where it is the same for all rows, or for all rows with the same cells observed,
 * it is factored once for each pattern and not for each row (Little and Rubin 2002, section 11.2).
 */
import { caseOf, compare, idx, ONE, ref, ZERO } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { children, collectNodes, freeIndices, guardChildren } from '../algebra/visit.js'
import type { BindTable } from '../graph/types.js'
import type { BlockTerm, GaussianBlock } from './types.js'

export interface Mask {
  readonly over: readonly IndexVar[]
  /** 1 or 0, in the row of the block and in `over`. */
  readonly value: Expr
}

export interface Sharing {
  readonly sharing: GaussianBlock['sharing']
  readonly masks: readonly Mask[]
}

type Base = Pick<GaussianBlock, 'loops' | 'latents' | 'factors'>

export function sharingOf(base: Base, quadratic: readonly BlockTerm[]): Sharing {
  const own = new Set(base.loops.map((l) => l.index.id))
  const masks = new Map<string, Mask>()
  for (const { latent, coordinates } of base.latents)
    if (latent.evidence)
      masks.set(latent.name, {
        over: coordinates,
        value: ref('observed', latent.name, [...base.loops.map((l) => idx(l.index)), ...coordinates.map(idx)]),
      })
  for (const t of quadratic) {
    if (!t.factor.direct) return { sharing: 'row', masks: [] }
    const inner = [...t.factor.extraLoops.map((l) => l.index), ...t.loops]
    const parts = [
      t.coefficient,
      ...t.guards.flatMap(guardChildren),
      ...t.factor.extraLoops.flatMap((l) => (l.weight === null ? [] : [l.weight])),
      ...inner.flatMap((v) => [v.from, v.to]),
    ]
    for (const part of parts) {
      for (const m of collectNodes(part, (n) => n.kind === 'ref' && n.space === 'observed')) {
        if (m.kind !== 'ref') continue
        const over = inner.filter((v) => freeIndices(m).has(v.id))
        masks.set(keyOf(m), { over, value: m })
      }
      if (readsRow(part, own)) return { sharing: 'row', masks: [] }
    }
  }
  if (masks.size === 0) return { sharing: 'one', masks: [] }
  return base.loops.length === 1 ? { sharing: 'pattern', masks: [...masks.values()] } : { sharing: 'row', masks: [] }
}

/** Anything of the row but which of its cells are observed. */
function readsRow(e: Expr, row: ReadonlySet<string>): boolean {
  if (e.kind === 'ref' && e.space === 'observed') return false
  if (e.kind === 'ref' && (e.space === 'data' || e.space === 'table')) return true
  // the posterior of other latents changes while params stay
  if (e.kind === 'expect' || e.kind === 'probability') return true
  if (e.kind === 'index') return row.has(e.var)
  return children(e).some((c) => readsRow(c, row))
}

export interface PatternTables {
  readonly number: BindTable
  readonly representative: BindTable
  readonly count: Expr
}

export function patternTables(base: Base, masks: readonly Mask[]): PatternTables {
  const row = base.loops[0]?.index
  const first = base.latents[0]?.latent
  if (row === undefined || first === undefined) throw new Error('patterns of a block without rows')
  const name = `pattern of ${base.latents.map((l) => l.latent.name).join(',')}`
  const count = ref('size', `patterns ${name}`)
  const pattern: IndexVar = { id: `${name} p`, name: 'p', from: ONE, to: count }
  const shown = masks.map((m) => ({ over: m.over, value: caseOf(compare('==', m.value, ONE), ONE, ZERO) }))
  const table = (part: 'number' | 'representative'): BindTable => ({
    name: part === 'number' ? name : `row of ${name}`,
    indices: [part === 'number' ? row : pattern],
    compute: { kind: 'pattern', part, row, masks: shown },
    span: first.span,
  })
  return { number: table('number'), representative: table('representative'), count }
}

import type { ParamLayout } from '../../runtime/contract.js'
import { idx } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import { collectNodes, freeIndices, some, substituteIndex } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import type { LiftedFactor, LiftedVariable } from '../graph/lift.js'
import type { LatentOutput } from '../lower/program.js'
import type { BoundNumbers } from './sizes.js'
import { rowCount, tableRows } from './table-rows.js'

/**
 * The group of each row of a latent, from 0, where every location-like param of its components is crossed with data of
 * the row: under `mu[y[n], z[n]]` rows of one level of y share components, rows of different levels do not. Null where
 * the components are common to all rows.
 */
export function rowGroups(
  l: LatentOutput,
  d: Derivation,
  numbers: BoundNumbers,
  params: readonly ParamLayout[],
): Int32Array | null {
  const located = params.filter((p) => p.role === 'location' && p.components.some((c) => c.latent === l.name))
  const crossings = located.map((p) => crossing(p.name, l, d))
  const [first] = crossings
  if (first === undefined) return null
  const common = [...first].filter(([key]) => crossings.every((c) => c.has(key))).map(([, e]) => e)
  if (common.length === 0) return null
  const seen = new Map<string, number>()
  const groups = new Int32Array(rowCount(l.loops, numbers))
  let row = 0
  for (const at of tableRows(l.loops, numbers)) {
    const key = common.map((e) => numbers.value(e, at)).join(' ')
    const group = seen.get(key) ?? seen.size
    seen.set(key, group)
    groups[row++] = group
  }
  return seen.size > 1 ? groups : null
}

/** Index expressions beside the latent's value, in the param's subscripts, that read data of the row. */
function crossing(param: string, l: LatentOutput, d: Derivation): Map<string, Expr> {
  const found = new Map<string, Expr>()
  for (const f of d.lifted)
    for (const v of f.variables) {
      if (v.latent.name !== l.name) continue
      for (const n of collectNodes(f.expr, (x) => x.kind === 'ref' && x.space === 'param' && x.name === param)) {
        if (n.kind !== 'ref' || !n.index.some((e) => e.kind === 'index' && e.var === v.value.id)) continue
        for (const e of n.index) {
          const own = ofRow(e, f, v, l)
          if (own !== null) found.set(keyOf(own), own)
        }
      }
    }
  return found
}

/** The expression over the latent's own loops, where it reads data there and nothing else. */
function ofRow(e: Expr, f: LiftedFactor, v: LiftedVariable, l: LatentOutput): Expr | null {
  const readsData = some(e, (n) => n.kind === 'ref' && n.space === 'data')
  const readsMore = some(e, (n) => n.kind === 'ref' && n.space !== 'data' && n.space !== 'const' && n.space !== 'size')
  if (!readsData || readsMore) return null
  const own = new Map<string, Expr>()
  v.index.forEach((at, i) => {
    const loop = l.loops[i]
    if (at.kind === 'index' && loop !== undefined && f.factor.loops.some((x) => x.index.id === at.var))
      own.set(at.var, idx(loop))
  })
  const moved = substituteIndex(e, own)
  const loops = new Set(l.loops.map((x) => x.id))
  return [...freeIndices(moved)].every((id) => loops.has(id)) ? moved : null
}

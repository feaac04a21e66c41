/** Params and latents of a derivation over bound data, as the runtime sees them. */
import type { ParamSymbol } from '../../lang/typed/types.js'
import type { BoundData, LatentLayout, ParamLayout } from '../../runtime/contract.js'
import { literal, num } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import { matrixSlice } from '../algebra/matrices.js'
import { stationaryOf } from '../algebra/stationary.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { children, collectNodes, rewrite, substituteIndex } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { extentOf } from '../lower/lowerer.js'
import type { LatentOutput } from '../lower/program.js'
import { rowGroups } from './row-groups.js'
import type { BoundNumbers } from './sizes.js'
import { beginnings, rowCount, rowLengths } from './table-rows.js'

export function paramLayouts(d: Derivation, numbers: BoundNumbers, data: BoundData): readonly ParamLayout[] {
  let offset = 0
  return d.graph.params.map((p): ParamLayout => {
    const extents = d.shapes.shape('param', p.name)
    const shape = extents.map((e) => numbers.extent(e))
    const length = shape.reduce((a, b) => a * b, 1)
    const layout: ParamLayout = {
      name: p.name,
      offset,
      length,
      shape,
      used: usedLengths(extents, shape, numbers),
      labels: extents.map((e) => labelsOf(e, d, data)),
      support: supportOf(p, d, numbers),
      components: componentDimensions(p.name, d),
      role: roleOf(p.name, d),
    }
    offset += length
    return layout
  })
}

/** A ragged last dimension: elements in use, per row of the leading dimensions. */
function usedLengths(
  extents: readonly Expr[],
  shape: readonly number[],
  numbers: BoundNumbers,
): readonly number[] | null {
  const last = extents.at(-1)
  if (last?.kind !== 'ref' || last.space !== 'size' || last.index.length === 0) return null
  const lengths = numbers.vector(last.name)
  const by = extents.length - 2
  const rows = shape.slice(0, -1).reduce((a, b) => a * b, 1)
  const inner = shape.slice(by + 1, -1).reduce((a, b) => a * b, 1)
  return Array.from({ length: rows }, (_, r) => lengths[Math.floor(r / inner) % (shape[by] ?? 1)] ?? 0)
}

/** Names of the values of an extent that counts levels, else null. */
export function labelsOf(extent: Expr, d: Derivation, data: BoundData): readonly string[] | null {
  if (extent.kind !== 'ref' || extent.space !== 'size' || extent.index.length > 0) return null
  const s = d.model.symbols.find((x) => x.id === extent.name)
  if (s?.kind !== 'size' || s.origin !== 'levels') return null
  return data.levels.get(s.name)?.[0] ?? null
}

function supportOf(p: ParamSymbol, d: Derivation, numbers: BoundNumbers): ParamLayout['support'] {
  const { support } = p.type
  if (support.kind !== 'interval') return { kind: support.kind }
  const info = d.params.find((x) => x.name === p.name)
  if (info?.low === null || info?.high === null || info === undefined) throw new Error('interval without bounds')
  return { kind: 'interval', low: numbers.value(info.low), high: numbers.value(info.high) }
}

/** Dimensions that a discrete latent's value indexes. */
function componentDimensions(name: string, d: Derivation): ParamLayout['components'] {
  const out = new Map<string, { latent: string; dimension: number }>()
  for (const f of d.lifted)
    for (const v of f.variables)
      for (const n of collectNodes(f.expr, (x) => x.kind === 'ref' && x.space === 'param' && x.name === name)) {
        if (n.kind !== 'ref') continue
        n.index.forEach((e, dimension) => {
          if (e.kind === 'index' && e.var === v.value.id)
            out.set(`${v.latent.name} ${dimension}`, { latent: v.latent.name, dimension })
        })
      }
  return [...out.values()]
}

function roleOf(name: string, d: Derivation): ParamLayout['role'] {
  const step = d.mStep.steps.find((s) => s.params.includes(name))
  if (step?.kind === 'normal') return 'location'
  if (step?.kind === 'generalised-gamma' || step?.kind === 'inverse-wishart' || step?.kind === 'wishart') {
    if (step.spread !== null) return 'spread'
    return step.kind === 'generalised-gamma' && step.power.n > 0 ? 'location' : 'other'
  }
  if (step?.kind === 'beta') return 'location'
  const numeric = step?.kind === 'newton' ? step.roles.find((r) => r.param === name) : undefined
  if (numeric !== undefined) return numeric.role === 'location' ? 'location' : 'spread'
  const latents = new Set(componentDimensions(name, d).map((c) => c.latent))
  const isWeight =
    step?.kind === 'dirichlet' &&
    d.lifted.some(
      (f) =>
        f.factor.role === 'latent' &&
        latents.has(f.factor.target.name) &&
        collectNodes(f.expr, (n) => n.kind === 'ref' && n.name === name).length > 0,
    )
  return isWeight ? 'weight' : 'other'
}

export function latentLayout(
  l: LatentOutput,
  d: Derivation,
  numbers: BoundNumbers,
  data: BoundData,
  params: readonly ParamLayout[],
): LatentLayout {
  const shape = l.loops.map((v) => numbers.extent(extentOf(v)))
  const low = l.low === null ? 0 : numbers.extent(l.low)
  const high = l.high === null ? 0 : numbers.extent(l.high)
  const values = high - low + 1
  // starts, which ask for groups, are made over a sample where rows do not lie in memory
  const groups = data.stream === undefined ? rowGroups(l, d, numbers, params) : null
  const lengths = rowLengths(l.loops, numbers)
  const chain = d.eStep.tables.find((t) =>
    t.chain?.blocks.some((b) => b.states.some((s) => s.latent === l.name)),
  )?.chain
  return {
    name: l.name,
    rows: rowCount(l.loops, numbers),
    shape,
    ...(lengths === null ? {} : { lengths }),
    values,
    labels: valueLabels(l, values, low, d, data),
    exchangeable: isExchangeable(l, d),
    declared: !l.introduced && !l.evidence,
    ...(groups === null ? {} : { groups }),
    ...(chain === undefined || chain === null ? {} : { beginnings: beginnings(l.loops, chain.position, numbers) }),
  }
}

function valueLabels(l: LatentOutput, values: number, low: number, d: Derivation, data: BoundData): readonly string[] {
  if (l.isBool) return ['false', 'true']
  const high = l.high
  const named =
    l.levels !== null
      ? labelsOf({ kind: 'ref', space: 'size', name: l.levels.symbol, index: [] }, d, data)
      : high === null
        ? null
        : labelsOf(high, d, data)
  if (named !== null && named.length === values) return named
  return Array.from({ length: values }, (_, i) => String(low + i))
}

/**
 * Relabelling the values leaves the likelihood unchanged where the value only ever picks slices of params, each of which
 * is picked by it alone, and no prior or constant tells slices apart.
 */
function isExchangeable(l: LatentOutput, d: Derivation): boolean {
  if (l.kind !== 'discrete' || l.evidence) return false
  const picked = new Map<string, Set<number>>()
  const lifted = d.lifted.map((f) => ({ ...f, expr: stationaryAsPicked(f.expr) }))
  for (const f of lifted)
    for (const v of f.variables) {
      if (v.latent.name !== l.name || isAlike(f.expr, v.value)) continue
      if (!onlyPicksParams(f.expr, v.value.id, picked)) return false
    }
  if (picked.size === 0) return false
  for (const f of lifted)
    for (const n of collectNodes(f.expr, (x) => x.kind === 'ref' && x.space === 'param' && picked.has(x.name))) {
      if (n.kind !== 'ref') continue
      for (const dimension of picked.get(n.name) ?? []) {
        const at = n.index[dimension]
        const own = at?.kind === 'index' ? at.var : null
        if (own === null) return false
        const byLatent = f.variables.some((v) => v.value.id === own && v.latent.name === l.name)
        // a prior's own loop over the slices, which must not pick constants
        if (!byLatent && (f.factor.role !== 'prior' || readsOtherwise(f.expr, own))) return false
      }
    }
  return true
}

/**
 * A stationary distribution of P follows its states wherever they move, as P[k, k] does: element k of it is shown as that
 * element of P.
 */
function stationaryAsPicked(e: Expr): Expr {
  return rewrite(e, (n) => {
    const stationary = stationaryOf(n)
    const slice = stationary === null ? null : matrixSlice(stationary.of)
    if (stationary === null || slice === null) return n
    return { ...slice.ref, index: [...slice.lead, stationary.at, stationary.at] }
  })
}

/** The same at each value: `Categorical([1/2, 1/2])`. */
function isAlike(e: Expr, variable: IndexVar): boolean {
  const [low, high] = [literal(variable.from), literal(variable.to)]
  if (low === null || high === null || high - low > MOST_CONSTANTS) return false
  const at = (value: number): string => keyOf(substituteIndex(e, new Map([[variable.id, num(value)]])))
  return Array.from({ length: high - low }, (_, i) => low + 1 + i).every((value) => at(value) === at(low))
}

/** Values of a latent that are looked at one by one: probabilities that are written out are not many. */
const MOST_CONSTANTS = 100

function onlyPicksParams(e: Expr, variable: string, picked: Map<string, Set<number>>): boolean {
  if (e.kind === 'index') return e.var !== variable
  if (e.kind === 'ref' && e.space === 'param') {
    return e.index.every((i, dimension) => {
      if (i.kind === 'index' && i.var === variable) {
        picked.set(e.name, (picked.get(e.name) ?? new Set()).add(dimension))
        return true
      }
      return onlyPicksParams(i, variable, picked)
    })
  }
  return children(e).every((c) => onlyPicksParams(c, variable, picked))
}

function readsOtherwise(e: Expr, variable: string): boolean {
  return !onlyPicksParams(e, variable, new Map())
}

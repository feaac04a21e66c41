/** Params and latents of a derivation over bound data, as the runtime sees them. */
import type { ParamSymbol } from '../../lang/typed/types.js'
import type { BoundData, LatentLayout, ParamLayout } from '../../runtime/contract.js'
import type { Expr } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import { extentOf } from '../lower/lowerer.js'
import type { LatentOutput } from '../lower/program.js'
import { componentDimensions, isExchangeable, PARAMS } from './exchangeable.js'
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
      components: componentDimensions('param', p.name, d),
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
  const latents = new Set(componentDimensions('param', name, d).map((c) => c.latent))
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
    exchangeable: isExchangeable(l, d, PARAMS),
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

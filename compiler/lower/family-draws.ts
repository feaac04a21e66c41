/**
 * Draws from the families that posteriors of single latents are, made of gamma and normal variates. A drawn value is put
 * where a natural parameter was, and moments are then those of a point.
 */
import { idx } from '../algebra/build.js'
import { naturalTable, paddedExtent, posteriorAt } from '../estep/block-layout.js'
import { axesOf } from '../estep/moments.js'
import { naturalOf } from '../estep/posterior-numbers.js'
import type { ConjugateBlock, ContinuousBlock } from '../estep/types.js'
import type { FamilyStatistic } from '../families/index.js'
import { pointFamily } from '../families/point.js'
import { k } from '../kernel/index.js'
import type { KExpr, KernelOp } from '../kernel/types.js'
import type { BlockHost } from './block-host.js'
import type { Draws } from './draws.js'
import type { Lowerer } from './lowerer.js'
import { matrixDraw } from './matrix-draws.js'

/** The statistic in the place of whose natural parameter the draw stands. */
export function holder(b: ConjugateBlock): FamilyStatistic {
  if (b.family.matrix !== undefined) return b.family.matrix
  const [first] = b.terms
  if (first === undefined) throw new Error('a posterior without statistics')
  return first.statistic
}

/** The block as it is read once its value is drawn. */
export function asDrawn(b: ContinuousBlock): ContinuousBlock {
  switch (b.kind) {
    case 'gaussian':
      return b.given === null ? b : { ...b, given: { ...b.given, block: atPoint(b.given.block) } }
    case 'conjugate':
      return atPoint(b)
    case 'nodes':
      return { ...b, drawn: true }
  }
}

const atPoint = (b: ConjugateBlock): ConjugateBlock => ({ ...b, family: pointFamily(b.family, holder(b)) })

export function familyDraw(b: ConjugateBlock, host: BlockHost, lowerer: Lowerer, draws: Draws): readonly KernelOp[] {
  if (b.family.matrix !== undefined) return matrixDraw(b, host, lowerer, draws)
  const rows = host.rows(b)
  const values = b.scope.map((s) => idx(s.value))
  const scope = host.scope(b, rows.context)
  const coordinates = b.latents[0]?.coordinates ?? []
  const inner = lowerer.loops(coordinates, scope.context)
  const at = coordinates.map(idx)
  const natural = naturalOf(b, rows.row, values)
  const parameters = new Map(
    b.family.parameters(at, natural, axesOf(b)).map((p) => [p.name, lowerer.expr(p.value, inner.context)] as const),
  )
  const of = (name: string): KExpr => {
    const value = parameters.get(name)
    if (value === undefined) throw new Error(`the family ${b.family.id} has no ${name}`)
    return value
  }
  const own = coordinates.map(paddedExtent)
  const target = host.scratch(naturalTable(b, holder(b)), b, own)
  const drawn = host.scratch(`drawn ${b.id}`, b, own)
  const axes = [...rows.axes, ...scope.axes, ...inner.axes]
  const places = host.at([...posteriorAt(b, rows.row, values), ...at], inner.context)
  const row = draws.row(drawn, places)
  const gamma = (shape: KExpr): KExpr => draws.stream('gammaDraw')(row, shape)
  const store = (out: string, value: KExpr): KernelOp => ({ op: 'map', out, axes, at: places, value })
  const keep = store(target, k.load(drawn, ...places))
  switch (b.family.id) {
    case 'gamma':
      return [store(drawn, k.div(gamma(of('shape')), of('rate'))), keep]
    case 'inverse-gamma':
      return [store(drawn, k.div(of('scale'), gamma(of('shape')))), keep]
    case 'beta': {
      const other = host.scratch(`beside ${b.id}`, b, own)
      const [x, y] = [k.load(drawn, ...places), k.load(other, ...places)]
      return [store(drawn, gamma(of('a'))), store(other, gamma(of('b'))), store(target, k.div(x, k.add(x, y)))]
    }
    case 'poisson':
      return [store(drawn, draws.stream('poissonDraw')(row, of('rate'))), keep]
    case 'log-normal': {
      const normal = draws.stream('normalDraw')(row, k.num(0))
      return [store(drawn, k.call('exp', k.add(of('mean'), k.mul(of('sd'), normal)))), keep]
    }
    case 'dirichlet': {
      const axis = inner.axes.at(-1)
      if (axis === undefined) throw new Error('a point on the simplex has no axis')
      const sumAxis = { ...axis, id: `sum ${axis.id}` }
      const summed = [...places.slice(0, -1), k.axis(sumAxis)]
      return [
        store(drawn, gamma(of('alpha'))),
        store(target, k.div(k.load(drawn, ...places), k.sum(sumAxis, k.load(drawn, ...summed)))),
      ]
    }
    default:
      throw new Error(`no draws of the family ${b.family.id}`)
  }
}

import type { Expr } from '../algebra/types.js'
import { collectNodes, some } from '../algebra/visit.js'
import type { Block } from '../rules/mstep/types.js'
import type { Spread } from './types.js'

/**
 * The data whose squared residuals a scale param divides: those that the statistics of its power terms square.
 * null where it is not the spread of continuous data under component-like latents.
 */
export function spreadOf(block: Block, values: readonly Expr[], kind: Spread['kind']): Spread | null {
  if (!block.hasComponents) return null
  const data = new Set<string>()
  let logged = false
  for (const v of values)
    for (const s of collectNodes(v, (n) => n.kind === 'ref' && n.space === 'stat')) {
      if (s.kind !== 'ref') continue
      const statistic = block.statistics.get(s.name)
      if (statistic === undefined || !squaresResidual(statistic.value)) continue
      for (const r of collectNodes(statistic.value, (n) => n.kind === 'ref' && n.space === 'data'))
        if (r.kind === 'ref' && block.continuousData.has(r.name)) {
          data.add(r.name)
          logged ||= some(statistic.value, (n) => n.kind === 'call' && n.fn === 'log' && n.args[0] === r)
        }
    }
  return data.size === 0 ? null : { kind, data: [...data], logged }
}

/** A square, or a product of two residuals, of something that reads data, and not divided by the same data again. */
function squaresResidual(e: Expr): boolean {
  if (e.kind === 'pow') return e.exponent.d === 1 && e.exponent.n === 2 && dataIn(e.base).length > 0
  if (e.kind !== 'mul') return false
  const square = e.factors.find(squaresResidual)
  if (square === undefined) return e.factors.filter((f) => f.kind === 'add' && dataIn(f).length > 0).length >= 2
  // (x − m)²/x has the unit of x and not its square: what it is divided by is no variance of x
  const squared = new Set(dataIn(square))
  return !e.factors.some((f) => f.kind === 'pow' && f.exponent.n < 0 && dataIn(f.base).some((n) => squared.has(n)))
}

const dataIn = (e: Expr): readonly string[] =>
  collectNodes(e, (n) => n.kind === 'ref' && n.space === 'data').flatMap((n) => (n.kind === 'ref' ? [n.name] : []))

import { mul, pow } from '../algebra/build.js'
import type { Atom, Monomial } from '../algebra/monomial.js'
import type { Expr } from '../algebra/types.js'
import { collectNodes } from '../algebra/visit.js'
import type { Contribution } from './types.js'

/** coefficient · Π others, added at the block's element. */
export function contribution(m: Monomial, at: readonly Expr[], others: readonly Atom[]): Contribution {
  return { loops: m.loops, guards: m.guards, at, value: mul(m.coefficient, ...others.map((a) => pow(a.base, a.power))) }
}

/** Names of the params that contributions read. */
export function paramsRead(cs: readonly Contribution[]): readonly string[] {
  const out = new Set<string>()
  for (const c of cs)
    for (const n of collectNodes(c.value, (x) => x.kind === 'ref' && (x.space === 'param' || x.space === 'shift')))
      if (n.kind === 'ref') out.add(n.name)
  return [...out]
}

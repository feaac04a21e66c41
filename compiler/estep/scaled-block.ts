/**
 * Normal latents m and one positive latent s whose power ±1 multiplies all that is quadratic in m (of vectors, a matrix:
 * `matrix-spread.ts`):
 *
 *   log p = a log s + s^p (c + h·m − ½ mᵀΛm) + …,
 *
 * so that m given s is Normal with mean Λ⁻¹h and covariance Λ⁻¹ s^−p, and s, with m integrated out, has the statistics
 * {log s, s^p} again: a Normal–Gamma (p = 1) or Normal–inverse-Gamma (p = −1) posterior (DeGroot 1970, section 9.6; Bishop
 * 2006, section 2.3.6).
 */
import { add } from '../algebra/build.js'
import { type CollectOptions, collect, TooManyTerms } from '../algebra/collect.js'
import { keyOf } from '../algebra/key.js'
import type { Monomial } from '../algebra/monomial.js'
import type { Expr } from '../algebra/types.js'
import { freeIndices, some } from '../algebra/visit.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { ContinuousLatent, FactorGraph, Loop } from '../graph/types.js'
import { baseOf } from './block-factors.js'
import { type Base, isCell, type Made, termsOf } from './block-terms.js'
import { asConjugate } from './conjugate-block.js'
import { asGaussian } from './gaussian-block.js'
import { statisticOf } from './latent-atoms.js'
import { fitsMatrix, inMatrixSpread } from './matrix-spread.js'
import { guardedSum } from './moments.js'
import { logSpread } from './spread.js'
import type { BlockFactor } from './types.js'

type Options = Omit<CollectOptions, 'inU'>
type Power = 1 | -1

/**
 * The two posteriors of such a group; null where it is none.
 *
 * @param ids of the Normal posterior, and of the one of its spread
 */
export function asScaled(
  group: readonly ContinuousLatent[],
  lifted: readonly LiftedFactor[],
  ids: readonly [string, string],
  options: Options,
  graph: FactorGraph,
): Made | null {
  const spreads = group.filter((l) => l.support === 'positive' || l.support === 'covariance')
  const normals = group.filter((l) => l.support === 'real')
  const [spread] = spreads
  if (spread === undefined || spreads.length > 1 || normals.length !== group.length - 1) return null
  const isMatrix = spread.support === 'covariance'
  if (isMatrix ? !fitsMatrix(spread, normals) : spread.own.length > 0) return null
  if (spread.evidence || !sameRows(spread, normals, lifted)) return null
  const rank = spread.loops.length
  const base = baseOf([spread, ...normals], lifted, ids[1], rank)
  if ('code' in base) return null
  const parts = isMatrix ? inMatrixSpread(base, spread, options) : inSpread(base, spread.name, options)
  if (parts === null) return null
  const inner: Base = {
    ...base,
    id: ids[0],
    latents: base.latents.filter((l) => l.latent !== spread),
    factors: parts.factors,
  }
  const outer: Base = { ...base, latents: base.latents.filter((l) => l.latent === spread) }
  const hasDiscrete = base.scope.length > 0
  const coupled = normals.some((l) => l.loops.length > rank)
  const terms = termsOf(inner, options)
  const own = termsOf(outer, options)
  if (typeof terms === 'string' || typeof own === 'string') return null
  const normal = asGaussian(inner, coupled && rank === 0 && !hasDiscrete ? 'joint' : 'row', terms, graph, options)
  const conjugate = asConjugate(outer, spread, own)
  if (normal === null || 'code' in conjugate) return null
  const { block } = conjugate
  // log s is what the integral over the others adds to
  if (!block.terms.some((t) => t.statistic === logSpread(block))) return null
  return {
    block: { ...block, inner: { power: parts.power, block: normal.block } },
    inner: { ...normal.block, given: { power: parts.power, block } },
    bindTables: normal.bindTables,
  }
}

/** true where every cell of the others belongs to one row of the spread, and every factor reads one row only. */
function sameRows(
  spread: ContinuousLatent,
  others: readonly ContinuousLatent[],
  factors: readonly LiftedFactor[],
): boolean {
  const rank = spread.loops.length
  const alike = (a: Loop | undefined, b: Loop | undefined): boolean =>
    a !== undefined && b !== undefined && domainKey(a) === domainKey(b)
  for (const l of others) {
    if (!spread.loops.every((s, i) => alike(s, l.loops[i]))) return false
    const beyond = l.loops.slice(rank)
    if (beyond.some((x) => x.weight !== null)) return false
    // a length that depends on the row is one of another loop's index
    if ([...beyond.map((x) => x.index), ...l.own].some((v) => freeIndices(v.to).size > 0)) return false
  }
  if (spread.loops.some((l) => freeIndices(l.index.to).size > 0)) return false
  return factors.every((f) => {
    const loops = new Set(f.factor.loops.map((l) => l.index.id))
    const rows = f.continuous.map((c) => c.index.slice(0, rank))
    return (
      new Set(rows.map((r) => r.map(keyOf).join(','))).size <= 1 &&
      rows.every((r) => r.every((e) => [...freeIndices(e)].every((v) => loops.has(v))))
    )
  })
}

const domainKey = ({ index, weight }: Loop): string =>
  `${keyOf(index.from)} ${keyOf(index.to)} ${weight === null ? '' : keyOf(weight)}`

/**
 * The factors as those of the Normal part, each the coefficient of s^p; null where something that reads the others is
 * multiplied by another function of s, or by none.
 */
function inSpread(
  base: Base,
  spread: string,
  options: Options,
): { readonly power: Power; readonly factors: readonly BlockFactor[] } | null {
  const inU: CollectOptions['inU'] = (r) => r.space === 'latent' && r.name === spread
  const powers = new Set<Power>()
  const factors: BlockFactor[] = []
  for (const f of base.factors) {
    let monomials: readonly Monomial[]
    try {
      monomials = collect(f.expr, { ...options, inU })
    } catch (e) {
      if (e instanceof TooManyTerms) return null
      throw e
    }
    const own = monomials.filter((m) => readsOthers(m))
    for (const m of own) {
      const power = powerOf(m)
      if (power === null) return null
      powers.add(power)
    }
    if (own.length > 0) factors.push({ ...f, expr: add(...own.map((m) => guardedSum(m, m.coefficient))) })
  }
  const [power] = powers
  return power === undefined || powers.size > 1 ? null : { power, factors }

  function readsOthers(m: Monomial): boolean {
    return some(m.coefficient, (n: Expr) => isCell(n) && n.name !== spread)
  }
}

function powerOf(m: Monomial): Power | null {
  const [atom] = m.atoms
  const statistic = atom === undefined || m.atoms.length > 1 ? null : statisticOf(atom)?.statistic
  return statistic === 'u' ? 1 : statistic === '1/u' ? -1 : null
}

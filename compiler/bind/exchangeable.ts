/** Which dimensions of arrays the value of a discrete latent picks, and whether its values may be numbered otherwise. */
import { literal, num } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import { matrixSlice } from '../algebra/matrices.js'
import { stationaryOf } from '../algebra/stationary.js'
import type { ArraySpace, Expr, IndexVar } from '../algebra/types.js'
import { children, collectNodes, freeIndices, rewrite, substituteIndex } from '../algebra/visit.js'
import type { Derivation } from '../derive.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { FactorRole } from '../graph/types.js'
import type { LatentOutput } from '../lower/program.js'

type Ref = Extract<Expr, { kind: 'ref' }>
/** Where the arrays stand that a value may pick slices of. */
type Arrays = ReadonlySet<ArraySpace>

export const PARAMS: Arrays = new Set<ArraySpace>(['param'])
export const PARAMS_AND_LATENTS: Arrays = new Set<ArraySpace>(['param', 'latent'])

/** Dimensions of an array that a discrete latent's value indexes. */
export function componentDimensions(
  space: ArraySpace,
  name: string,
  d: Derivation,
): readonly { readonly latent: string; readonly dimension: number }[] {
  const out = new Map<string, { latent: string; dimension: number }>()
  for (const f of d.lifted)
    for (const v of f.variables)
      for (const n of collectNodes(f.expr, (x) => x.kind === 'ref' && x.space === space && x.name === name)) {
        if (n.kind !== 'ref') continue
        n.index.forEach((e, dimension) => {
          if (e.kind === 'index' && e.var === v.value.id)
            out.set(`${v.latent.name} ${dimension}`, { latent: v.latent.name, dimension })
        })
      }
  return [...out.values()]
}

/**
 * Relabelling the values leaves the likelihood unchanged where the value only ever picks slices of params, each of which
 * is picked by it alone, and no prior or constant tells slices apart.
 */
export function isExchangeable(l: LatentOutput, d: Derivation, arrays: Arrays): boolean {
  if (l.kind !== 'discrete' || l.evidence) return false
  const isArray = (x: Expr): x is Ref => x.kind === 'ref' && arrays.has(x.space)
  const picked = new Map<string, Set<number>>()
  const lifted = d.lifted.map((f) => ({ ...f, expr: stationaryAsPicked(f.expr) }))
  for (const f of lifted)
    for (const v of f.variables) {
      if (v.latent.name !== l.name || isAlike(f.expr, v.value)) continue
      if (!onlyPicks(f.expr, v.value.id, arrays, picked)) return false
      // what it picks of other discrete latents would move with it
      if (f.variables.some((o) => o.index.some((i) => freeIndices(i).has(v.value.id)))) return false
    }
  if (picked.size === 0) return false
  for (const f of lifted)
    for (const n of collectNodes(f.expr, (x) => isArray(x) && picked.has(x.name))) {
      if (!isArray(n)) continue
      for (const dimension of picked.get(n.name) ?? []) {
        const at = n.index[dimension]
        const own = at?.kind === 'index' ? at.var : null
        if (own === null) return false
        const byLatent = f.variables.some((v) => v.value.id === own && v.latent.name === l.name)
        // a prior's own loop over the slices, which must not pick constants
        if (!byLatent && (!isPrior(f.factor.role, arrays) || readsOtherwise(f, own, arrays))) return false
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

function onlyPicks(e: Expr, variable: string, arrays: Arrays, picked: Map<string, Set<number>>): boolean {
  if (e.kind === 'index') return e.var !== variable
  if (e.kind === 'ref' && arrays.has(e.space)) {
    return e.index.every((i, dimension) => {
      if (i.kind === 'index' && i.var === variable) {
        picked.set(e.name, (picked.get(e.name) ?? new Set()).add(dimension))
        return true
      }
      return onlyPicks(i, variable, arrays, picked)
    })
  }
  return children(e).every((c) => onlyPicks(c, variable, arrays, picked))
}

/** The law of params, or of latents that are picked as params are. */
const isPrior = (role: FactorRole, arrays: Arrays): boolean =>
  role === 'prior' || (role === 'latent' && arrays.has('latent'))

function readsOtherwise({ expr, factor, variables }: LiftedFactor, variable: string, arrays: Arrays): boolean {
  if (!onlyPicks(expr, variable, arrays, new Map())) return true
  if (!arrays.has('latent')) return false
  const parts = [
    ...variables.flatMap((v) => v.index),
    ...factor.loops.flatMap(({ index, weight }) => [index.from, index.to, ...(weight === null ? [] : [weight])]),
  ]
  return parts.some((e) => freeIndices(e).has(variable))
}

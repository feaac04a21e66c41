/** Sums over the same rows as one, and what their terms share in front: Σ_n r_n x_n y_n − Σ_n r_n x_n e^η as Σ_n r_n x_n (y_n − e^η). */
import { add, idx, literal, mul, neg, num, splitCoefficient, sum } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { freeIndices, substituteIndex } from '../algebra/visit.js'

const termsOf = (e: Expr): readonly Expr[] => (e.kind === 'add' ? e.terms : [e])
const factorsOf = (e: Expr): readonly Expr[] => (e.kind === 'mul' ? e.factors : [e])

/** A short form of a sum for the page. */
export function gathered(e: Expr): Expr {
  const groups = new Map<string, { readonly index: IndexVar; readonly bodies: Expr[] }>()
  const rest: Expr[] = []
  for (const t of termsOf(e)) {
    const factors = factorsOf(mul(...factorsOf(t).flatMap((f) => factorsOf(ofOneSign(f)))))
    const sums = factors.filter((f) => f.kind === 'sum')
    const [only] = sums
    if (sums.length !== 1 || only?.kind !== 'sum') {
      rest.push(factors.length < 2 ? t : mul(...factors))
      continue
    }
    const key = `${keyOf(only.index.from)} ${keyOf(only.index.to)}`
    const group = groups.get(key) ?? { index: only.index, bodies: [] }
    groups.set(key, group)
    const body = substituteIndex(only.body, new Map([[only.index.id, idx(group.index)]]))
    group.bodies.push(mul(...factors.filter((f) => f !== only), body))
  }
  return factorised([...[...groups.values()].map(({ index, bodies }) => oneSum(index, bodies)), ...rest])
}

function oneSum(index: IndexVar, bodies: readonly Expr[]): Expr {
  const factors = factorsOf(gathered(add(...bodies)))
  const inside = factors.filter((f) => freeIndices(f).has(index.id))
  return mul(...factors.filter((f) => !inside.includes(f)), sum(index, mul(...inside)))
}

/** A sum as a product, where all of its terms or some share factors. */
function factorised(terms: readonly Expr[]): Expr {
  if (terms.length < 2) return add(...terms)
  const parts = terms.map((t) => factorsOf(t).filter((f) => literal(f) === null))
  const counts = new Map<string, { readonly factor: Expr; readonly terms: Set<number> }>()
  for (const [i, fs] of parts.entries())
    for (const f of fs) {
      const key = keyOf(f)
      const known = counts.get(key) ?? { factor: f, terms: new Set<number>() }
      counts.set(key, known)
      known.terms.add(i)
    }
  const best = [...counts.values()].reduce<{ readonly factor: Expr; readonly terms: Set<number> } | null>(
    (a, b) => (b.terms.size > (a?.terms.size ?? 1) ? b : a),
    null,
  )
  if (best === null) return add(...terms)
  const own = terms.filter((_, i) => best.terms.has(i))
  const key = keyOf(best.factor)
  const without = (t: Expr): Expr => {
    const fs = factorsOf(t)
    const at = fs.findIndex((f) => keyOf(f) === key)
    return mul(...fs.filter((_, i) => i !== at))
  }
  const joined = mul(best.factor, ofOneSign(factorised(own.map(without))))
  const others = terms.filter((_, i) => !best.terms.has(i))
  return others.length === 0 ? joined : factorised([joined, ...others])
}

/** −x − y as −(x + y). */
function ofOneSign(e: Expr): Expr {
  if (e.kind !== 'add' || !e.terms.every((t) => (literal(splitCoefficient(t).coefficient) ?? 1) < 0)) return e
  return { kind: 'mul', factors: [num(-1), add(...e.terms.map(neg))] }
}

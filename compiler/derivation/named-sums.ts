/** Names for sums that recur: N_k for the expected number of cases with z = k. */
import { isOne, isZero, literal, ONE, ref } from '../algebra/build.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { collectNodes, freeIndices } from '../algebra/visit.js'
import { canonicalKey } from './canonical-key.js'
import type { Notation } from './notation.js'

/** A sum that has a name: N_k = Σ_n r_nk. */
export interface NamedSum {
  readonly name: string
  readonly key: string
  readonly indices: readonly IndexVar[]
  readonly value: Expr
  readonly words: string
}

/** Letters of named sums. */
const SUM_NAMES = ['N', 'M', 'C', 'S'] as const

/**
 * Replaces Σ P(z = k) by N_k and Σ [y = l] by N_l: sums whose body is one posterior or one indicator, with the weight of
 * the rows if they have one. `known` collects the names over a whole document.
 */
export function nameSums(e: Expr, notation: Notation, known: NamedSum[]): Expr {
  const replace = (x: Expr): Expr | null => {
    const loops: IndexVar[] = []
    let body: Expr = x
    while (body.kind === 'sum') {
      loops.push(body.index)
      body = body.body
    }
    const factors = body.kind === 'mul' ? body.factors : [body]
    const weights = factors.filter((f) => isWeight(f, notation))
    const rest = factors.filter((f) => !weights.includes(f))
    const [own] = rest
    if (loops.length === 0 || rest.length !== 1 || own === undefined) return null
    const value = subjectValue(own)
    if (
      value === null ||
      collectNodes(value, (n) => n.kind === 'index' && loops.some((l) => l.id === n.var)).length > 0
    )
      return null
    const outer = [...freeIndices(x)].filter((v) => !freeIndices(value).has(v))
    if (outer.length > 0 || (literal(value) === null && value.kind !== 'index')) return null
    const marker: Expr = { kind: 'index', var: '#value', name: value.kind === 'index' ? value.name : 'k' }
    const general = loops.reduceRight<Expr>(
      (b, l) => ({ kind: 'sum', index: l, body: b }),
      replaceValue(body, own, marker),
    )
    const key = canonicalKey(general)
    let named = known.find((k) => k.key === key)
    if (named === undefined) {
      const subject = own.kind === 'probability' ? (own.of[0]?.latent ?? '') : indicated(own)
      const free =
        SUM_NAMES.find(
          (n) => (n === 'N' ? notation.sumName === 'N' : !notation.taken.has(n)) && !known.some((k) => k.name === n),
        ) ?? notation.sumName
      const several =
        own.kind === 'probability' &&
        own.of[0]?.latent !== undefined &&
        [...notation.facts.latents.values()].filter((l) => l.kind === 'discrete').length > 1
      const name = several ? `${notation.sumName}_${subject}` : free
      if (known.some((k) => k.name === name)) return null
      const latent = own.kind === 'probability' ? notation.facts.latents.get(subject) : undefined
      const index: IndexVar = {
        id: '#value',
        name: marker.kind === 'index' ? marker.name : 'k',
        from: ONE,
        to: latent?.kind === 'discrete' ? latent.high : ONE,
      }
      const count = weights.length > 0 ? 'weighted number' : 'number'
      const words =
        own.kind === 'probability'
          ? `the ${notation.derivation.maxProduct === null ? 'expected ' : ''}${count} of cases with ${subject} = `
          : `the ${count} of rows with ${subject} = `
      named = { name, key, indices: [index], value: general, words }
      known.push(named)
    }
    return ref('stat', named.name, [value])
  }
  const go = (x: Expr): Expr => {
    if (x.kind === 'sum') {
      const named = replace(x)
      if (named !== null) return named
    }
    return mapOnce(x, go)
  }
  return go(e)
}

function mapOnce(x: Expr, f: (e: Expr) => Expr): Expr {
  switch (x.kind) {
    case 'sum':
      return { ...x, body: f(x.body) }
    case 'add':
      return { kind: 'add', terms: x.terms.map(f) }
    case 'mul':
      return { kind: 'mul', factors: x.factors.map(f) }
    case 'inverse':
      return { ...x, of: { ...x.of, element: f(x.of.element) } }
    case 'pow':
      return { ...x, base: f(x.base) }
    case 'call':
      return { ...x, args: x.args.map(f) }
    case 'case':
      return { ...x, then: f(x.then), otherwise: f(x.otherwise) }
    default:
      return x
  }
}

const isWeight = (e: Expr, notation: Notation): boolean =>
  e.kind === 'ref' &&
  e.space === 'data' &&
  notation.derivation.graph.factors.some((f) =>
    f.loops.some((l) => l.weight?.kind === 'ref' && l.weight.name === e.name),
  )

/** The value that a posterior or an indicator is about. */
function subjectValue(e: Expr): Expr | null {
  if (e.kind === 'probability') return e.of.length === 1 ? (e.of[0]?.value ?? null) : null
  if (
    e.kind !== 'case' ||
    !isOne(e.then) ||
    !isZero(e.otherwise) ||
    e.when.kind !== 'compare' ||
    e.when.operator !== '=='
  )
    return null
  if (
    e.when.left.kind === 'ref' &&
    e.when.left.space !== 'observed' &&
    (e.when.right.kind === 'index' || literal(e.when.right) !== null)
  )
    return e.when.right
  return null
}

function replaceValue(body: Expr, own: Expr, by: Expr): Expr {
  const changed: Expr =
    own.kind === 'probability'
      ? { kind: 'probability', of: own.of.map((i) => ({ ...i, value: by })) }
      : own.kind === 'case' && own.when.kind === 'compare'
        ? { ...own, when: { ...own.when, right: by } }
        : own
  if (body === own) return changed
  return body.kind === 'mul' ? { kind: 'mul', factors: body.factors.map((f) => (f === own ? changed : f)) } : body
}

const indicated = (e: Expr): string =>
  e.kind === 'case' && e.when.kind === 'compare' && e.when.left.kind === 'ref' ? e.when.left.name : ''

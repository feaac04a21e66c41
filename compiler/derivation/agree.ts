/**
 * Two forms of one quantity compared by value at made-up numbers: a shorter form is printed only where it has the value
 * of what is executed.
 */
import { type Environment, evaluate, type NumericIndicator } from '../algebra/evaluate.js'
import type { ArraySpace, Expr, IndexVar } from '../algebra/types.js'
import type { Derivation } from '../derive.js'
import { heldParams } from '../held-params.js'

/** true where both have the same value, to 1e-9 relative, at three made-up points for every value of the indices. */
export function agree(a: Expr, b: Expr, indices: readonly IndexVar[], d: Derivation): boolean {
  for (let seed = 1; seed <= 3; seed++) {
    const values = new Map(indices.map((v, i) => [v.id, 1 + ((seed + i) % 2)]))
    const env: Environment = { ...madeUp(d, seed), indices: values }
    const x = evaluate(a, env)
    const y = evaluate(b, env)
    if (Number.isNaN(x) || Number.isNaN(y) || Math.abs(x - y) > 1e-9 * Math.max(1, Math.abs(x), Math.abs(y)))
      return false
  }
  return true
}

/** Numbers for every array, the same for the same name, indices and seed: sizes 2, categories 1 or 2, reals in (0.5, 1.5). */
function madeUp(d: Derivation, seed: number): Environment {
  const data = new Map(d.graph.data.map((s) => [s.name, s.type.support.kind]))
  const isMatrix = (kind: string): boolean => kind === 'covariance' || kind === 'correlation'
  const matrices = new Set([
    ...d.params.filter((p) => isMatrix(p.support)).map((p) => p.name),
    ...heldParams(d.model).flatMap((s) => (isMatrix(s.held?.support.kind ?? '') ? [s.id] : [])),
  ])
  const shifted = new Set(d.mStep.shifted)
  const consts = new Map(
    d.model.symbols.flatMap((s) =>
      s.kind === 'const' && s.held === undefined && s.value.kind === 'number' ? [[s.id, s.value.value] as const] : [],
    ),
  )
  const real = (...parts: readonly (string | number)[]): number => 0.5 + hash(`${seed}|${parts.join('|')}`)
  const param = (name: string, index: readonly number[]): number => {
    if (!matrices.has(name)) return real('param', name, ...index)
    const [row = 0, column = 0] = index.slice(-2)
    const at = [...index.slice(0, -2), Math.min(row, column), Math.max(row, column)]
    return (row === column ? 5 : 0) + real('param', name, ...at)
  }
  let point = 0
  const ref = (space: ArraySpace, name: string, index: readonly number[]): number => {
    switch (space) {
      case 'size':
        return 2
      case 'observed':
        return 1
      case 'const':
        return matrices.has(name) ? param(name, index) : (consts.get(name) ?? real('const', name, ...index))
      case 'data': {
        const kind = data.get(name)
        const u = hash(`${seed}|data|${name}|${index.join(',')}`)
        if (kind === 'category') return 1 + Math.floor(2 * u)
        if (kind === 'bool') return Math.floor(2 * u)
        if (kind === 'int' || kind === 'count') return 1 + Math.floor(3 * u)
        return real('data', name, ...index)
      }
      case 'pivot':
        return real('pivot', name, ...index)
      case 'shift':
        return shifted.has(name) ? param(name, index) - real('pivot', name, ...index) : 0
      case 'latent':
        return real('U', name, ...index, point)
      default:
        return param(name, index)
    }
  }
  const latents = new Map(d.graph.latents.map((l) => [l.name, l]))
  /** One latent cell's distribution, normalised over its values; cells are independent. */
  const marginal = (latent: string, index: readonly number[], value: number): number => {
    const l = latents.get(latent)
    if (l?.kind !== 'discrete') return real('P', latent, ...index, value)
    const indices = new Map(l.loops.map((x, i) => [x.index.id, index[i] ?? 1]))
    const low = evaluate(l.low, { ref, indices })
    const high = evaluate(l.high, { ref, indices })
    let total = 0
    for (let v = low; v <= high; v++) total += real('P', latent, ...index, v)
    return real('P', latent, ...index, value) / total
  }
  const probability = (of: readonly NumericIndicator[]): number =>
    of.reduce((p, i) => p * marginal(i.latent, i.index, i.value), 1)
  return {
    ref,
    probability,
    // continuous latents have two points of equal mass, whatever the discrete ones are
    expect(of, body) {
      const outer = point
      const total = [1, 2].reduce((sum, p) => {
        point = p
        return sum + body()
      }, 0)
      point = outer
      return (probability(of) * total) / 2
    },
    mean: (latent, index) => real('E', latent, ...index),
  }
}

/** A number in (0, 1) from a text (FNV-1a, 32 bits). */
function hash(text: string): number {
  let h = 2166136261
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619)
  h ^= h >>> 15
  h = Math.imul(h, 2246822519)
  h ^= h >>> 13
  return ((h >>> 0) + 0.5) / 4294967296
}

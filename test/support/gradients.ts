/** Gradients of expressions by their derivatives, and by a complex step. */
import { partials } from '../../compiler/algebra/differentiate.js'
import { type Environment, evaluate, holds } from '../../compiler/algebra/evaluate.js'
import type { Expr, IndexVar } from '../../compiler/algebra/types.js'
import { complex } from './complex.js'
import { evaluateComplex } from './complex-evaluate.js'

type Read = (space: string, name: string, index: readonly number[]) => number

/** Small enough that its square is nothing beside 1. */
const STEP = 1e-30

const keyOf = (name: string, index: readonly number[]): string => `${name}[${index.join(',')}]`

/** ∂e/∂element for every element of the target arrays that is read, by the symbolic derivative. */
export function symbolicGradient(
  e: Expr,
  isTarget: (name: string) => boolean,
  read: Read,
): ReadonlyMap<string, number> {
  let used = 0
  const rename = (v: IndexVar): IndexVar => {
    used += 1
    return { ...v, id: `${v.id}~${used}` }
  }
  const out = new Map<string, number>()
  for (const p of partials(e, (r) => isTarget(r.name), rename)) {
    const visit = (loops: readonly IndexVar[], indices: ReadonlyMap<string, number>): void => {
      const env: Environment = { ref: read, indices }
      const [loop, ...rest] = loops
      if (loop === undefined) {
        if (!holds(p.guard, env)) return
        const key = keyOf(
          p.name,
          p.at.map((x) => evaluate(x, env)),
        )
        out.set(key, (out.get(key) ?? 0) + evaluate(p.value, env))
        return
      }
      const to = evaluate(loop.to, env)
      for (let i = evaluate(loop.from, env); i <= to; i++) visit(rest, new Map([...indices, [loop.id, i]]))
    }
    visit(p.loops, new Map())
  }
  return out
}

/** ∂e/∂element by a complex step. */
export function complexStep(e: Expr, name: string, index: readonly number[], read: Read): number {
  const at = keyOf(name, index)
  const value = evaluateComplex(e, (space, n, i) => complex(read(space, n, i), keyOf(n, i) === at ? STEP : 0))
  return value.im / STEP
}

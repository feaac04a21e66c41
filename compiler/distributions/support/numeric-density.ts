import { num, ref } from '../../algebra/build.js'
import { evaluate } from '../../algebra/evaluate.js'
import type { Expr, IndexVar } from '../../algebra/types.js'
import type { DensityContext, Distribution, NumericArgument, Tensor } from '../types.js'

export type Arguments = ReadonlyMap<string, NumericArgument>

/** The log density at these numeric arguments as a function of a numeric value: the expression, evaluated. */
export function numericDensity(distribution: Distribution, args: Arguments): (value: NumericArgument) => number {
  const context = indexSupply()
  const tensors = new Map([...args].map(([name, arg]) => [name, tensor(name, arg)]))
  const expressions = new Map<string, Expr>()
  return (value) => {
    const shape = shapeOf(value).join(' ')
    const expr = expressions.get(shape) ?? distribution.logDensity(tensor('value', value), tensors, context)
    expressions.set(shape, expr)
    return evaluate(expr, {
      ref: (_space, name, index) => elementOf(name === 'value' ? value : (args.get(name) ?? Number.NaN), index),
    })
  }
}

/** Bounds of a discrete distribution's values, as numbers. */
export function numericDomain(distribution: Distribution, args: Arguments): { low: number; high: number } | null {
  const tensors = new Map([...args].map(([name, arg]) => [name, tensor(name, arg)]))
  const domain = distribution.domain?.(tensors)
  if (domain === undefined) return null
  const env = {
    ref: (_space: string, name: string, index: readonly number[]) => elementOf(args.get(name) ?? Number.NaN, index),
  }
  return { low: evaluate(domain.low, env), high: domain.high === null ? Infinity : evaluate(domain.high, env) }
}

/** Mean and variance in closed form, as numbers; null where there is none. */
export function numericMoments(distribution: Distribution, args: Arguments): { mean: number; variance: number } | null {
  const moments = distribution.moments?.(new Map([...args].map(([name, arg]) => [name, tensor(name, arg)])))
  if (moments === undefined) return null
  const env = {
    ref: (_space: string, name: string, index: readonly number[]) => elementOf(args.get(name) ?? Number.NaN, index),
  }
  return { mean: evaluate(moments.mean, env), variance: evaluate(moments.variance, env) }
}

/** The mass of a value in the form that is linear in probabilities; null where there is none. */
export function numericMass(distribution: Distribution, args: Arguments, value: number): number | null {
  const tensors = new Map([...args].map(([name, arg]) => [name, tensor(name, arg)]))
  const mass = distribution.mass?.(num(value), tensors, indexSupply())
  if (mass === undefined) return null
  return evaluate(mass, {
    ref: (_space: string, name: string, index: readonly number[]) => elementOf(args.get(name) ?? Number.NaN, index),
  })
}

export function shapeOf(value: NumericArgument): readonly number[] {
  if (typeof value === 'number') return []
  const first = value[0]
  return first === undefined || typeof first === 'number' ? [value.length] : [value.length, first.length]
}

/** The element at a 1-based index. */
export function elementOf(value: NumericArgument, index: readonly number[]): number {
  const [i, j] = index
  if (typeof value === 'number') return i === undefined ? value : Number.NaN
  const row = value[(i ?? 0) - 1]
  if (row === undefined) return Number.NaN
  if (typeof row === 'number') return j === undefined ? row : Number.NaN
  return row[(j ?? 0) - 1] ?? Number.NaN
}

function tensor(name: string, value: NumericArgument): Tensor {
  return {
    dims: shapeOf(value).map((size) => ({ size: num(size) })),
    at: (index) => ref(name === 'value' ? 'data' : 'param', name, index),
  }
}

export function indexSupply(): DensityContext {
  let used = 0
  return {
    index(name: string, size: Expr): IndexVar {
      used += 1
      return { id: `${name}.${used}`, name, from: num(1), to: size }
    },
  }
}

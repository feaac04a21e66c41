/** Numerical derivatives with respect to params: central differences, extrapolated. */
import { at, flatten } from './arrays.js'
import { OracleError, type Value, type Values } from './types.js'

export interface Derivative {
  readonly value: number
  /** Estimate of its absolute error, from the last two columns of the extrapolation. */
  readonly error: number
}

/**
 * f′(x) by Ridders' method: central differences with falling steps, extrapolated to step 0 by Neville's algorithm
 * (Ridders 1982; Press et al., Numerical Recipes, 3rd ed., section 5.7). Accurate to about 1e-11 of f's scale.
 */
export function derivative(f: (x: number) => number, x: number, step = 0.05 * Math.max(0.1, Math.abs(x))): Derivative {
  const shrink = 1.6
  let h = step
  let table: number[] = []
  let best: Derivative = { value: Number.NaN, error: Number.POSITIVE_INFINITY }
  for (let i = 0; i < 14; i++) {
    const row = [(f(x + h) - f(x - h)) / (2 * h)]
    let factor = shrink * shrink
    for (let j = 1; j <= i; j++) {
      const left = at(row, j - 1)
      const above = at(table, j - 1)
      const value = (left * factor - above) / (factor - 1)
      row.push(value)
      const error = Math.max(Math.abs(value - left), Math.abs(value - above))
      if (error < best.error) best = { value, error }
      factor *= shrink * shrink
    }
    table = row
    h /= shrink
  }
  return best
}

/** One number among the params: a name and its position in row-major order. */
export interface Coordinate {
  readonly name: string
  readonly position: number
}

/** Every number of the params, by name in the order of the map. */
export function coordinates(params: Values): readonly Coordinate[] {
  return [...params].flatMap(([name, value]) => flatten(value).map((_, position) => ({ name, position })))
}

/** The params moved by `step` along `direction`, one number per coordinate. */
export function moved(params: Values, direction: readonly number[], step: number): Values {
  let next = 0
  const shift = (value: Value): Value => {
    if (typeof value !== 'number') return value.map(shift)
    const d = at(direction, next)
    next += 1
    return value + step * d
  }
  return new Map([...params].map(([name, value]) => [name, shift(value)]))
}

/**
 * Derivative of f at params along a direction. Steps shrink by themselves where f is not finite; a direction along
 * which f is not finite on both sides however small the step (a boundary) is an error.
 */
export function directionalDerivative(
  f: (params: Values) => number,
  params: Values,
  direction: readonly number[],
  step = 0.02,
): Derivative {
  const along = (t: number): number => f(moved(params, direction, t))
  let h = step
  while (!Number.isFinite(along(h)) || !Number.isFinite(along(-h))) {
    h /= 4
    if (h < 1e-9) throw new OracleError('the function is not finite on both sides of the params')
  }
  return derivative(along, 0, h)
}

/**
 * Gradient with respect to each number of the params, taken as free: entries of a simplex move on their own. Densities
 * read the lower triangle of a covariance only, so that [i][j], i > j, carries the whole derivative and [j][i] none.
 * Project it where the params are constrained.
 */
export function numericalGradient(f: (params: Values) => number, params: Values): readonly Derivative[] {
  const all = coordinates(params)
  const values = [...params].flatMap(([, value]) => flatten(value))
  return all.map((_, i) => {
    const scale = 0.02 * Math.max(0.05, Math.abs(at(values, i)))
    return directionalDerivative(
      f,
      params,
      all.map((_unused, j) => (i === j ? 1 : 0)),
      scale,
    )
  })
}

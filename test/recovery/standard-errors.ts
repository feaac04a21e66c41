/** Standard errors from the curvature of the log-likelihood, by central differences, in coordinates of the test's own. */
import { inverse, Matrix } from 'ml-matrix'
import type { BoundModel, ParamLayout } from '../../runtime/contract.js'

/** The entries that are free to move; of a simplex all but the last, which takes what is left. */
interface Coordinate {
  readonly name: string
  readonly offset: number
  /** Where what this one gains is taken from. */
  readonly rest: number | null
}

const last = (p: ParamLayout, i: number): number =>
  p.offset + i - (i % (p.shape.at(-1) ?? 1)) + (p.shape.at(-1) ?? 1) - 1

export function coordinates(model: BoundModel): readonly Coordinate[] {
  return model.params.flatMap((p) =>
    Array.from({ length: p.length }, (_, i) => ({
      name: `${p.name} ${i}`,
      offset: p.offset + i,
      rest: p.support.kind === 'simplex' ? last(p, i) : null,
    })).filter((c) => c.rest !== c.offset),
  )
}

/** A standard error for each coordinate; NaN where the log-likelihood does not curve down. */
export function standardErrors(model: BoundModel, params: Float64Array): readonly number[] {
  const free = coordinates(model)
  const value = (moves: readonly (readonly [Coordinate, number])[]): number => {
    const moved = Float64Array.from(params)
    for (const [{ offset, rest }, h] of moves) {
      moved[offset] = (moved[offset] ?? 0) + h
      if (rest !== null) moved[rest] = (moved[rest] ?? 0) - h
    }
    return model.eStep(moved).logLikelihood
  }
  const h = free.map((c) => 1e-3 * Math.max(Math.abs(params[c.offset] ?? 0), 0.02))
  const centre = value([])
  const information = Matrix.zeros(free.length, free.length)
  free.forEach((a, i) => {
    free.slice(0, i + 1).forEach((b, j) => {
      const [x, y] = [h[i] ?? 0, h[j] ?? 0]
      const second =
        i === j
          ? (value([[a, x]]) - 2 * centre + value([[a, -x]])) / (x * x)
          : (value([
              [a, x],
              [b, y],
            ]) -
              value([
                [a, x],
                [b, -y],
              ]) -
              value([
                [a, -x],
                [b, y],
              ]) +
              value([
                [a, -x],
                [b, -y],
              ])) /
            (4 * x * y)
      information.set(i, j, -second)
      information.set(j, i, -second)
    })
  })
  return inverse(information).diagonal().map(Math.sqrt)
}

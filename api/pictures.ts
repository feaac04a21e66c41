/** What pictures of a fit are made of: densities of components, lines of means, the objective and its lower bound. */
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import type { StandIn } from '../compiler/bind/cell-reader.js'
import {
  type ComponentCurves,
  ComponentDensities,
  type ComponentEllipses,
  type ComponentLines,
} from '../compiler/bind/component-densities.js'
import type { Column, DrawnPoint } from '../compiler/bind/drawn-statements.js'
import { rowWeights } from '../compiler/bind/row-weights.js'
import type { Bound, Expectation } from '../runtime/contract.js'
import { type BoundLine, elementLine, paramElements, straightLine } from './bound-lines.js'
import { boundRange, boundSurface, lowerBoundAlong, lowerBoundOf, objectiveAt } from './lower-bound.js'

/** Where an E-step was made. */
export interface PictureOfQ {
  readonly params: Float64Array
  readonly expectation: Expectation
}

/** A line through θ(t). */
export type BoundDirection =
  /** One number of a param; the others stay, but for a simplex, whose other weights keep their proportions. */
  | { readonly kind: 'param'; readonly param: string; readonly index: readonly number[] }
  /** Through θ(t) and θ(t+1). */
  | { readonly kind: 'step' }
  /** Parallel to the way from the start of the run to its last iterate. */
  | { readonly kind: 'line' }

export interface BoundRun {
  /** q(t) and θ(t). */
  readonly q: PictureOfQ
  /** θ(t+1); null where no M-step was made from θ(t). */
  readonly next: Float64Array | null
  readonly start: Float64Array
  readonly end: Float64Array
}

/** The objective and ELBO(q(t), θ(x)) along a line. */
export interface BoundCurve {
  readonly label: string
  /** What the objective is: where it is a bound itself, an E-step from the q that is shown comes to it. */
  readonly kind: Bound
  /** The objective has the log prior in it. */
  readonly hasPrior: boolean
  readonly x: Float64Array
  readonly objective: Float64Array
  readonly elbo: Float64Array
  /** θ(t), where the bound touches. */
  readonly at: { readonly x: number; readonly objective: number }
  /** θ(t+1), or the nearest to it on the line; bound and objective are those of θ(t+1) itself. */
  readonly next: { readonly x: number; readonly elbo: number; readonly objective: number } | null
}

/** J(q, θ), where q is the posterior at θ′: |q| × |theta|, q slowest. */
export interface BoundContour {
  readonly param: string
  readonly q: Float64Array
  readonly theta: Float64Array
  readonly values: Float64Array
  readonly path: readonly { readonly q: number; readonly theta: number; readonly value: number }[]
  /** Posterior mean of a scalar latent at each q, where the model has one. */
  readonly expected: { readonly latent: string; readonly values: Float64Array } | null
}

/** Room around what a run has visited, relative to it. */
const MARGIN = 0.15

export class Pictures {
  private densities: ComponentDensities | null = null

  constructor(private readonly model: ProgramModel) {}

  /** Why a column has no density that can be drawn; null where it has one. */
  whyNoCurves(at: Column): string | null {
    return this.components().reason(at)
  }

  /**
   * Densities of the components at values of one column, each times its weight; levels of a category count from 0, as in
   * bound data. null where there are none.
   */
  curves(at: Column, params: Float64Array, xs: Float64Array): ComponentCurves | null {
    const isCategory = this.model.data.arrays.get(at.data)?.values instanceof Int32Array
    return this.components().curves(at, this.point(params), isCategory ? xs.map((x) => x + 1) : xs)
  }

  /** true where each row of a latent follows on another one, as along a chain. */
  follows(latent: string): boolean {
    return this.components().follows(latent)
  }

  /** Means and covariances of the components that are Gaussian in two columns. null where none is. */
  ellipses(x: Column, y: Column, params: Float64Array): ComponentEllipses | null {
    return this.components().ellipses(x, y, this.point(params))
  }

  /** E[y | x] of each component. null where the density of y does not read x. */
  lines(x: Column, y: Column, params: Float64Array, xs: Float64Array): ComponentLines | null {
    return this.components().lines(x, y, this.point(params), xs)
  }

  /** Lines that the bound can be looked at along; the first is the best for this model. */
  directions(run: BoundRun): readonly { readonly direction: BoundDirection; readonly label: string }[] {
    const elements = paramElements(this.model.params).map(({ param, index, label }) => ({
      direction: { kind: 'param', param, index } as const,
      label,
    }))
    const lines: readonly Exclude<BoundDirection, { kind: 'param' }>[] =
      this.model.length === 1
        ? []
        : [{ kind: 'step' }, ...(straightLine(run.start, run.end, '') === null ? [] : [{ kind: 'line' } as const])]
    return [...lines.map((direction) => ({ direction, label: LABELS[direction.kind] })), ...elements]
  }

  /** null where there is no such line: where nothing moves along it. */
  boundCurve(run: BoundRun, direction: BoundDirection, points: number): BoundCurve | null {
    const { model } = this
    const { params, expectation } = run.q
    const next = run.next ?? model.mStep(params, expectation).params
    const line = this.line(run, next, direction)
    if (line === null) return null
    const bound = lowerBoundOf(model, run.q)
    const objective = objectiveOf(model, run.q)
    const elbo = bound(next)
    const won = Number.isFinite(elbo - objective) ? Math.max(0, elbo - objective) : 0
    const [low, high] = boundRange(line, bound, [line.of(next)], 1.5 * won + Math.max(2, 0.5 * won))
    const x = withIn(low, high, points, [line.here, line.of(next)])
    const along = lowerBoundAlong(model, run.q, Array.from(x, line.at))
    return {
      label: line.label,
      kind: model.bound ?? 'exact',
      hasPrior: model.hasPrior,
      x,
      objective: along.objective,
      elbo: along.bound,
      at: { x: line.here, objective },
      next: run.next === null ? null : { x: line.of(next), elbo, objective: objectiveAt(model, next, expectation) },
    }
  }

  /** `iterates`: θ(0), θ(1), … as far as they are shown. null where the model has not one number as param, or no latents. */
  boundContour(iterates: readonly Float64Array[], points: number): BoundContour | null {
    const { model } = this
    const [param] = model.params.filter((p) => p.length > 0)
    if (model.length !== 1 || param === undefined || model.direct) return null
    const line = elementLine(model.params, iterates[0] ?? new Float64Array(1), {
      param: param.name,
      index: param.shape.map(() => 1),
    })
    if (line === null) return null
    const visited = iterates.map((theta) => theta[0] ?? Number.NaN)
    const [low, high] = [Math.min(...visited), Math.max(...visited)]
    const last = iterates.at(-1)
    const [a, b] =
      last === undefined
        ? [low, high]
        : boundRange({ ...line, here: last[0] ?? line.here }, lowerBoundOf(model, { params: last }), [low, high], 3)
    const room = MARGIN * (b - a)
    const inside = (v: number): number =>
      Math.min(line.high - 1e-3 * (line.high - b || 0), Math.max(line.low + 1e-3 * (a - line.low || 0), v))
    const grid = withIn(inside(a - room), inside(b + room), points, [])
    const values = boundSurface(model, grid, grid)
    const path = visited.flatMap((theta, t) => {
      const from = visited[t - 1]
      const reached = { q: theta, theta, value: objectiveAt(model, Float64Array.of(theta)) }
      if (from === undefined) return [reached]
      return [
        { q: from, theta, value: lowerBoundOf(model, { params: Float64Array.of(from) })(Float64Array.of(theta)) },
        reached,
      ]
    })
    const [scalar] = model.scalars
    return {
      param: param.name,
      q: grid,
      theta: grid,
      values,
      path,
      expected:
        scalar === undefined
          ? null
          : { latent: scalar, values: grid.map((v) => model.expected(Float64Array.of(v)).get(scalar) ?? Number.NaN) },
    }
  }

  private line({ q, start, end }: BoundRun, next: Float64Array, direction: BoundDirection): BoundLine | null {
    switch (direction.kind) {
      case 'param':
        return elementLine(this.model.params, q.params, direction)
      case 'step':
        return straightLine(q.params, next, LABELS.step)
      case 'line':
        return straightLine(start, end, LABELS.line, q.params)
    }
  }

  private components(): ComponentDensities {
    this.densities ??= new ComponentDensities(this.model)
    return this.densities
  }

  private point(params: Float64Array): DrawnPoint {
    const { model } = this
    let posterior: ReadonlyMap<string, Float64Array> | null = null
    return {
      params,
      share(latent) {
        posterior ??= model.posterior(params)
        return shareOf(model, latent, posterior.get(latent) ?? new Float64Array(0))
      },
      continuous: averages(model, params),
    }
  }
}

const LABELS = { step: 'the M-step', line: 'start to end' } as const

/** Share of the weighted rows at each value. */
function shareOf(model: ProgramModel, latent: string, posterior: Float64Array): Float64Array {
  const layout = model.latents.find((l) => l.name === latent)
  const out = new Float64Array(layout?.values ?? 0)
  const weights = rowWeights(model.derivation, model.numbers, latent)
  posterior.forEach((p, i) => {
    const row = Math.floor(i / out.length)
    out[i % out.length] = (out[i % out.length] ?? 0) + p * (weights?.[row] ?? 1)
  })
  const total = out.reduce((a, b) => a + b, 0)
  return out.map((x) => x / total)
}

/** Posterior means of continuous latents, averaged over their rows. */
function averages(model: ProgramModel, params: Float64Array): ReadonlyMap<string, StandIn> {
  const out = new Map<string, StandIn>()
  const means = model.continuous(params)
  for (const l of model.derivation.graph.latents) {
    const mean = l.kind === 'continuous' ? means.get(l.name)?.mean : undefined
    if (l.kind !== 'continuous' || mean === undefined) continue
    const size = l.own.reduce((n, v) => n * model.numbers.extent(v.to), 1)
    const values = new Float64Array(size)
    mean.forEach((m, i) => {
      values[i % size] = (values[i % size] ?? 0) + (m * size) / mean.length
    })
    out.set(l.name, { rank: l.own.length, values })
  }
  return out
}

function objectiveOf(model: ProgramModel, { params, expectation }: PictureOfQ): number {
  return expectation.logLikelihood + (model.hasPrior ? model.logPrior(params) : 0)
}

/** Evenly spaced numbers, and some that must be among them. */
function withIn(low: number, high: number, points: number, also: readonly number[]): Float64Array {
  const even = Array.from({ length: points }, (_, i) => low + ((high - low) * i) / Math.max(1, points - 1))
  const all = [...even, ...also.filter((x) => x > low && x < high)]
  return Float64Array.from(new Set(all)).sort()
}

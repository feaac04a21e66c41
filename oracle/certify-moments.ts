/** Posterior expectations of continuous latents: an engine's against those over the oracle's pieces and nodes. */
import { allCells, logLikelihoodParts, type Resolved, resolvedExpectations } from './answers.js'
import { at } from './arrays.js'
import type { EngineCovariances, EngineLatent, EngineMoments } from './certified-engine.js'
import { Solver } from './enumerate.js'
import type { Findings } from './findings.js'
import { rowOf } from './latent-rows.js'
import { nestedParams } from './micro-params.js'
import { type Cell, cellName } from './stored.js'
import type { Trial } from './trial.js'
import type { Values } from './types.js'

export const MOMENT_NAMES = {
  mean: 'posterior means',
  variance: 'posterior variances',
  covariance: 'posterior covariances',
  logs: 'posterior means of logarithms',
  reciprocal: 'posterior means of reciprocals',
} as const

const EXACT = 1e-9
/** Nodes that are enough for a normaliser are fewer than its second moments ask for. */
const OF_NODES = 10
/** Moments inherit the error of the rule that gave the log-normaliser, up to a factor. */
const QUADRATURE = 50
/** A rule that has an integral to 1e-12 has the squares about its mean to fewer digits: they weigh its tails. */
const SQUARES = 1e-8
/** Share of an expectation in the outermost nodes from which on it is not known. */
const UNRESOLVED = 1e-6

/** Every continuous latent cell that the engine has moments of; one that it should have and has not is a finding. */
export function checkMoments(t: Trial, found: Findings): void {
  const { engine } = t
  if (engine.moments === undefined) return
  const params = nestedParams(engine.params, t.params)
  const tables = engine.moments(t.params)
  const compare = new Comparison(t, params, found)
  for (const latent of engine.latents.filter((l) => l.kind === 'continuous')) {
    const table = tables.get(latent.name)
    for (const cell of allCells(t.ground).filter((c) => c.name === latent.name)) {
      const row = rowOf(latent, cell)
      if (table === undefined || row === null)
        found.record(
          MOMENT_NAMES.mean,
          Number.POSITIVE_INFINITY,
          EXACT,
          `${cellName(cell)}, ${t.text}: it has no moments`,
        )
      else compare.cell(cell, row, table)
    }
  }
  for (const c of engine.covariances?.(t.params) ?? []) compare.covariances(c)
}

class Comparison {
  private readonly solver: Solver
  private readonly tolerance: number
  /** Allowed to squares in addition. */
  private readonly ofSquares: number

  constructor(
    private readonly t: Trial,
    private readonly params: Values,
    private readonly found: Findings,
  ) {
    this.solver = new Solver(t.ground, params)
    const stated = t.engine.error?.(t.params) ?? 0
    const { error } = logLikelihoodParts(t.ground, params)
    this.tolerance = EXACT + QUADRATURE * (error + OF_NODES * stated)
    this.ofSquares = error > 0 ? SQUARES : 0
  }

  cell(cell: Cell, row: number, table: EngineMoments): void {
    const where = `${cellName(cell)}, ${this.t.text}`
    const record = (name: string, own: number, exact: Resolved, scale: number, more = 0): void => {
      // an expectation that is infinite, or that nodes do not reach
      if (exact.tail > UNRESOLVED * scale) return
      const tolerance = this.tolerance + more + (10 * exact.tail) / scale
      this.found.record(name, Math.abs(own - exact.value) / scale, tolerance, where)
    }
    const none = { value: Number.NaN, tail: 0 }
    const [mean = none, square = none] = this.expect([cell], ([x = 0]) => [x, x * x])
    const [variance = none] = this.expect([cell], ([x = 0]) => [(x - mean.value) ** 2])
    const size = Math.max(1, square.tail > UNRESOLVED ? Math.abs(mean.value) : Math.sqrt(square.value))
    record(MOMENT_NAMES.mean, at(table.mean, row), mean, size)
    // quadrature gives a number where the integral has none
    if (at(table.variance, row) === Number.POSITIVE_INFINITY) return
    // what is left of a variance beside a large mean has lost that many digits
    record(
      MOMENT_NAMES.variance,
      at(table.variance, row),
      variance,
      Math.max(variance.value, 1e-6 * size * size),
      this.ofSquares,
    )
    const more: readonly (readonly [string, ArrayLike<number> | undefined, (x: number) => number])[] = [
      [MOMENT_NAMES.logs, table.logMean, Math.log],
      [MOMENT_NAMES.logs, table.logComplementMean, (x) => Math.log1p(-x)],
      [MOMENT_NAMES.reciprocal, table.reciprocalMean, (x) => 1 / x],
    ]
    for (const [name, own, f] of more) {
      if (own === undefined) continue
      const [exact = none] = this.expect([cell], ([x = 0]) => [f(x)])
      record(name, at(own, row), exact, Math.max(1, Math.abs(exact.value)))
    }
  }

  covariances({ first, second, pairs, values }: EngineCovariances): void {
    const latents = new Map(this.t.engine.latents.map((l) => [l.name, l]))
    const cells = allCells(this.t.ground)
    const find = (latent: EngineLatent | undefined, row: number): Cell | undefined =>
      cells.find((c) => latent !== undefined && c.name === latent.name && rowOf(latent, c) === row)
    pairs.forEach(([i, j], k) => {
      const [a, b] = [find(latents.get(first), i), find(latents.get(second), j)]
      if (a === undefined || b === undefined) return
      const where = `${cellName(a)} and ${cellName(b)}, ${this.t.text}`
      const [ma = Number.NaN, mb = Number.NaN] = this.expect([a, b], (x) => x).map((e) => e.value)
      const [va = Number.NaN, vb = Number.NaN, exact = Number.NaN] = this.expect([a, b], ([x = 0, y = 0]) => [
        (x - ma) ** 2,
        (y - mb) ** 2,
        (x - ma) * (y - mb),
      ]).map((e) => e.value)
      const scale = Math.max(Math.sqrt(va * vb), 1e-6 * Math.max(1, Math.abs(ma * mb)))
      this.found.record(MOMENT_NAMES.covariance, Math.abs(at(values, k) - exact) / scale, this.tolerance, where)
    })
  }

  private expect(cells: readonly Cell[], f: (values: readonly number[]) => readonly number[]): readonly Resolved[] {
    return resolvedExpectations(this.t.ground, this.params, cells, f, this.solver)
  }
}

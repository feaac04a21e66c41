/**
 * Each factor of a factorised posterior, beside what brute force makes of the others: exp E[log p], the expectation over the
 * other factors, normalised (Bishop 2006, eq. 10.9).
 */
import { at, range } from './arrays.js'
import { Assignment } from './assignment.js'
import type { EngineMoments } from './certified-engine.js'
import { checkMatrix, checkPair, matricesOf } from './certify-matrix.js'
import { eliminate, identity } from './dense.js'
import type { ProductPosterior } from './factorised.js'
import type { Findings } from './findings.js'
import { gaussianIntegral } from './gaussian.js'
import type { Factor } from './ground-types.js'
import { rowOf } from './latent-rows.js'
import { isMatrixFamily } from './matrix-posterior.js'
import { spaceIntegral } from './space-integral.js'
import { logSumExp } from './special-functions.js'
import { type Cell, cellName } from './stored.js'
import type { Trial } from './trial.js'
import { OracleError } from './types.js'

/** Name of the comparison. */
export const FACTOR_NAME = 'factors of q: each the best given the others'

/** Sweeps that are still to change something are rounding. */
export const FACTOR = 1e-8
/** Joint values of the discrete cells of a factor. */
const MOST_VALUES = 4096

/** q_B against exp E[log p], the expectation over the other factors, normalised. */
export function checkFactor(t: Trial, q: ProductPosterior, index: number, found: Findings, random: () => number): void {
  const names = t.engine.factors?.[index] ?? []
  // rows that weigh nothing say nothing of q
  const counts = (c: Cell): boolean => t.ground.definitions.get(c.id)?.[0]?.factor.weight !== 0
  const cells = t.ground.world.cells.filter(
    (c) => t.ground.definitions.has(c.id) && names.includes(c.name) && counts(c),
  )
  const kinds = new Set(cells.map((c) => t.engine.latents.find((l) => l.name === c.name)?.kind))
  if (kinds.size !== 1) return
  const a = Assignment.empty(t.ground.world.cells.length)
  const factors = t.ground.factors.filter((f) => f.kind === 'sample' && f.cells.some((c) => cells.includes(c)))
  if (kinds.has('discrete')) {
    for (const group of connected(cells, factors)) checkDiscrete(t, q, index, group, factors, a, found)
    return
  }
  const families = new Set(names.map((n) => t.engine.factorPosteriors?.(t.params).get(n)?.family))
  const posteriors = t.engine.factorPosteriors?.(t.params)
  const moments = t.engine.moments?.(t.params) ?? new Map<string, EngineMoments>()
  const ofMatrix = {
    q,
    index,
    cells,
    factors,
    moments,
    weight: (f: Factor, cell: Cell) => weightFor(t, f, cell),
    record: (worst: number, what: string) => found.record(FACTOR_NAME, worst, FACTOR, what),
  }
  const rowsOf = (name: string): readonly (readonly Cell[])[] => {
    const own = posteriors?.get(name)
    const named = cells.filter((c) => c.name === name)
    return own === undefined ? [] : matricesOf(named, own)
  }
  if (names.some((n) => posteriors?.get(n)?.spread !== undefined)) {
    if (![...families].some((f) => f !== undefined && isMatrixFamily(f))) {
      for (const cell of cells) checkScaled(t, q, index, cell, cells, factors, a, found)
      return
    }
    for (const vector of names.flatMap(rowsOf)) {
      const [first] = vector
      const matrix = first === undefined ? [] : q.spreadOf(first)
      // several that share a spread are more than is compared here
      const others = cells.filter((c) => !vector.includes(c) && q.scaleOf(c) === matrix[0])
      if (matrix.length > 0 && others.length === 0)
        checkPair(t, a, random, {
          ...ofMatrix,
          matrix,
          vector,
          variances: vector.map((c) => of(t, c, moments, 'variance')),
        })
    }
    return
  }
  if ([...families].every((f) => f !== undefined && isMatrixFamily(f))) {
    for (const matrix of names.flatMap(rowsOf)) checkMatrix(t, a, random, { ...ofMatrix, matrix })
    return
  }
  const normal = [...families].every((f) => f === 'Normal' || f === 'MvNormal')
  if (normal) for (const group of connected(cells, factors)) checkNormal(t, q, index, group, factors, a, found)
  else for (const cell of cells) checkConjugate(t, q, index, cell, cells, factors, a, found)
}

/** Weight of a factor relative to the copies that a cell stands for. */
function weightFor(t: Trial, f: Factor, cell: Cell): number {
  const own = t.ground.definitions.get(cell.id)?.[0]?.factor.weight ?? 1
  return own === 0 ? 0 : f.weight / own
}

/** Groups of cells that no factor joins. */
function connected(cells: readonly Cell[], factors: readonly Factor[]): readonly (readonly Cell[])[] {
  let groups: (readonly Cell[])[] = cells.map((c) => [c])
  for (const f of factors) {
    const joined = groups.filter((g) => g.some((c) => f.cells.includes(c)))
    if (joined.length > 1) groups = [...groups.filter((g) => !joined.includes(g)), joined.flat()]
  }
  return groups
}

function checkDiscrete(
  t: Trial,
  q: ProductPosterior,
  index: number,
  group: readonly Cell[],
  factors: readonly Factor[],
  a: Assignment,
  found: Findings,
): void {
  const tables = t.engine.posterior(t.params)
  const latents = group.map((c) => t.engine.latents.find((l) => l.name === c.name))
  const sizes = latents.map((l) => l?.values ?? 0)
  const count = sizes.reduce((n, v) => n * v, 1)
  const [first] = group
  if (count > MOST_VALUES || first === undefined) throw new OracleError('too many joint values of a factor of q')
  const own = factors.filter((f) => f.cells.some((c) => group.includes(c)))
  const valuesAt = (n: number): readonly number[] => {
    let rest = n
    return sizes.map((s, i) => {
      const v = rest % s
      rest = Math.floor(rest / s)
      return (latents[i]?.low ?? 0) + v
    })
  }
  // a factor reads few of the cells: each of its values is found once
  const known = own.map(() => new Map<string, number>())
  const logs = range(0, count - 1).map((n) => {
    valuesAt(n).forEach((v, i) => {
      a.set(at(group, i), v)
    })
    return own.reduce((s, f, i) => {
      const w = weightFor(t, f, first)
      if (w === 0) return s
      const key = f.cells.map((c) => a.get(c)).join()
      const value = known[i]?.get(key) ?? q.expected(f, index, a)
      known[i]?.set(key, value)
      return s + w * value
    }, 0)
  })
  for (const c of group) a.clear(c)
  const whole = logSumExp(logs)
  group.forEach((cell, i) => {
    const latent = latents[i]
    const row = latent === undefined ? null : rowOf(latent, cell)
    const table = tables.get(cell.name)
    if (latent === undefined || row === null || table === undefined) return
    let worst = 0
    for (let v = 0; v < latent.values; v++) {
      const p = logs.reduce((s, l, n) => s + (at(valuesAt(n), i) === latent.low + v ? Math.exp(l - whole) : 0), 0)
      worst = Math.max(worst, Math.abs(p - at(table, row * latent.values + v)))
    }
    found.record(FACTOR_NAME, worst, FACTOR, `${cellName(cell)}, ${t.text}`)
  })
}

const close = (a: number, b: number): number => Math.abs(a - b) / (1 + Math.abs(b))

/** The log density is a quadratic: its coefficients are differences. */
function checkNormal(
  t: Trial,
  q: ProductPosterior,
  index: number,
  cells: readonly Cell[],
  factors: readonly Factor[],
  a: Assignment,
  found: Findings,
): void {
  const [first] = cells
  const moments = t.engine.moments?.(t.params)
  if (first === undefined || moments === undefined || cells.length > 16) return
  const own = factors.filter((f) => f.cells.some((c) => cells.includes(c)))
  const mean = cells.map((c) => of(t, c, moments, 'mean'))
  const f = (shift: readonly number[]): number => {
    cells.forEach((c, i) => {
      a.set(c, at(mean, i) + (shift[i] ?? 0))
    })
    return own.reduce((s, g) => s + weightFor(t, g, first) * q.expected(g, index, a), 0)
  }
  const n = cells.length
  const unit = (...on: readonly number[]): readonly number[] =>
    range(0, n - 1).map((i) => on.filter((x) => x === i).length)
  const minus = (i: number): readonly number[] => unit(i).map((x) => -x)
  const centre = f(unit())
  const up = range(0, n - 1).map((i) => f(unit(i)))
  const down = range(0, n - 1).map((i) => f(minus(i)))
  const gradient = up.map((u, i) => (u - at(down, i)) / 2)
  const precision = range(0, n - 1).map((i) =>
    range(0, n - 1).map((j) =>
      i === j ? -(at(up, i) + at(down, i) - 2 * centre) : -(f(unit(i, j)) - at(up, i) - at(up, j) + centre),
    ),
  )
  for (const c of cells) a.clear(c)
  const { solution } = eliminate(precision, identity(n))
  if (solution === null) return
  cells.forEach((c, i) => {
    const shift = at(solution, i).reduce((s, x, j) => s + x * at(gradient, j), 0)
    const where = `${cellName(c)}, ${t.text}`
    found.record(FACTOR_NAME, Math.abs(shift) / (1 + Math.abs(at(mean, i))), FACTOR, `mean of ${where}`)
    found.record(
      FACTOR_NAME,
      close(of(t, c, moments, 'variance'), at(at(solution, i), i)),
      FACTOR,
      `variance of ${where}`,
    )
  })
}

function of(t: Trial, c: Cell, moments: ReadonlyMap<string, EngineMoments>, part: 'mean' | 'variance'): number {
  const latent = t.engine.latents.find((l) => l.name === c.name)
  const row = latent === undefined ? null : rowOf(latent, c)
  const table = moments.get(c.name)
  if (row === null || table === undefined) throw new OracleError(`${cellName(c)} has no moments`)
  return at(Array.from(table[part]), row)
}

/** A Normal cell and the one that its spread is a power of: nodes over this, and at each the integral over the other. */
function checkScaled(
  t: Trial,
  q: ProductPosterior,
  index: number,
  normal: Cell,
  cells: readonly Cell[],
  factors: readonly Factor[],
  a: Assignment,
  found: Findings,
): void {
  const moments = t.engine.moments?.(t.params)
  const spread = q.scaleOf(normal)
  if (spread === null || moments === undefined) return
  // several that share a spread are more than is integrated here
  if (cells.filter((c) => q.scaleOf(c) === spread).length > 1) return
  const own = factors.filter((f) => f.cells.includes(normal) || f.cells.includes(spread))
  const { power, variance } = q.unitVariance(normal, spread)
  // the other rows are independent of this one, and stand at some value
  for (const c of cells) a.set(c, 0.5)
  const given = (s: number) =>
    gaussianIntegral(([m = 0]) => {
      a.set(normal, m)
      a.set(spread, Math.exp(s))
      return own.reduce((sum, g) => sum + weightFor(t, g, spread) * q.expected(g, index, a), s)
    }, 1)
  const known = new Map<number, ReturnType<typeof given>>()
  const { nodes } = spaceIntegral(([s = 0]) => {
    const inner = given(s)
    known.set(s, inner)
    return inner?.log ?? Number.NEGATIVE_INFINITY
  }, 1)
  for (const c of cells) a.clear(c)
  const whole = logSumExp(nodes.map((n) => n.log))
  const mean = (h: (s: number, m: number, v: number) => number): number =>
    nodes.reduce((sum, n) => {
      const s = at(n.at, 0)
      const inner = known.get(s)
      if (inner === null || inner === undefined) return sum
      return sum + Math.exp(n.log - whole) * h(Math.exp(s), at(inner.mean, 0), at(at(inner.covariance, 0), 0))
    }, 0)
  const record = (cell: Cell, what: string, own: number, exact: number): void =>
    found.record(FACTOR_NAME, close(own, exact), FACTOR, `${what} of ${cellName(cell)}, ${t.text}`)
  const centre = mean((_, m) => m)
  record(normal, 'mean', of(t, normal, moments, 'mean'), centre)
  record(
    normal,
    'scaled variance',
    variance,
    mean((s, m, v) => s ** power * (v + (m - centre) ** 2)),
  )
  const average = mean((s) => s)
  record(spread, 'mean', of(t, spread, moments, 'mean'), average)
  // an inverse Gamma has a variance where its tail is light enough
  if (power === 1)
    record(
      spread,
      'variance',
      of(t, spread, moments, 'variance'),
      mean((s) => (s - average) ** 2),
    )
}

/** One number, or one of the two elements of a probability vector, the other cells of the factor at some value. */
function checkConjugate(
  t: Trial,
  q: ProductPosterior,
  index: number,
  cell: Cell,
  cells: readonly Cell[],
  factors: readonly Factor[],
  a: Assignment,
  found: Findings,
): void {
  const posterior = t.engine.factorPosteriors?.(t.params).get(cell.name)
  const moments = t.engine.moments?.(t.params)
  if (posterior === undefined || moments === undefined) return
  const isVector = posterior.family === 'Dirichlet'
  const siblings = cells.filter(
    (c) => c.name === cell.name && c.indices.slice(0, -1).join() === cell.indices.slice(0, -1).join(),
  )
  if (isVector && (siblings.length !== 2 || siblings[0] !== cell)) return
  const bounded = isVector || posterior.family === 'Beta'
  const own = factors.filter((f) => f.cells.includes(cell))
  const f = (s: number): number => {
    // the other rows are independent of this one, and stand at some value
    for (const c of cells) a.set(c, 0.5)
    const small = Math.exp(-Math.abs(s)) / (1 + Math.exp(-Math.abs(s)))
    const logistic = s < 0 ? small : 1 - small
    a.set(cell, bounded ? logistic : Math.exp(s))
    const [, second] = siblings
    if (isVector && second !== undefined) a.set(second, s < 0 ? 1 - small : small)
    const jacobian = bounded ? -Math.abs(s) - 2 * Math.log1p(Math.exp(-Math.abs(s))) : s
    return own.reduce((sum, g) => sum + weightFor(t, g, cell) * q.expected(g, index, a), jacobian)
  }
  const { nodes } = spaceIntegral(([s = 0]) => f(s), 1)
  for (const c of cells) a.clear(c)
  const whole = logSumExp(nodes.map((n) => n.log))
  const value = (s: number): number => (bounded ? 1 / (1 + Math.exp(-s)) : Math.exp(s))
  const mean = nodes.reduce((sum, n) => sum + Math.exp(n.log - whole) * value(at(n.at, 0)), 0)
  const variance = nodes.reduce((sum, n) => sum + Math.exp(n.log - whole) * (value(at(n.at, 0)) - mean) ** 2, 0)
  const where = `${cellName(cell)}, ${t.text}`
  found.record(FACTOR_NAME, close(of(t, cell, moments, 'mean'), mean), FACTOR, `mean of ${where}`)
  // an inverse Gamma has a variance where its tail is light enough
  if (posterior.family !== 'InverseGamma')
    found.record(FACTOR_NAME, close(of(t, cell, moments, 'variance'), variance), FACTOR, `variance of ${where}`)
}

/** A factorised posterior while it is being found: sweeps of coordinate ascent, and its numbers to take out and put back. */
import type { LatentLayout, NearBeginning } from '../../runtime/contract.js'
import type { KernelOp } from '../kernel/types.js'
import { givenBuffer } from '../lower/buffers.js'
import { naturalNumber } from '../lower/first-states.js'
import type { FactorisedProgram, FirstState, Program } from '../lower/program.js'
import { f64 } from '../targets/solve/types.js'
import { joined } from './joined.js'
import type { KernelRunner } from './kernel-runner.js'
import type { ProgramMemory } from './memory.js'

/** Counter-based uniform numbers in (0, 1): the finaliser of a 32-bit mixer. */
function uniforms(seed: number): () => number {
  let n = 0
  return () => {
    let h = (Math.imul(seed + 1, 0x9e3779b9) + Math.imul(++n, 0x85ebca6b)) | 0
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad)
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97)
    return (((h ^ (h >>> 15)) >>> 0) + 0.5) / 4294967296
  }
}

export class FactorisedState {
  private readonly sweepOps: readonly KernelOp[]

  constructor(
    private readonly program: Program,
    private readonly factorised: FactorisedProgram,
    private readonly memory: ProgramMemory,
    private readonly kernels: KernelRunner,
  ) {
    this.sweepOps = factorised.updates.flatMap((u) => u.ops)
  }

  /** One update of every factor, given the others, at the params that are loaded. */
  sweep(): void {
    this.kernels.run(this.sweepOps)
  }

  /**
   * q at random: discrete latents nearly even, or from Dirichlet(1), or with each value seeded by a few rows; continuous
   * latents at random points. From a nearly even one the ascent follows what varies most in the data. The same seed, the
   * same bits.
   */
  begin(latents: readonly LatentLayout[], seed: number): void {
    const random = uniforms(seed)
    const kind = random()
    const one = (l: LatentLayout): Float64Array =>
      kind < 1 / 3 ? seeds(l, random) : responsibilities(l, random, kind < 2 / 3 ? 1 : EVEN)
    const given = new Map(latents.map((l) => [givenBuffer(l.name), one(l)]))
    this.memory.withGiven(
      (id) => given.get(id),
      () => this.beginAt(random),
    )
  }

  /**
   * A q moved a part of the way to a random one: number by number, which leads out of a place where values that are alike
   * get the same numbers from each other. Tables, covariances and natural parameters lie in convex sets. The next sweep
   * makes all numbers anew.
   */
  beginNear(latents: readonly LatentLayout[], { near, seed, part }: NearBeginning): void {
    if (part === 0) {
      this.putBack(near)
      return
    }
    this.begin(latents, seed)
    const random = this.take()
    this.putBack(
      near.map((x, i) => {
        const moved = x + part * ((random[i] ?? x) - x)
        return Number.isFinite(moved) ? moved : x
      }),
    )
  }

  /** q with the discrete latents at responsibilities that are in place, the continuous ones updated given these. */
  beginGiven(): void {
    this.beginAt(uniforms(0))
    for (let i = 0; i < GIVEN_SWEEPS; i++) this.kernels.run(this.factorised.continuous)
  }

  private beginAt(random: () => number): void {
    this.kernels.run(this.factorised.given)
    for (const f of this.factorised.first) this.first(f, random)
    this.kernels.run(this.factorised.moments)
  }

  private first(state: FirstState, random: () => number): void {
    const { blocks } = this.memory
    const normal = (): number => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
    switch (state.kind) {
      case 'gaussian': {
        const mean = f64(blocks, state.mean)
        mean.forEach((_, i) => {
          mean[i] = normal()
        })
        const covariance = f64(blocks, state.covariance)
        const size = this.lastExtent(state.covariance)
        covariance.forEach((_, i) => {
          covariance[i] = Math.floor(i / size) % size === i % size ? state.variance : 0
        })
        return
      }
      case 'sparse': {
        this.kernels.run(state.positions)
        for (const e of state.entries) {
          const rows = f64(blocks, e.rows)
          const columns = f64(blocks, e.columns)
          const values = f64(blocks, e.values)
          values.forEach((_, i) => {
            values[i] = rows[i] === columns[i] ? 0.5 : 0
          })
        }
        const linear = f64(blocks, state.linear)
        linear.forEach((_, i) => {
          linear[i] = normal()
        })
        this.kernels.run(state.solve)
        return
      }
      case 'conjugate': {
        const tables = state.natural.map((n) => ({ ...n, values: f64(blocks, n.buffer) }))
        const length = tables[0]?.values.length ?? 0
        for (let i = 0; i < length; i++) {
          const drawn = new Map<string, number>()
          const parameter = (name: string): number => {
            const value = drawn.get(name) ?? 2 + random()
            drawn.set(name, value)
            return value
          }
          for (const t of tables) t.values[i] = naturalNumber(state.family, t.statistic, parameter)
        }
        this.kernels.run(state.drawn)
        return
      }
      case 'matrix':
        this.firstMatrices(state, random)
    }
  }

  /** df·I with each element of the diagonal times a number in (½, 1½), df in (D + 1, D + 2). */
  private firstMatrices(state: Extract<FirstState, { kind: 'matrix' }>, random: () => number): void {
    const { blocks } = this.memory
    const order = this.lastExtent(state.matrix)
    const matrices = f64(blocks, state.matrix)
    for (let i = 0; i < matrices.length / (order * order); i++) {
      const df = order + 1 + random()
      for (const t of state.natural)
        f64(blocks, t.buffer)[i] = naturalNumber(state.family, t.statistic, () => df, order)
      const own = matrices.subarray(i * order * order, (i + 1) * order * order)
      own.forEach((_, j) => {
        own[j] = j % (order + 1) === 0 ? df * (0.5 + random()) : 0
      })
    }
    this.kernels.run(state.factor)
    this.kernels.run(state.drawn)
  }

  private lastExtent(buffer: string): number {
    const key = this.program.buffers.find((b) => b.id === buffer)?.shape.at(-1)
    return key === undefined ? 1 : (this.memory.blocks.sizes.get(key) ?? 1)
  }

  /** The numbers of q, to be put back later. */
  take(): Float64Array {
    return joined(this.factorised.state.map((id) => f64(this.memory.blocks, id)))
  }

  putBack(q: Float64Array): void {
    let at = 0
    for (const id of this.factorised.state) {
      const own = f64(this.memory.blocks, id)
      own.set(q.subarray(at, at + own.length))
      at += own.length
    }
    this.kernels.run(this.factorised.refresh)
  }
}

/** Sweeps over continuous factors under responsibilities that are given. */
const GIVEN_SWEEPS = 3

/** Part of a row's weight that is drawn where the rest is even. */
const EVEN = 0.1

/** Rows from Dirichlet(1), of which a part counts and the rest is even. */
function responsibilities({ rows, values }: LatentLayout, random: () => number, part: number): Float64Array {
  const out = new Float64Array(rows * values)
  for (let n = 0; n < rows; n++) {
    let total = 0
    for (let v = 0; v < values; v++) {
      const draw = -Math.log(random())
      out[n * values + v] = draw
      total += draw
    }
    for (let v = 0; v < values; v++)
      out[n * values + v] = (part * (out[n * values + v] ?? 0)) / total + (1 - part) / values
  }
  return out
}

/** Weight of all rows together in a value that is seeded from some of them, relative to these. */
const REST = 0.1
/** A seed is of at most rows^MOST rows. */
const MOST = 0.6

/** Each value has the weight of a few rows of its own, and a little of all. Weights of a row need not sum to 1. */
function seeds({ rows, values }: LatentLayout, random: () => number): Float64Array {
  const own = Math.max(1, Math.round(rows ** (MOST * random()) / values))
  const out = new Float64Array(rows * values).fill((REST * own) / Math.max(1, rows))
  for (let v = 0; v < values; v++)
    for (let i = 0; i < own; i++) {
      const at = Math.floor(rows * random()) * values + v
      out[at] = 1 + (out[at] ?? 0)
    }
  return out
}

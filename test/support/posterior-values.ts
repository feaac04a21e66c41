/**
 * What a printed update is evaluated with: every probability and expectation in it from the posterior that the executed
 * E-step makes. Probabilities, those of several latents together among them, and means of counts are lowered by the
 * E-step's own tables; E of a Normal posterior is taken by a cubature of degree 3 over the executed mean and covariance,
 * which is exact for the squares that updates read and shares nothing with how the M-step takes it; E of other posteriors
 * by their moments over the executed natural parameters.
 */
import { idx, mul, num, ref, sub, sum } from '../../compiler/algebra/build.js'
import { type Environment, evaluate, type NumericIndicator } from '../../compiler/algebra/evaluate.js'
import { keyOf } from '../../compiler/algebra/key.js'
import type { Expr, IndexVar, Indicator } from '../../compiler/algebra/types.js'
import { collectNodes, freeIndices, mapChildren } from '../../compiler/algebra/visit.js'
import type { ProgramModel } from '../../compiler/bind/bound-model.js'
import { KernelRunner } from '../../compiler/bind/kernel-runner.js'
import { allocate } from '../../compiler/bind/memory.js'
import { scopeAt } from '../../compiler/estep/block-layout.js'
import { blockOf, expandExpectation } from '../../compiler/estep/expectation.js'
import { EXECUTED } from '../../compiler/estep/posterior-numbers.js'
import type { BlockCell } from '../../compiler/estep/types.js'
import type { KernelOp } from '../../compiler/kernel/types.js'
import { ContinuousLowering } from '../../compiler/lower/continuous.js'
import { over, scratch } from '../../compiler/lower/continuous-reports.js'
import { EStepLowering } from '../../compiler/lower/e-step.js'
import { lower } from '../../compiler/lower/lower.js'
import { Lowerer, type LoweringContext } from '../../compiler/lower/lowerer.js'
import { dependencyOrder } from '../../compiler/mstep/statistics.js'
import { compileJavaScript } from '../../compiler/targets/javascript/index.js'
import { f64 } from '../../compiler/targets/solve/types.js'

type Expectation = Extract<Expr, { kind: 'expect' }>

export class PosteriorValues {
  private readonly lowerer: Lowerer
  private readonly context: LoweringContext
  private readonly made: ReturnType<typeof lower>
  private readonly ops: KernelOp[] = []

  constructor(private readonly model: ProgramModel) {
    const d = model.derivation
    const { graph, lifted, eStep: plan, mStep, shapes, collectOptions: collecting } = d
    if (plan.factorised !== null) throw new Error('q is a product of factors')
    const rename = (v: IndexVar): IndexVar => d.supply.fresh(v.name, v.to, v.from)
    this.lowerer = new Lowerer(shapes)
    this.made = lower({ graph, lifted, eStep: plan, mStep, shapes, collecting, rename, lets: [] }, this.lowerer)
    const eStep = new EStepLowering(this.lowerer, plan)
    const { expect } = new ContinuousLowering(this.lowerer, plan, collecting, eStep.probability)
    eStep.run()
    const { probability, mean } = eStep
    this.context = { vars: new Map(), at: 'param', probability, expect, mean }
  }

  /** The expression with a table for each probability and each mean of a count, over the indices that it reads. */
  place(e: Expr, indices: readonly IndexVar[]): Expr {
    return this.placed(e, new Map(indices.map((v) => [v.id, v])))
  }

  /**
   * What placed expressions are evaluated with, once all of them are: the posterior at `pivot`, the values at the start of
   * an iteration, and params at those of `param`.
   */
  at(pivot: Float64Array): (param: Float64Array) => Environment {
    const { model, made, lowerer } = this
    const derived = [...lowerer.derived.values()].filter((x) => x.at === 'param').flatMap((x) => x.ops)
    const buffers = [...lowerer.buffers.values()]
    const program = { ...made, buffers, sizes: lowerer.sizes, derived: { ...made.derived, param: derived } }
    const memory = allocate(program, model.derivation.model.symbols, model.data, model.numbers)
    const kernels = new KernelRunner(program, memory, model.params, model.zeroLimits, compileJavaScript)
    kernels.load(pivot, 'param')
    const whole = memory.whole()
    kernels.run(derived, whole)
    for (const pass of program.passes) kernels.runWhole(pass.posterior)
    kernels.run(program.marginals, whole)
    kernels.run(this.ops, whole)
    const shapes = new Map(buffers.map((b) => [b.id, b.shape.map((s) => whole.sizes.get(s) ?? 0)]))
    const table = (name: string, at: readonly number[]): number => {
      const [row = 0, column = 0] = at
      if (lowerer.sparse.has(name)) return whole.sparse?.get(name)?.covariance(row - 1, column - 1) ?? Number.NaN
      // a cell without a place is known
      if (at.some((i) => i < 1)) return 0
      const shape = shapes.get(name)
      if (shape?.length !== at.length) throw new Error(`no table ${name} of ${at.length} indices`)
      return f64(whole, name)[at.reduce((flat, i, p) => flat * (shape[p] ?? 0) + i - 1, 0)] ?? Number.NaN
    }
    return (param) => this.reading(table, pivot, param)
  }

  private placed(e: Expr, scope: ReadonlyMap<string, IndexVar>): Expr {
    switch (e.kind) {
      case 'sum': {
        const inner = new Map([...scope, [e.index.id, e.index]])
        return { ...e, body: this.placed(e.body, inner) }
      }
      case 'inverse':
      case 'logdet': {
        const inner = new Map([...scope, [e.of.row.id, e.of.row], [e.of.column.id, e.of.column]])
        const of = { ...e.of, element: this.placed(e.of.element, inner) }
        return { ...e, of }
      }
      case 'probability':
      case 'mean':
        return this.table(e, scope)
      case 'expect':
        return this.expectation(e, scope)
      default:
        return mapChildren(e, (c) => this.placed(c, scope))
    }
  }

  private table(e: Expr, scope: ReadonlyMap<string, IndexVar>): Expr {
    const read = new Map<string, IndexVar>()
    const add = (id: string): void => {
      const v = scope.get(id)
      if (v === undefined) throw new Error(`no range of ${id}`)
      if (read.has(id)) return
      read.set(id, v)
      for (const x of [...freeIndices(v.from), ...freeIndices(v.to)]) add(x)
    }
    for (const id of freeIndices(e)) add(id)
    const axes = dependencyOrder([...read.values()])
    const id = scratch(`printed ${this.ops.length}`, axes, this.lowerer)
    this.ops.push(over(axes, id, e, this.lowerer, this.context))
    return ref(
      'table',
      id,
      axes.map((v) => sub(idx(v), sub(v.from, num(1)))),
    )
  }

  /** Σ over the values of the discrete latents that a posterior depends on of their probability times E given them. */
  private expectation(e: Expectation, scope: ReadonlyMap<string, IndexVar>): Expr {
    const { eStep: plan, collectOptions: collecting } = this.model.derivation
    const continuous = new Set(plan.blocks.flatMap((b) => b.latents.map((l) => l.latent.name)))
    const [cell] = collectNodes(e.body, (n) => n.kind === 'ref' && continuous.has(n.name))
    if (cell?.kind !== 'ref') throw new Error('an expectation of nothing latent')
    const block = blockOf(cell.name, plan)
    if (block.kind !== 'gaussian') return this.placed(expandExpectation(e, { plan, collecting }), scope)
    const row = cell.index.slice(0, block.loops.length)
    const open = block.scope.flatMap((s): readonly (Indicator & { readonly loop: IndexVar })[] => {
      const index = scopeAt(block, s, row)
      const same = (i: Indicator): boolean =>
        i.latent === s.latent.name && i.index.map(keyOf).join() === index.map(keyOf).join()
      if (e.of.some(same)) return []
      const loop = collecting.rename(s.value)
      return [{ latent: s.latent.name, index, value: idx(loop), loop }]
    })
    const of = [...e.of, ...open.map(({ latent, index, value }): Indicator => ({ latent, index, value }))]
    const given: Expr = { kind: 'expect', of, body: e.body }
    const inner = new Map([...scope, ...open.map((o) => [o.loop.id, o.loop] as const)])
    const weighted = of.length === 0 ? given : mul(this.table({ kind: 'probability', of }, inner), given)
    return open.reduceRight<Expr>((x, o) => sum(o.loop, x), weighted)
  }

  private reading(
    table: (name: string, at: readonly number[]) => number,
    before: Float64Array,
    now: Float64Array,
  ): Environment {
    const { model } = this
    const layouts = new Map(model.params.map((p) => [p.name, p]))
    const param = (flat: Float64Array, name: string, index: readonly number[]): number => {
      const layout = layouts.get(name)
      if (layout === undefined) throw new Error(`no param ${name}`)
      return flat[layout.offset + index.reduce((at, i, p) => at * (layout.shape[p] ?? 1) + i - 1, 0)] ?? Number.NaN
    }
    // the values of latents inside an expectation
    let latent: Latents | null = null
    const env: Environment = {
      ref(space, name, index) {
        switch (space) {
          case 'param':
            return param(now, name, index)
          case 'pivot':
            return param(before, name, index)
          case 'shift':
            return param(now, name, index) - param(before, name, index)
          case 'table':
            return table(name, index)
          case 'latent':
            if (latent === null) throw new Error(`${name} is read outside of an expectation`)
            return latent(name, index)
          default: {
            const value = model.numbers.value({ kind: 'ref', space, name, index: index.map((i) => num(i)) })
            return space === 'data' && Number.isNaN(value) ? NOT_THERE : value
          }
        }
      },
      expect: (of, body) => {
        const read = (values: Latents): number => {
          latent = (name, index) => of.find((i) => isAt(i, name, index))?.value ?? values(name, index)
          try {
            return body()
          } finally {
            latent = null
          }
        }
        return this.normalExpectation(of, read, env)
      },
    }
    return env
  }

  /** E of what `read` gives when the cells of a Normal posterior are read, given the values of its discrete latents. */
  private normalExpectation(
    of: readonly NumericIndicator[],
    read: (values: Latents) => number,
    env: Environment,
  ): number {
    const cells: { readonly name: string; readonly index: readonly number[] }[] = []
    const placeOf = (name: string, index: readonly number[]): number =>
      cells.findIndex((c) => c.name === name && c.index.join() === index.join())
    read((name, index) => {
      if (placeOf(name, index) < 0) cells.push({ name, index })
      return 0
    })
    const [first] = cells
    if (first === undefined) return read(() => Number.NaN)
    const block = blockOf(first.name, this.model.derivation.eStep)
    if (block.kind !== 'gaussian') throw new Error(`the posterior of ${first.name} is not Normal`)
    const rank = block.loops.length
    const row = first.index.slice(0, rank).map((i) => num(i))
    const values = block.scope.map((s) => {
      const index = scopeAt(block, s, row).map((e) => evaluate(e, env))
      const value = of.find((i) => isAt(i, s.latent.name, index))?.value
      if (value === undefined) throw new Error(`no value of ${s.latent.name}`)
      return num(value)
    })
    const cell = (c: (typeof cells)[number]): BlockCell => ({
      latent: c.name,
      at: c.index.slice(rank).map((i) => num(i)),
    })
    const mean = cells.map((c) => evaluate(EXECUTED.mean(block, cell(c), row, values), env))
    const covariance = cells.map((a) =>
      cells.map((b) => evaluate(EXECUTED.covariance(block, [cell(a), cell(b)], row, values), env)),
    )
    return cubature(mean, covariance, (at) => read((name, index) => at[placeOf(name, index)] ?? Number.NaN))
  }
}

/** A missing cell: a bracket [x observed] of 0 stands beside it, so that no number there counts. */
const NOT_THERE = 17

type Latents = (name: string, index: readonly number[]) => number

const isAt = (i: NumericIndicator, name: string, index: readonly number[]): boolean =>
  i.latent === name && i.index.join() === index.join()

/** E f(u), u ~ Normal(mean, L Lᵀ): the mean of f over mean ± √n L_j, exact where f is a polynomial of degree 3 at most. */
function cubature(
  mean: readonly number[],
  covariance: readonly (readonly number[])[],
  f: (at: readonly number[]) => number,
): number {
  const n = mean.length
  const root = lowerRoot(covariance)
  const at = (j: number, sign: number): number => f(mean.map((m, i) => m + sign * Math.sqrt(n) * (root[i]?.[j] ?? 0)))
  return mean.reduce((total, _, j) => total + (at(j, 1) + at(j, -1)) / (2 * n), 0)
}

/** L of A = L Lᵀ; columns of cells that are known are 0. */
function lowerRoot(a: readonly (readonly number[])[]): readonly (readonly number[])[] {
  const root = a.map((row) => row.map(() => 0))
  for (const [i, row] of root.entries())
    for (let j = 0; j <= i; j++) {
      const other = root[j] ?? []
      const rest = (a[i]?.[j] ?? 0) - row.slice(0, j).reduce((s, x, k) => s + x * (other[k] ?? 0), 0)
      const pivot = other[j] ?? 0
      row[j] = i === j ? Math.sqrt(Math.max(0, rest)) : pivot === 0 ? 0 : rest / pivot
    }
  return root
}

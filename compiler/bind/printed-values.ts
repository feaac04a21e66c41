/**
 * What a printed formula is evaluated with: each E[·] in it expanded into the numbers of its posterior, as the M-step
 * expands it, and each probability and mean of a count as a table over the indices that it reads. Params inside E[·] are
 * those of the M-step, the posterior is that of the params before it.
 */
import { idx, mul, num, ONE, ref, sub } from '../algebra/build.js'
import type { Environment } from '../algebra/evaluate.js'
import type { Expr, IndexVar } from '../algebra/types.js'
import { freeIndices, mapChildren } from '../algebra/visit.js'
import { expandExpectation } from '../estep/expectation.js'
import type { KernelOp } from '../kernel/types.js'
import { ContinuousLowering } from '../lower/continuous.js'
import { over, scratch } from '../lower/continuous-reports.js'
import { EStepLowering } from '../lower/e-step.js'
import { lower } from '../lower/lower.js'
import { Lowerer, type LoweringContext } from '../lower/lowerer.js'
import type { Program } from '../lower/program.js'
import { dependencyOrder } from '../mstep/statistics.js'
import { f64 } from '../targets/solve/types.js'
import type { ProgramModel } from './bound-model.js'
import { FactorisedState } from './factorised-state.js'
import { KernelRunner } from './kernel-runner.js'
import { allocate } from './memory.js'

export class PrintedValues {
  private readonly lowerer: Lowerer
  private readonly context: LoweringContext
  private readonly made: Program
  private readonly moments: () => readonly KernelOp[]
  private readonly ops: KernelOp[] = []

  constructor(
    private readonly model: ProgramModel,
    /** Params of the posterior, and those that the M-step made of it. */
    private readonly before: Float64Array,
    private readonly after: Float64Array,
  ) {
    const { graph, lifted, eStep: plan, mStep, shapes, supply, collectOptions: collecting } = model.derivation
    const rename = (v: IndexVar): IndexVar => supply.fresh(v.name, v.to, v.from)
    this.lowerer = new Lowerer(shapes)
    const product = model.derivation.maxProduct === null ? 'sum' : 'max'
    const toLower = { graph, lifted, eStep: plan, mStep, shapes, collecting, rename, lets: [] }
    this.made = lower(toLower, this.lowerer, product)
    // the buffers are those that `lower` has made: this lowering only answers what reads them
    const eStep = new EStepLowering(this.lowerer, plan, product)
    const reader = new ContinuousLowering(this.lowerer, plan, collecting, eStep.probability)
    const { expect } = reader
    eStep.reading({ probability: eStep.probability, expect })
    eStep.run()
    this.moments = () => reader.moments?.all() ?? []
    const { probability, mean } = eStep
    this.context = { vars: new Map(), at: 'param', probability, expect, mean }
  }

  place(e: Expr, indices: readonly IndexVar[]): Expr {
    return this.placed(e, new Map(indices.map((v) => [v.id, v])))
  }

  private placed(e: Expr, scope: ReadonlyMap<string, IndexVar>): Expr {
    switch (e.kind) {
      case 'sum':
        return { ...e, body: this.placed(e.body, new Map([...scope, [e.index.id, e.index]])) }
      case 'inverse':
      case 'logdet': {
        const inner = new Map([...scope, [e.of.row.id, e.of.row], [e.of.column.id, e.of.column]])
        const of = { ...e.of, element: this.placed(e.of.element, inner) }
        return { ...e, of }
      }
      case 'probability':
        // in hard mode all probabilities are 0 or 1, and that of several values together is their product
        return this.model.derivation.maxProduct !== null && e.of.length > 1
          ? mul(...e.of.map((i): Expr => this.placed({ kind: 'probability', of: [i] }, scope)))
          : this.table(e, scope)
      case 'mean':
        return this.table(e, scope)
      case 'expect': {
        const { eStep: plan, collectOptions: collecting } = this.model.derivation
        return this.placed(expandExpectation(e, { plan, collecting }), scope)
      }
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
      axes.map((v) => sub(idx(v), sub(v.from, ONE))),
    )
  }

  values(): Environment {
    const { model, made, lowerer, before, after } = this
    const derived = [...lowerer.derived.values()].filter((x) => x.at === 'param').flatMap((x) => x.ops)
    const buffers = [...lowerer.buffers.values()]
    const program = { ...made, buffers, sizes: lowerer.sizes, derived: { ...made.derived, param: derived } }
    const memory = allocate(program, model.derivation.model.symbols, model.data, model.numbers)
    const kernels = new KernelRunner(program, memory, model.params, model.zeroLimits, model.options.compile)
    kernels.load(before, 'param')
    const whole = memory.whole()
    kernels.run(derived, whole)
    const q = model.factorised(before)
    if (program.factorised !== null && q !== null)
      new FactorisedState(program, program.factorised, memory, kernels).putBack(q)
    for (const pass of program.passes) kernels.runWhole(pass.posterior)
    kernels.run(program.marginals, whole)
    kernels.run(this.moments(), whole)
    kernels.run(this.ops, whole)
    const shapes = new Map(buffers.map((b) => [b.id, b.shape.map((s) => whole.sizes.get(s) ?? 0)]))
    const layouts = new Map(model.params.map((p) => [p.name, p]))
    const param = (flat: Float64Array, name: string, index: readonly number[]): number => {
      const layout = layouts.get(name)
      return layout === undefined ? Number.NaN : (flat[layout.offset + flatIndex(layout.shape, index)] ?? Number.NaN)
    }
    return {
      ref(space, name, index) {
        switch (space) {
          case 'param':
            return param(after, name, index)
          case 'pivot':
            return param(before, name, index)
          case 'shift':
            return param(after, name, index) - param(before, name, index)
          case 'table': {
            const [row = 0, column = 0] = index
            if (lowerer.sparse.has(name)) return whole.sparse?.get(name)?.covariance(row - 1, column - 1) ?? Number.NaN
            const shape = shapes.get(name)
            if (shape === undefined || shape.length !== index.length) break
            // a cell without a place is known
            return index.some((i) => i < 1) ? 0 : (f64(whole, name)[flatIndex(shape, index)] ?? Number.NaN)
          }
        }
        const value = model.numbers.value({ kind: 'ref', space, name, index: index.map((i) => num(i)) })
        // a missing cell: a bracket of 0 stands beside it
        return space === 'data' && Number.isNaN(value) ? 0 : value
      },
    }
  }
}

const flatIndex = (shape: readonly number[], index: readonly number[]): number =>
  index.reduce((at, i, d) => at * (shape[d] ?? 1) + i - 1, 0)

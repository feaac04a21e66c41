import { KernelError } from '../../kernel/kernel-error.js'
import type { Axis, Buffer, KFunction, SizeKey } from '../../kernel/types.js'
import { axisRange, fillRange, type Memory, type RowBlock, sizeOf, viewBuffer } from '../memory.js'
import {
  hasSeveralArguments,
  type SeveralArguments,
  severalArguments,
  type UnaryFunction,
  unaryFunctions,
} from '../scalar-functions.js'
import { type SmallKind, smallOperations } from '../small.js'
import { sparsePosterior } from '../sparse-memory.js'
import type { SparsePosterior } from '../sparse-posterior.js'
import { type JsExpr, type JsName, jsName } from './js-ast.js'

type Numbers = Float64Array | Int32Array

/** An integer that emitted code takes as an argument. */
export type IntegerBinding =
  | { readonly bind: 'size'; readonly size: SizeKey }
  | { readonly bind: 'from' | 'to'; readonly axis: Axis }
  | { readonly bind: 'stride'; readonly buffer: string; readonly dim: number }
  | { readonly bind: 'origin' | 'fillFrom' | 'fillTo'; readonly buffer: string }

export type HelperBinding = UnaryFunction | SeveralArguments | SmallKind | SparseHelper

/**
 * What the numbered identifiers of emitted code stand for: b3 is `buffers[3]`, s5 `integers[5]`, c1 `sparse[1]` and h0
 * `helpers[0]`.
 */
export interface Bindings {
  readonly buffers: readonly string[]
  readonly integers: readonly IntegerBinding[]
  /** Names of sparse inverses. */
  readonly sparse: readonly string[]
  readonly helpers: readonly HelperBinding[]
}

/** Collects bindings while code is written. */
export class BindingTable {
  readonly #declared = new Map<string, Buffer>()
  readonly #buffers = new Map<string, number>()
  readonly #integers = new Map<string, number>()
  readonly #sparse = new Map<string, number>()
  readonly #helpers = new Map<HelperBinding, number>()
  readonly #integerList: IntegerBinding[] = []

  constructor(buffers: readonly Buffer[]) {
    for (const buffer of buffers) this.#declared.set(buffer.id, buffer)
  }

  declared(id: string): Buffer {
    const buffer = this.#declared.get(id)
    if (buffer === undefined) throw new KernelError(`buffer ${id} is not declared`)
    return buffer
  }

  array(id: string): JsName {
    this.declared(id)
    return `b${numberOf(this.#buffers, id)}`
  }

  sparse(name: string): JsName {
    return `c${numberOf(this.#sparse, name)}`
  }

  helper(helper: HelperBinding): JsName {
    return `h${numberOf(this.#helpers, helper)}`
  }

  size(size: SizeKey): JsExpr {
    return this.#integer(`size ${size}`, { bind: 'size', size })
  }

  from(axis: Axis): JsExpr {
    return this.#integer(`from ${axis.id}`, { bind: 'from', axis })
  }

  to(axis: Axis): JsExpr {
    return this.#integer(`to ${axis.size} ${axis.id}`, { bind: 'to', axis })
  }

  stride(buffer: string, dim: number): JsExpr {
    return this.#integer(`stride ${dim} ${buffer}`, { bind: 'stride', buffer, dim })
  }

  bufferInteger(bind: 'origin' | 'fillFrom' | 'fillTo', buffer: string): JsExpr {
    return this.#integer(`${bind} ${buffer}`, { bind, buffer })
  }

  finish(): Bindings {
    return {
      buffers: [...this.#buffers.keys()],
      integers: this.#integerList,
      sparse: [...this.#sparse.keys()],
      helpers: [...this.#helpers.keys()],
    }
  }

  #integer(key: string, binding: IntegerBinding): JsExpr {
    const index = numberOf(this.#integers, key)
    if (index === this.#integerList.length) this.#integerList.push(binding)
    return jsName(`s${index}`)
  }
}

function numberOf<K>(table: Map<K, number>, key: K): number {
  const known = table.get(key)
  if (known !== undefined) return known
  table.set(key, table.size)
  return table.size - 1
}

/** Functions of the scalar language that emitted code writes as `Math.…` or as an operator rather than a helper. */
export function helperFor(fn: KFunction): HelperBinding | null {
  if (hasSeveralArguments(fn)) return fn
  switch (fn) {
    case 'lgamma':
    case 'digamma':
    case 'trigamma':
    case 'logistic':
    case 'logit':
    case 'Phi':
    case 'besselI0':
    case 'besselI1':
    case 'logBesselI0e':
    case 'besselRatio':
    case 'besselRatioSlope':
    case 'logLogistic':
    case 'logPhi':
    case 'inverseMills':
    case 'log1mexp':
    case 'log1pexp':
      return fn
    default:
      return null
  }
}

/** What emitted code does with the state of a sparse inverse. */
const sparseHelpers = {
  sparseBegin: (state: SparsePosterior, order: number) => state.begin(order),
  sparseEntries: (state: SparsePosterior, rows: Numbers, columns: Numbers, values: Numbers, count: number) =>
    state.entries(rows, columns, values, count),
  sparseSolve: (state: SparsePosterior, linear: Numbers, mean: Numbers, logdet: Numbers) =>
    state.solve(linear, mean, logdet),
  sparseDraw: (state: SparsePosterior, noise: Numbers) => state.draw(noise),
  sparseCovariance: (state: SparsePosterior, row: number, column: number) => state.covariance(row, column),
}

type SparseHelper = keyof typeof sparseHelpers

export type Helper =
  | (typeof unaryFunctions)[UnaryFunction]
  | (typeof severalArguments)[SeveralArguments]
  | (typeof smallOperations)[SmallKind]
  | (typeof sparseHelpers)[SparseHelper]

function isSmall(helper: HelperBinding): helper is SmallKind {
  return Object.hasOwn(smallOperations, helper)
}

function isSparse(helper: HelperBinding): helper is SparseHelper {
  return Object.hasOwn(sparseHelpers, helper)
}

function isSeveral(helper: UnaryFunction | SeveralArguments): helper is SeveralArguments {
  return Object.hasOwn(severalArguments, helper)
}

/** The functions behind h0, h1, … */
export function resolveHelpers(bindings: Bindings): readonly Helper[] {
  return bindings.helpers.map((helper) => {
    if (isSparse(helper)) return sparseHelpers[helper]
    if (isSmall(helper)) return smallOperations[helper]
    return isSeveral(helper) ? severalArguments[helper] : unaryFunctions[helper]
  })
}

/** Arrays, integers and states of a run. */
export interface BoundArguments {
  readonly arrays: readonly Numbers[]
  readonly integers: readonly number[]
  readonly sparse: readonly SparsePosterior[]
}

/** The arguments for emitted code; throws a KernelError where memory lacks something. */
export function resolveArguments(
  bindings: Bindings,
  declared: ReadonlyMap<string, Buffer>,
  memory: Memory,
  block: RowBlock | null,
): BoundArguments {
  const buffer = (id: string): Buffer => {
    const found = declared.get(id)
    if (found === undefined) throw new KernelError(`buffer ${id} is not declared`)
    return found
  }
  const views = new Map(bindings.buffers.map((id) => [id, viewBuffer(buffer(id), memory, block)]))
  const view = (id: string) => views.get(id) ?? viewBuffer(buffer(id), memory, block)
  const integerOf = (binding: IntegerBinding): number => {
    switch (binding.bind) {
      case 'size':
        return sizeOf(memory, binding.size)
      case 'from':
        return axisRange(binding.axis, memory, block).from
      case 'to':
        return axisRange(binding.axis, memory, block).to
      case 'stride':
        return view(binding.buffer).strides[binding.dim] ?? 1
      case 'origin':
        return view(binding.buffer).origin
      case 'fillFrom':
        return fillRange(buffer(binding.buffer), view(binding.buffer), block).from
      case 'fillTo':
        return fillRange(buffer(binding.buffer), view(binding.buffer), block).to
    }
  }
  return {
    arrays: bindings.buffers.map((id) => view(id).array),
    integers: bindings.integers.map(integerOf),
    sparse: bindings.sparse.map((name) => sparsePosterior(memory, name)),
  }
}

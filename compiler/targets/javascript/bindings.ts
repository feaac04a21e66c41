import { KernelError } from '../../kernel/kernel-error.js'
import type { Axis, Buffer, KFunction, SizeKey } from '../../kernel/types.js'
import { axisRange, fillRange, type Memory, type RowBlock, sizeOf, viewBuffer } from '../memory.js'
import { mod, type UnaryFunction, unaryFunctions } from '../scalar-functions.js'
import { type SmallKind, smallOperations } from '../small.js'
import { type JsExpr, type JsName, jsName } from './js-ast.js'

/** An integer that emitted code takes as an argument. */
export type IntegerBinding =
  | { readonly bind: 'size'; readonly size: SizeKey }
  | { readonly bind: 'from' | 'to'; readonly axis: Axis }
  | { readonly bind: 'stride'; readonly buffer: string; readonly dim: number }
  | { readonly bind: 'origin' | 'fillFrom' | 'fillTo'; readonly buffer: string }

export type HelperBinding = UnaryFunction | 'mod' | SmallKind

/** What the numbered identifiers of emitted code stand for: b3 is `buffers[3]`, s5 `integers[5]`, h0 `helpers[0]`. */
export interface Bindings {
  readonly buffers: readonly string[]
  readonly integers: readonly IntegerBinding[]
  readonly helpers: readonly HelperBinding[]
}

/** Collects bindings while code is written. */
export class BindingTable {
  readonly #declared = new Map<string, Buffer>()
  readonly #buffers = new Map<string, number>()
  readonly #integers = new Map<string, number>()
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
  switch (fn) {
    case 'lgamma':
    case 'digamma':
    case 'trigamma':
    case 'logistic':
    case 'logit':
    case 'Phi':
    case 'besselI0':
    case 'besselI1':
    case 'mod':
      return fn
    default:
      return null
  }
}

export type Helper = (typeof unaryFunctions)[UnaryFunction] | typeof mod | (typeof smallOperations)[SmallKind]

function isSmall(helper: HelperBinding): helper is SmallKind {
  return Object.hasOwn(smallOperations, helper)
}

/** The functions behind h0, h1, … */
export function resolveHelpers(bindings: Bindings): readonly Helper[] {
  return bindings.helpers.map((helper) => {
    if (helper === 'mod') return mod
    return isSmall(helper) ? smallOperations[helper] : unaryFunctions[helper]
  })
}

/** Arrays and integers of a run. */
export interface BoundArguments {
  readonly arrays: readonly (Float64Array | Int32Array)[]
  readonly integers: readonly number[]
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
  return { arrays: bindings.buffers.map((id) => view(id).array), integers: bindings.integers.map(integerOf) }
}

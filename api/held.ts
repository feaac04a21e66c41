/** Params held at given values: what `fix` says, read against the shapes that the data give the params. */
import { paramLayouts } from '../compiler/bind/layouts.js'
import { BoundNumbers } from '../compiler/bind/sizes.js'
import type { Derivation } from '../compiler/derive.js'
import { givenName, maskName } from '../compiler/held-cells.js'
import type { HeldNames } from '../compiler/held-params.js'
import type { ParamLayout } from '../runtime/contract.js'
import type { BoundData } from '../runtime/data/types.js'
import type { NestedNumbers } from '../runtime/json.js'
import { type Nested, nestedToJson, nestParam } from '../runtime/nest.js'
import { applyStartValues } from '../runtime/start-values.js'
import { OptionError } from './errors.js'

export interface Held {
  readonly names: HeldNames
  /** How params are laid out that are held whole, in the order of their declarations. */
  readonly layouts: readonly ParamLayout[]
  /** What the bind tables of held params hold, padded where ragged. */
  readonly tables: ReadonlyMap<string, Nested>
  /** Of params that are held in part: what every element is, NaN where it is free. */
  readonly pinned: ReadonlyMap<string, Float64Array>
  /** Values as given, nested; null where free. */
  readonly values: ReadonlyMap<string, NestedNumbers>
}

/**
 * Reads `fix`.
 *
 * @param derivation that of the model with nothing held
 * @throws OptionError naming the param, and the cell or the shape that does not fit
 */
export function readFixed(
  derivation: Derivation,
  data: BoundData,
  set: ReadonlyMap<string, unknown>,
  fix: ReadonlyMap<string, unknown>,
  /** What stands for a scale of latents that is 0, by param. */
  zeros: ReadonlyMap<string, number>,
): Held | null {
  if (fix.size === 0) return null
  const numbers = new BoundNumbers(derivation.model.symbols, derivation.graph.bindTables, data, set)
  const all = paramLayouts(derivation, numbers, data)
  const base = new Float64Array(all.reduce((n, p) => n + p.length, 0))
  const free = new Set<number>()
  const constant = derivation.model.symbols.find((s) => s.kind === 'const' && fix.has(s.name))
  if (constant !== undefined)
    throw new OptionError(`\`${constant.name}\` is a const, which has its value already: --set gives it another one`)
  const { params, problems } = applyStartValues({ params: all }, fix, base, { what: 'fixed value', free })
  if (problems.length > 0) throw new OptionError(problems.map((p) => p.message).join('\n'))
  for (const i of free) params[i] = Number.NaN
  const kernels = params.slice()
  for (const { name, offset, length } of all) {
    const limit = zeros.get(name)
    if (limit !== undefined) for (let i = offset; i < offset + length; i++) if (kernels[i] === 0) kernels[i] = limit
  }
  const given = all.filter(({ name }) => fix.has(name))
  const own = (p: ParamLayout): Float64Array => params.subarray(p.offset, p.offset + p.length)
  const whole = given.filter((p) => !own(p).some(Number.isNaN))
  const partly = given.filter((p) => own(p).some(Number.isNaN) && !own(p).every(Number.isNaN))
  return {
    names: {
      whole: new Set(whole.map((p) => p.name)),
      cells: new Set(partly.map((p) => p.name)),
      zero: new Set(whole.filter((p) => zeros.has(p.name) && own(p).every((x) => x === 0)).map((p) => p.name)),
    },
    layouts: whole,
    tables: new Map([
      ...whole.map((p) => [p.name, nestParam({ ...p, used: null }, kernels)] as const),
      ...partly.flatMap((p) => [
        [maskName(p.name), maskOf(p, params)] as const,
        [givenName(p.name), nestParam({ ...p, used: null }, kernels.map(zeroIfFree))] as const,
      ]),
    ]),
    pinned: new Map(partly.map((p) => [p.name, own(p).slice()])),
    values: new Map([...whole, ...partly].map((p) => [p.name, nestedToJson(nestParam(p, params))])),
  }
}

const zeroIfFree = (x: number): number => (Number.isNaN(x) ? 0 : x)

/** 1 where a cell is held: an element, or a vector or matrix that is one value. */
function maskOf(p: ParamLayout, params: Float64Array): Nested {
  const rank = { simplex: 1, ordered: 1, covariance: 2, correlation: 2 }[p.support.kind as string] ?? 0
  const shape = p.shape.slice(0, p.shape.length - rank)
  const block = p.shape.slice(p.shape.length - rank).reduce((a, b) => a * b, 1)
  const mask = Float64Array.from({ length: p.length / block }, (_, b) =>
    Number.isNaN(params[p.offset + b * block]) ? 0 : 1,
  )
  return nestParam({ ...p, offset: 0, length: mask.length, shape, used: null }, mask)
}

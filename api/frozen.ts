/** What a fit file keeps of its data, so that new data can be read the same way. */
import type { BindProgramOptions, ProgramModel } from '../compiler/bind/bound-model.js'
import type { ParamLayout } from '../runtime/contract.js'
import type { BoundData } from '../runtime/data/types.js'
import { type Json, toJson } from '../runtime/json.js'
import type { FitResult } from '../runtime/result.js'
import { entriesOf, type FitCallOptions } from './options.js'

/** A model over bound data. */
export interface Bound {
  readonly model: ProgramModel
  readonly data: BoundData
  /** How it was bound: other programs of the same derivation are bound alike. */
  readonly settings: BindProgramOptions
}

/** What new data must agree with: levels, sizes of params, reductions of the data of the fit. */
export interface Frozen {
  /** Data whose columns are taken as the fit had them. */
  readonly columns: ReadonlySet<string>
  readonly levels: ReadonlyMap<string, readonly (readonly string[])[]>
  readonly sizes: ReadonlyMap<string, number>
  readonly numbers: ReadonlyMap<string, readonly number[]>
}

/** The part of the result that `restore` reads. */
export function frozen(bound: Bound, options: FitCallOptions): Json {
  const { model } = bound
  const inParams = new Set(model.params.flatMap((p) => p.shape))
  const sizes = [...bound.data.sizes].filter(
    ([name, n]) =>
      inParams.has(n) &&
      model.derivation.graph.params.some((p) => JSON.stringify(p.type).includes(JSON.stringify(`size:${name}`))),
  )
  const reductions = model.program.bindTables
    .filter((t) => t.compute.kind === 'reduction')
    .map((t) => [t.name, [...model.numbers.table(t).values]] as const)
  return toJson({
    set: new Map(entriesOf(options.set ?? new Map())),
    groupBy: options.groupBy ?? null,
    sizes: new Map(sizes),
    levels: new Map(bound.data.levels),
    reductions: new Map(reductions),
    layout: model.params,
  })
}

export function restore(result: FitResult): {
  readonly frozen: Omit<Frozen, 'columns'>
  readonly columns: ReadonlyMap<string, unknown>
  readonly groupBy: string | null
  readonly set: ReadonlyMap<string, unknown>
  readonly layout: readonly ParamLayout[]
} {
  const stored = entriesOf(entriesOf(result as unknown as { readonly [k: string]: unknown }).get('fit') ?? {})
  const groupBy = stored.get('groupBy')
  return {
    frozen: {
      levels: entriesOf(stored.get('levels') ?? {}) as Frozen['levels'],
      sizes: entriesOf(stored.get('sizes') ?? {}) as Frozen['sizes'],
      numbers: entriesOf(stored.get('reductions') ?? {}) as Frozen['numbers'],
    },
    columns: entriesOf(result.columns),
    groupBy: typeof groupBy === 'string' ? groupBy : null,
    set: entriesOf(stored.get('set') ?? {}),
    layout: (stored.get('layout') ?? []) as readonly ParamLayout[],
  }
}

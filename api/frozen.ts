/** What a fit file keeps of its data, so that new data can be read the same way. */
import type { Scaling } from '../compiler/bind/log-jacobian.js'
import type { ParamLayout } from '../runtime/contract.js'
import { type Json, toJson } from '../runtime/json.js'
import type { FitResult } from '../runtime/result.js'
import type { Bound } from './bound.js'
import { entriesOf, type FitCallOptions } from './options.js'

export type { Bound } from './bound.js'

/** What new data must agree with: levels, sizes of params, reductions of the data of the fit. */
export interface Frozen {
  /** Data whose columns are taken as the fit had them. */
  readonly columns: ReadonlySet<string>
  readonly levels: ReadonlyMap<string, readonly (readonly string[])[]>
  readonly sizes: ReadonlyMap<string, number>
  readonly numbers: ReadonlyMap<string, readonly number[]>
  /** Where the fit was of standardised data and its model is none of the data as they are. */
  readonly scaling?: Scaling
}

/** The part of the result that `restore` reads. */
export function frozen(fitted: Bound, options: FitCallOptions): Json {
  const bound = fitted.standard?.way.closed === true ? fitted.standard.raw : fitted
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
    ...(bound.held === null ? {} : { held: bound.held.layouts }),
  })
}

export function restore(result: FitResult): {
  readonly frozen: Omit<Frozen, 'columns'>
  readonly columns: ReadonlyMap<string, unknown>
  readonly groupBy: string | null
  readonly set: ReadonlyMap<string, unknown>
  readonly layout: readonly ParamLayout[]
  readonly held: readonly ParamLayout[]
  readonly fix: ReadonlyMap<string, unknown>
} {
  const stored = entriesOf(entriesOf(result as unknown as { readonly [k: string]: unknown }).get('fit') ?? {})
  const groupBy = stored.get('groupBy')
  const scaling = scalingOf(result)
  return {
    frozen: {
      levels: entriesOf(stored.get('levels') ?? {}) as Frozen['levels'],
      sizes: entriesOf(stored.get('sizes') ?? {}) as Frozen['sizes'],
      numbers: entriesOf(stored.get('reductions') ?? {}) as Frozen['numbers'],
      ...(scaling === null ? {} : { scaling }),
    },
    columns: entriesOf(result.columns),
    groupBy: typeof groupBy === 'string' ? groupBy : null,
    set: entriesOf(stored.get('set') ?? {}),
    layout: (stored.get('layout') ?? []) as readonly ParamLayout[],
    held: (stored.get('held') ?? []) as readonly ParamLayout[],
    // over the standardised data, what was held is held there
    fix: entriesOf((result.standardized?.sameModel === false ? result.standardized.fixed : result.fixed) ?? {}),
  }
}

/** How the data were standardised that a fit's model is one of; null where it is one of the data as they are. */
export const scalingOf = ({ standardized }: Pick<FitResult, 'standardized'>): Scaling | null =>
  standardized === undefined || standardized.sameModel
    ? null
    : new Map(
        Object.entries(standardized.columns).map(([name, { mean, sd }]) => [name, { means: mean, sds: sd }] as const),
      )

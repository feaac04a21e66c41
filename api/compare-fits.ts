/** Two fits side by side. */
import { bestMatching } from '../runtime/best-matching.js'
import type { ParamLayout } from '../runtime/contract.js'
import { type NestedNumbers, numberFromJson } from '../runtime/json.js'
import { eachNested, isList, takeNested } from '../runtime/nested.js'
import type { FitResult } from '../runtime/result.js'

type Layout = Pick<ParamLayout, 'name' | 'components'>

/** What is compared of a fit. */
export interface ComparedFit {
  readonly layout: readonly Layout[]
  toJSON(): Pick<FitResult, 'params'>
}

/** Two fits side by side, the components of the second in the order that matches the first best. */
export interface Comparison {
  /** latent → for each component of the first fit the 1-based component of the second, null where it has none. */
  readonly matching: ReadonlyMap<string, readonly (number | null)[]>
  readonly params: readonly ComparedParam[]
}

export interface ComparedParam {
  readonly name: string
  /** null where the fit does not have the param. */
  readonly first: NestedNumbers | null
  readonly second: NestedNumbers | null
  /** null where the shapes differ. */
  readonly largestDifference: number | null
  /** Where only the numbers of components differ: those that have a partner, side by side. */
  readonly matched: MatchedParam | null
}

export interface MatchedParam {
  readonly first: NestedNumbers
  readonly second: NestedNumbers
  /** By dimension, the 1-based component of the first fit at each position. */
  readonly components: ReadonlyMap<number, readonly number[]>
  readonly largestDifference: number
}

/**
 * Params of two fits side by side. Components of the second are put in the order in which they come nearest to those of the
 * first: squared differences of all their params, each in units of its root mean square, are least in sum (Kuhn 1955).
 */
export function compareFits(a: ComparedFit, b: ComparedFit): Comparison {
  const [paramsA, paramsB] = [a, b].map((fit) => new Map(Object.entries(fit.toJSON().params)))
  const first = paramsA ?? new Map<string, NestedNumbers>()
  const second = paramsB ?? new Map<string, NestedNumbers>()
  const views = new Map(a.layout.map((view) => [view.name, view]))
  const latents = new Set(a.layout.flatMap((view) => view.components.map(({ latent }) => latent)))
  const matching = new Map<string, readonly (number | null)[]>()
  for (const latent of latents) {
    const matched = matchLatent(latent, a.layout, first, second)
    if (matched !== null) matching.set(latent, matched)
  }
  const names = [...new Set([...first.keys(), ...second.keys()])]
  const params = names.map((name): ComparedParam => {
    const left = first.get(name) ?? null
    const other = second.get(name) ?? null
    const right = reorder(other, views.get(name), matching)
    const largest = largestDifference(left, right)
    const matched = largest === null && left !== null && other !== null
    return {
      name,
      first: left,
      second: right,
      largestDifference: largest,
      matched: matched ? matchedParts(left, other, views.get(name), matching) : null,
    }
  })
  return { matching, params }
}

/** The components that have a partner, of both fits; null where something else differs too. */
function matchedParts(
  left: NestedNumbers,
  right: NestedNumbers,
  view: Layout | undefined,
  matching: Comparison['matching'],
): MatchedParam | null {
  const components = new Map<number, readonly number[]>()
  let [first, second] = [left, right]
  for (const { latent, dimension } of view?.components ?? []) {
    const pairs = (matching.get(latent) ?? []).flatMap((k, i) => (k === null ? [] : [[i + 1, k] as const]))
    components.set(
      dimension,
      pairs.map(([i]) => i),
    )
    first = chosen(
      first,
      dimension,
      pairs.map(([i]) => i - 1),
    )
    second = chosen(
      second,
      dimension,
      pairs.map(([, k]) => k - 1),
    )
  }
  const largest = components.size === 0 ? null : largestDifference(first, second)
  return largest === null ? null : { first, second, components, largestDifference: largest }
}

function chosen(value: NestedNumbers, dimension: number, places: readonly number[]): NestedNumbers {
  if (!isList(value)) return value
  if (dimension > 0) return value.map((item) => chosen(item, dimension - 1, places))
  return places.map((k) => value[k] ?? null)
}

/** Cost of a pair: squared differences of all its params, each in units of its root mean square. */
function matchLatent(
  latent: string,
  layout: readonly Layout[],
  first: ReadonlyMap<string, NestedNumbers>,
  second: ReadonlyMap<string, NestedNumbers>,
): readonly (number | null)[] | null {
  let cost: number[][] | null = null
  for (const view of layout) {
    const axes = view.components.filter((component) => component.latent === latent)
    const [axis] = axes
    const left = first.get(view.name)
    const right = second.get(view.name)
    if (axes.length !== 1 || axis === undefined || left === undefined || right === undefined) continue
    const partsA = componentsOf(left, axis.dimension)
    const partsB = componentsOf(right, axis.dimension)
    if (partsA.length === 0 || partsB.length === 0 || partsA[0]?.length !== partsB[0]?.length) continue
    const all = [...partsA, ...partsB].flat()
    const scale = Math.sqrt(all.reduce((sum, value) => sum + value * value, 0) / all.length) || 1
    cost ??= partsA.map(() => partsB.map(() => 0))
    for (const [i, p] of partsA.entries()) {
      for (const [j, q] of partsB.entries()) {
        const row = cost[i]
        if (row?.[j] === undefined) continue
        row[j] += p.reduce((sum, value, e) => sum + ((value - (q[e] ?? value)) / scale) ** 2, 0)
      }
    }
  }
  return cost === null ? null : bestMatching(cost).map((j) => (j === -1 ? null : j + 1))
}

function componentsOf(value: NestedNumbers, dimension: number): number[][] {
  let extent: NestedNumbers = value
  for (let i = 0; i < dimension; i++) extent = isList(extent) ? (extent[0] ?? null) : null
  const count = isList(extent) ? extent.length : 0
  return Array.from({ length: count }, (_, k) =>
    eachNested(takeNested(value, dimension, k)).map((cell) => numberFromJson(cell.value) ?? 0),
  )
}

function reorder(
  value: NestedNumbers | null,
  view: Layout | undefined,
  matching: ReadonlyMap<string, readonly (number | null)[]>,
): NestedNumbers | null {
  let result = value
  for (const { latent, dimension } of view?.components ?? []) {
    const order = matching.get(latent)
    if (result !== null && order?.every((k) => k !== null)) result = permute(result, dimension, order)
  }
  return result
}

function permute(value: NestedNumbers, dimension: number, order: readonly (number | null)[]): NestedNumbers {
  if (!isList(value)) return value
  if (dimension > 0) return value.map((item) => permute(item, dimension - 1, order))
  const used = order.map((k) => value[(k ?? 1) - 1] ?? null)
  return [...used, ...value.filter((_, k) => !order.includes(k + 1))]
}

function largestDifference(a: NestedNumbers | null, b: NestedNumbers | null): number | null {
  if (a === null || b === null) return null
  const left = eachNested(a)
  const right = eachNested(b)
  if (left.length !== right.length || left.some((cell, i) => cell.index.join() !== right[i]?.index.join())) return null
  return left.reduce((most, cell, i) => {
    const x = numberFromJson(cell.value) ?? Number.NaN
    const y = numberFromJson(right[i]?.value) ?? Number.NaN
    return x === y ? most : Math.max(most, Math.abs(x - y))
  }, 0)
}

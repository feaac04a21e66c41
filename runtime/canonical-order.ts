import { agreementOrder } from './agreement.js'
import { type ComponentAxis, componentAxes, componentLatents, type Layouts, sliceOffsets } from './component-latents.js'
import type { BoundModel, FloorHit, LatentLayout } from './contract.js'

/** How components were reordered: `order[newValue] = oldValue`, by latent. Latents that keep their order are left out. */
export type ComponentOrder = ReadonlyMap<string, readonly number[]>

/**
 * The canonical order of the components at `params`: ascending in the first param of role "location", first coordinate
 * first, else descending in weight, else ascending in the first param there is. Where the values bear names that label
 * another dimension too, the order in which the names agree (`agreementOrder`) comes before all that. Only exchangeable latents are reordered;
 * latents that share a dimension of a param are reordered together, by the first of them. A param of `ordered` type
 * over the components keeps them where they are. Where a param runs over other components too, what is compared of it is
 * sorted first: the order does not depend on how those are numbered. Under a factorised posterior latents with a dimension over the components
 * count as params do, at their posterior means.
 */
export function canonicalOrder(model: BoundModel, params: Float64Array): ComponentOrder {
  const arrays = model.componentArrays?.(params) ?? null
  return arrays === null ? orderOf(model, params) : orderOf(arrays, arrays.values)
}

/** The canonical order by arrays: those of params, or of params and latents. */
export function orderOf(model: Layouts, params: Float64Array): ComponentOrder {
  const orders = new Map<string, readonly number[]>()
  const groups = movableGroups(model)
  for (const group of groups) {
    const [leader] = group
    if (leader === undefined) continue
    const others = new Set(groups.flatMap((other) => (other === group ? [] : other.map(({ name }) => name))))
    const order = agreementOrder(model, params, leader) ?? sortedOrder(model, params, leader, others)
    if (order.every((value, i) => value === i)) continue
    for (const latent of group) orders.set(latent.name, order)
  }
  return orders
}

/** Moves whole components, across every param and every dimension that runs over them, padding included. */
export function permuteParams(model: BoundModel, params: Float64Array, orders: ComponentOrder): Float64Array {
  let current = params
  for (const param of model.params) {
    const done = new Set<number>()
    for (const { latent, dimension } of param.components) {
      const order = orders.get(latent)
      if (order === undefined || done.has(dimension)) continue
      done.add(dimension)
      const next = new Float64Array(current)
      const slices = order.map((_, value) => sliceOffsets({ param, dimension }, value))
      order.forEach((old, value) => {
        const to = slices[value] ?? []
        const from = slices[old] ?? []
        to.forEach((offset, i) => {
          next[offset] = current[from[i] ?? offset] ?? 0
        })
      })
      current = next
    }
  }
  return current
}

/** A posterior (rows × values) in the new order. */
export function permutePosterior(latent: LatentLayout, posterior: Float64Array, orders: ComponentOrder): Float64Array {
  const order = orders.get(latent.name)
  if (order === undefined) return posterior
  const result = new Float64Array(posterior.length)
  for (let n = 0; n < latent.rows; n++) {
    for (let k = 0; k < latent.values; k++) {
      result[n * latent.values + k] = posterior[n * latent.values + (order[k] ?? k)] ?? 0
    }
  }
  return result
}

/** The same elements held at their floor, by their indices in the new order. */
export function permuteFloors(model: BoundModel, floored: readonly FloorHit[], orders: ComponentOrder): FloorHit[] {
  return floored.map((hit) => {
    const param = model.params.find(({ name }) => name === hit.param)
    const index = hit.index.map((old, dimension) => {
      const latent = param?.components.find(
        (entry) => entry.dimension === dimension && orders.has(entry.latent),
      )?.latent
      const order = latent === undefined ? undefined : orders.get(latent)
      return order === undefined ? old : order.indexOf(old - 1) + 1
    })
    return { ...hit, index }
  })
}

function sortedOrder(
  model: Layouts,
  params: Float64Array,
  latent: LatentLayout,
  others: ReadonlySet<string>,
): number[] {
  const keys = keysOf(model, params, latent, others)
  return keys.map((_, value) => value).sort((a, b) => compare(keys[a] ?? [], keys[b] ?? []) || a - b)
}

/** Latents whose values can be relabelled without changing the likelihood, those together that share a dimension. */
export function movableGroups(model: Layouts): readonly (readonly LatentLayout[])[] {
  return sharingGroups(model).filter((group) =>
    group.every((latent) => movable(model, latent, group[0]?.values ?? latent.values)),
  )
}

/** Component-like latents, grouped where two run over the same dimension of a param. */
function sharingGroups(model: Layouts): LatentLayout[][] {
  const groups: { readonly latents: LatentLayout[]; readonly axes: Set<string> }[] = []
  for (const latent of componentLatents(model)) {
    const axes = new Set(
      componentAxes(model, latent.name).map(({ param, dimension }) => `${param.offset}:${dimension}`),
    )
    const merged = { latents: [latent], axes }
    for (let g = groups.length - 1; g >= 0; g--) {
      const group = groups[g]
      if (group === undefined || ![...group.axes].some((axis) => axes.has(axis))) continue
      merged.latents.unshift(...group.latents)
      for (const axis of group.axes) merged.axes.add(axis)
      groups.splice(g, 1)
    }
    groups.push(merged)
  }
  return groups.map(({ latents }) => latents)
}

function movable(model: Layouts, latent: LatentLayout, values: number): boolean {
  if (!latent.exchangeable || latent.values !== values) return false
  return !componentAxes(model, latent.name).some(
    ({ param, dimension }) => param.support.kind === 'ordered' && dimension === param.shape.length - 1,
  )
}

/** What each component is sorted by, ascending. `others`: latents that are reordered too, apart from this one. */
function keysOf(model: Layouts, params: Float64Array, latent: LatentLayout, others: ReadonlySet<string>): number[][] {
  const axes = componentAxes(model, latent.name)
  const location = axes.find(({ param }) => param.role === 'location')
  // along its other dimensions a simplex adds up to 1 at each value
  const weights = axes.filter(({ param, dimension }) => param.role === 'weight' && dimension === param.shape.length - 1)
  // A chain's transition matrix runs over its states twice: prefer a weight that does so once.
  const weight =
    weights.find((axis) => weights.filter(({ param }) => param === axis.param).length === 1) ??
    weights[weights.length - 1]
  const first = location ?? axes[0]
  const slice = (axis: ComponentAxis, value: number): number[] => {
    const values = sliceOffsets(axis, value).map((offset) => params[offset] ?? 0)
    return axis.param.components.some((entry) => others.has(entry.latent)) ? values.sort((a, b) => a - b) : values
  }
  return Array.from({ length: latent.values }, (_, value) => {
    const coordinates = first === undefined ? [] : slice(first, value)
    if (weight === undefined) return coordinates
    const mass = slice(weight, value).reduce((a, b) => a + b, 0)
    return location === undefined ? [-mass, ...coordinates] : [...coordinates, -mass]
  })
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}

import { componentAxes, type Layouts } from './component-latents.js'
import type { LatentLayout, ParamLayout } from './contract.js'

/**
 * Where the values of a latent bear names that also label another dimension of one of its params (the truth and what a
 * rater says of it), components are put in the order in which the names agree most: the likelihood is the same in any
 * order, the names are not.
 *
 * @returns `order[newValue] = oldValue`, or null where no names can agree
 */
export function agreementOrder(model: Layouts, params: Float64Array, latent: LatentLayout): number[] | null {
  const size = latent.values
  const mass = new Float64Array(size * size)
  let found = false
  for (const { param, dimension } of componentAxes(model, latent.name)) {
    const other = namesake(param, dimension, latent.name)
    if (other === null) continue
    found = true
    addMass(param, dimension, other, params, size, mass)
  }
  return found ? bestAssignment(mass, size) : null
}

/** Another dimension of the param with the same labels, which does not run over the same latent. */
function namesake(param: ParamLayout, dimension: number, latent: string): number | null {
  const labels = param.labels[dimension] ?? null
  if (labels === null) return null
  const index = param.labels.findIndex(
    (other, d) =>
      d !== dimension &&
      other !== null &&
      other.length === labels.length &&
      other.every((label, i) => label === labels[i]) &&
      !param.components.some((entry) => entry.latent === latent && entry.dimension === d),
  )
  return index < 0 ? null : index
}

/** Adds param[…, k, …, l, …], summed over the other dimensions, to mass[k, l]. */
function addMass(
  param: ParamLayout,
  first: number,
  second: number,
  params: Float64Array,
  size: number,
  mass: Float64Array,
): void {
  const stride = (dimension: number): number => param.shape.slice(dimension + 1).reduce((a, b) => a * b, 1)
  const strideFirst = stride(first)
  const strideSecond = stride(second)
  for (let i = 0; i < param.length; i++) {
    const k = Math.floor(i / strideFirst) % size
    const l = Math.floor(i / strideSecond) % size
    mass[k * size + l] = (mass[k * size + l] ?? 0) + (params[param.offset + i] ?? 0)
  }
}

/** The assignment of old values to new ones with the most mass: swaps of two until none helps. */
function bestAssignment(mass: Float64Array, size: number): number[] {
  const at = (old: number, name: number): number => mass[old * size + name] ?? 0
  const order = Array.from({ length: size }, (_, value) => value)
  for (let better = true; better; ) {
    better = false
    for (let a = 0; a < size; a++) {
      for (let b = a + 1; b < size; b++) {
        const oldA = order[a] ?? a
        const oldB = order[b] ?? b
        const won = at(oldB, a) + at(oldA, b) - at(oldA, a) - at(oldB, b)
        if (!(won > 1e-12)) continue
        order[a] = oldB
        order[b] = oldA
        better = true
      }
    }
  }
  return order
}

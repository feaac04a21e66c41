/** Names of the buffers that the E-step and what reads it share, and how the objective is added up. */
import type { Bucket } from '../estep/types.js'
import type { Loop } from '../graph/types.js'
import { k } from '../kernel/index.js'
import type { Axis, KExpr, KernelOp } from '../kernel/types.js'

/** loglik += value and scale += |value| over the rows. */
export function addToObjective(rows: readonly Axis[], value: KExpr): readonly KernelOp[] {
  return [
    { op: 'contract', out: 'loglik', axes: rows, at: [], factors: [value] },
    { op: 'contract', out: 'scale', axes: rows, at: [], factors: [k.call('abs', value)] },
  ]
}

/** Name of the table whose rows loops run over. */
export const tableIdOf = (loops: readonly Loop[]): string => loops.map((l) => l.index.id).join(',')

export const postBuffer = (b: Bucket): string => `post ${b.table} ${b.eliminate}`
export const messageBuffer = (b: Bucket): string => `msg ${b.table} ${b.eliminate}`
/** Best value of what a bucket eliminates, under max-product. */
export const bestBuffer = (b: Bucket): string => `best ${b.table} ${b.eliminate}`
export const meanBuffer = (latent: string): string => `mean ${latent}`
export const varianceBuffer = (latent: string): string => `variance ${latent}`
/** Where the pivot of a param lies that stands apart. */
export const pivotBuffer = (param: string): string => `pivot:${param}`
export const givenBuffer = (latent: string): string => `given ${latent}`
export const marginalBuffer = (latent: string): string => `marginal ${latent}`

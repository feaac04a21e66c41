/** Some of the rows of data that lie in memory, where rows are all that the program goes over. */
import type { BoundData } from '../../runtime/contract.js'
import type { Expr } from '../algebra/types.js'
import type { Derivation } from '../derive.js'
import type { Program } from '../lower/program.js'
import { whyNotRowWise } from './row-wise.js'

/** So many rows, one from each of as many stretches; null where there are no more, or rows belong together. */
export function fewRows(d: Derivation, program: Program, data: BoundData, most: number): BoundData | null {
  if (data.stream !== undefined) return null
  for (const [key, e] of program.sizes) {
    if (e.kind !== 'ref' || e.space !== 'size' || e.index.length > 0) continue
    const name = e.name.replace(/^size:/, '')
    const rows = data.sizes.get(name) ?? 0
    if (rows <= most || whyNotRowWise(d, program, key, name) !== null) continue
    const own = new Set(d.graph.data.filter((s) => isFirst(d, s.name, name)).map((s) => s.name))
    const at = Int32Array.from({ length: most }, (_, i) => Math.floor(((i + 0.5) * rows) / most))
    const arrays = new Map(
      [...data.arrays].map(([id, array]) => {
        if (!own.has(id) || array.offsets !== null) return [id, array]
        const stride = array.values.length / rows
        const values =
          array.values instanceof Int32Array ? new Int32Array(most * stride) : new Float64Array(most * stride)
        at.forEach((row, i) => {
          values.set(array.values.subarray(row * stride, (row + 1) * stride), i * stride)
        })
        const { origins: _, ...rest } = array
        return [id, { ...rest, values, shape: [most, ...array.shape.slice(1)], missing: missingIn(values) }]
      }),
    )
    return { ...data, sizes: new Map(data.sizes).set(name, most), arrays }
  }
  return null
}

const missingIn = (values: Float64Array | Int32Array): number =>
  values instanceof Int32Array
    ? values.reduce((n, x) => n + (x === -1 ? 1 : 0), 0)
    : values.reduce((n, x) => n + (Number.isNaN(x) ? 1 : 0), 0)

/** true where the first extent of the data is that size. */
export function isFirst(d: Derivation, data: string, size: string): boolean {
  return isSize(d.shapes.shape('data', data)[0], size)
}

/** true for the expression of that size. */
export const isSize = (e: Expr | undefined, size: string): boolean =>
  e?.kind === 'ref' && e.space === 'size' && e.name === `size:${size}`

import { KernelError } from '../../../../compiler/kernel/kernel-error.js'
import type { RowProgram } from '../../../../compiler/kernel/passes/types.js'

type Numbers = Float64Array | Int32Array

/**
 * Fills the buffers that a row program wants filled once data is bound: means of columns, root mean square distances to
 * them, and tables of integers. A mean need not be exact: what is computed about it is the same about any number near it.
 */
export function fillConstants(
  { constants, indices }: Pick<RowProgram, 'constants' | 'indices'>,
  bufferOf: (id: string) => Numbers | undefined,
): void {
  const known = (id: string): Numbers => {
    const numbers = bufferOf(id)
    if (numbers === undefined) throw new KernelError(`buffer ${id} is not bound`)
    return numbers
  }
  for (const { buffer, values } of indices) known(buffer).set(values)
  for (const { buffer, of, take } of constants) {
    const [out, data] = [known(buffer), known(of)]
    const centre = take.kind === 'reach' ? known(take.centre) : null
    const { length } = out
    const rows = length === 0 ? 0 : data.length / length
    out.fill(0)
    for (let at = 0, i = 0; at < data.length; at++, i = i + 1 === length ? 0 : i + 1) {
      const value = data[at] ?? Number.NaN
      out[i] = (out[i] ?? 0) + (centre === null ? value : (value - (centre[i] ?? 0)) ** 2)
    }
    for (let i = 0; i < length && rows > 0; i++) {
      const mean = (out[i] ?? 0) / rows
      out[i] = centre === null ? mean : Math.sqrt(mean)
    }
  }
}

/** Data as it was bound, as charts read it. */
import type { BoundArray, BoundData, DataDeclaration } from '../../runtime/data/types.js'
import type { DataArray } from './columns.js'

export function dataArrays(
  data: BoundData,
  observed: ReadonlySet<string>,
  declarations: readonly DataDeclaration[],
  weightsOf: (name: string) => Float64Array | null,
): readonly (DataArray & { readonly missing: number })[] {
  return declarations.flatMap((d) => {
    const array = data.arrays.get(d.name)
    if (array === undefined) return []
    const weights = array.offsets === null ? weightsOf(d.name) : null
    const levels = d.levels === null ? null : (data.levels.get(d.levels.name) ?? null)
    return [
      {
        name: d.name,
        element: d.element,
        shape: array.shape,
        lengths: lengthsOf(array),
        columns: data.columns.get(d.name) ?? [],
        values: Float64Array.from(array.values),
        levels,
        observed: observed.has(d.name),
        missing: array.missing,
        ...(weights?.length === array.shape[0] ? { weights } : {}),
      },
    ]
  })
}

const lengthsOf = ({ offsets }: BoundArray): readonly number[] | null =>
  offsets === null
    ? null
    : Array.from({ length: offsets.length - 1 }, (_, r) => (offsets[r + 1] ?? 0) - (offsets[r] ?? 0))

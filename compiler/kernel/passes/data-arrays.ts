/** The arrays behind data buffers, by id. */
export type DataArrays = ReadonlyMap<string, Float64Array | Int32Array>

type Numbers = Float64Array | Int32Array

/** The arrays behind data buffers, by id. */
export type DataArrays = ReadonlyMap<string, Numbers>

/**
 * What has been made of data, kept while the arrays that it was made of are the same: several lists of operations over
 * the same rows are reduced in the same way.
 */
export class DataCache {
  private readonly known = new Map<string, { readonly from: readonly Numbers[]; readonly value: unknown }>()

  /** What `make` gave for these arrays under this name, which says all else that it depends on. */
  made<T>(name: string, from: readonly Numbers[], make: () => T): T {
    if (this.has(name, from)) return this.known.get(name)?.value as T
    const value = make()
    this.known.set(name, { from, value })
    return value
  }

  /** true where it need not be made. */
  has(name: string, from: readonly Numbers[]): boolean {
    const known = this.known.get(name)
    return known?.from.length === from.length && known.from.every((array, i) => array === from[i])
  }
}

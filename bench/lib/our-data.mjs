/** Data of a workload as `fit` takes it at least cost: whole arrays with their shapes, which are not copied before they are checked. */
export function asTable({ arrays }) {
  const nested = new Map(
    Object.entries(arrays).map(([name, { values, shape }]) => [name, { shape, lengths: null, cells: values }]),
  )
  return { source: 'data', columns: [], rows: 0, rowNumbers: [], nested }
}

/** Sizes that are consts of the model. */
export function constsOf(model, sizes) {
  const consts = new Set(model.typed.symbols.filter((s) => s.kind === 'const').map((s) => s.name))
  return Object.fromEntries(Object.entries(sizes).filter(([name]) => consts.has(name)))
}

/** A part that a lowered table is known to have. */
export function need<T>(x: T | undefined): T {
  if (x === undefined) throw new Error('missing part of a lowered table')
  return x
}

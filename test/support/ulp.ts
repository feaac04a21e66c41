/** The distance from |value| to the next double. */
export function ulp(value: number): number {
  const size = Math.abs(value)
  if (size < 2 ** -1022) return 2 ** -1074
  const bits = new BigUint64Array(Float64Array.of(size).buffer)[0] ?? 0n
  return 2 ** (Number(bits >> 52n) - 1023 - 52)
}

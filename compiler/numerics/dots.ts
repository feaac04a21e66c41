/**
 * The eight dot products of four stretches of numbers at a0 … a3 with two at b0 and b1, all `length` long and in one
 * array: out[2 r + s] = a_r · b_s. Eight sums side by side keep the adder busy and read each number less often.
 */
export function dots(
  array: Float64Array,
  a0: number,
  a1: number,
  a2: number,
  a3: number,
  b0: number,
  b1: number,
  length: number,
  out: Float64Array,
): void {
  let s00 = 0
  let s01 = 0
  let s10 = 0
  let s11 = 0
  let s20 = 0
  let s21 = 0
  let s30 = 0
  let s31 = 0
  for (let k = 0; k < length; k++) {
    const x = array[b0 + k] ?? 0
    const y = array[b1 + k] ?? 0
    const p = array[a0 + k] ?? 0
    s00 += p * x
    s01 += p * y
    const q = array[a1 + k] ?? 0
    s10 += q * x
    s11 += q * y
    const r = array[a2 + k] ?? 0
    s20 += r * x
    s21 += r * y
    const t = array[a3 + k] ?? 0
    s30 += t * x
    s31 += t * y
  }
  out[0] = s00
  out[1] = s01
  out[2] = s10
  out[3] = s11
  out[4] = s20
  out[5] = s21
  out[6] = s30
  out[7] = s31
}

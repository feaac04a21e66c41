/**
 * log(1 − e^x) for x ≤ 0; NaN above. Mächler (2012), Accurately computing log(1 − exp(−|a|)), equation 7.
 */
export function log1mexp(x: number): number {
  return x > -Math.LN2 ? Math.log(-Math.expm1(x)) : Math.log1p(-Math.exp(x))
}

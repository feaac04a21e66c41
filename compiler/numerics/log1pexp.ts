/** log(1 + e^x), without overflow and with its digits at both ends (Mächler 2012, Accurately computing log(1 − exp(−|a|))). */
export function log1pexp(x: number): number {
  return x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))
}

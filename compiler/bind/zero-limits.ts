import type { DataScale } from './data-scale.js'

/** A scale of 0 stands for this part of the data's sd: its square is lost beside 1, and a difference over it is not. */
const RELATIVE = 1e-6

/**
 * What kernels see in place of a scale of latents that is 0, where its precision would be infinite: the limit to some
 * 1e-12 of the log-likelihood. By name of the param.
 *
 * @param vanishing the params, with the power of the data's sd that they are measured in
 */
export function zeroLimits(
  vanishing: ReadonlyMap<string, number>,
  scales: ReadonlyMap<string, DataScale>,
): ReadonlyMap<string, number> {
  const variances = [...scales.values()].flatMap((s) => [...s.variances]).filter((v) => v > 0)
  const sd = variances.length === 0 ? 1 : Math.sqrt(Math.min(...variances))
  return new Map([...vanishing].map(([name, power]) => [name, (RELATIVE * sd) ** power]))
}

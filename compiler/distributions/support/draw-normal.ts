import type { RandomSource } from '../types.js'

/** One standard normal number: Box, Muller (1958), A note on the generation of random normal deviates. */
export function drawNormal(random: RandomSource): number {
  const radius = Math.sqrt(-2 * Math.log(random()))
  return radius * Math.cos(2 * Math.PI * random())
}

/** What a random model may contain, and how often. */

/** How often each feature is there, where it can be. */
export const CHANCE = {
  'row latent': 0.95,
  'second latent': 0.65,
  'third latent': 0.35,
  'bool latent': 0.3,
  'group latent': 0.3,
  'group column': 0.35,
  'inner plate': 0.2,
  weight: 0.25,
  label: 0.3,
  'missing cells': 0.35,
  priors: 0.45,
  'if on latents': 0.2,
  'if on data': 0.15,
  'mixture density': 0.15,
  'shared params': 0.25,
  'second emission': 0.5,
  'third emission': 0.3,
  regression: 0.3,
  numeric: 0.3,
  'several sequences': 0.4,
  'second order': 0.2,
  'second chain': 0.2,
  'classes of sequences': 0.3,
  'classes of rows': 0.55,
  'vector latent': 0.4,
  'repeated measures': 0.6,
  'link function': 0.7,
  'data with errors': 0.2,
} as const

export type Feature = keyof typeof CHANCE

export const FEATURES = Object.keys(CHANCE) as readonly Feature[]

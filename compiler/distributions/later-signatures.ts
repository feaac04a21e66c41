/**
 * Distributions of the language that have no density yet: models that use them type-check, and the derivation says
 * what is missing. A distribution leaves this list when its own file arrives.
 */
import type { ArgumentSignature, DistributionSignature } from '../../lang/signature.js'

const real = (name: string): ArgumentSignature => ({ name, support: 'real', rank: 0 })
const positive = (name: string): ArgumentSignature => ({ name, support: 'positive', rank: 0 })

export const laterSignatures: readonly DistributionSignature[] = [
  {
    name: 'Laplace',
    summary: 'Exponential tails on both sides of the location.',
    parametrisations: [{ arguments: [real('location'), positive('scale')] }],
    value: { support: 'real', rank: 0, discrete: false },
  },
  {
    name: 'Logistic',
    summary: 'The distribution whose cumulative function is the logistic curve.',
    parametrisations: [{ arguments: [real('location'), positive('scale')] }],
    value: { support: 'real', rank: 0, discrete: false },
  },
  {
    name: 'Cauchy',
    summary: 'Tails so heavy that there is no mean.',
    parametrisations: [{ arguments: [real('location'), positive('scale')] }],
    value: { support: 'real', rank: 0, discrete: false },
  },
  {
    name: 'VonMises',
    summary: 'An angle in radians around a mean direction.',
    parametrisations: [{ arguments: [real('mean'), { name: 'concentration', support: 'nonnegative', rank: 0 }] }],
    value: { support: 'real', rank: 0, discrete: false },
  },
  {
    name: 'Pareto',
    summary: 'A power law above the scale.',
    parametrisations: [{ arguments: [positive('shape'), positive('scale')] }],
    value: { support: 'positive', rank: 0, discrete: false },
  },
  {
    name: 'HalfNormal',
    summary: 'The absolute value of a Gaussian with mean 0.',
    parametrisations: [{ arguments: [positive('sd')] }],
    value: { support: 'nonnegative', rank: 0, discrete: false },
  },
  {
    name: 'Ordinal',
    summary: 'An ordered level: the interval between the cuts into which a logistic variable falls.',
    parametrisations: [{ arguments: [real('location'), { name: 'cuts', support: 'ordered', rank: 1 }] }],
    value: { support: 'category', rank: 0, discrete: true },
  },
  {
    name: 'MvStudentT',
    summary: 'A vector with heavy tails, by its mean and scale matrix.',
    parametrisations: [
      {
        arguments: [
          positive('df'),
          { name: 'mean', support: 'real', rank: 1 },
          { name: 'scale', support: 'covariance', rank: 2 },
        ],
      },
    ],
    value: { support: 'real', rank: 1, sizeOf: 'mean', discrete: false },
  },
]

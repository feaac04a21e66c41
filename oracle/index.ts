/** Brute-force answers about a typed model on micro-data, independent of the compiler. */
export {
  allCells,
  cellAt,
  expectation,
  expectations,
  expectedCompleteLogDensity,
  expectedCompleteLogDensityAt,
  type LogLikelihood,
  logLikelihood,
  logLikelihoodParts,
  logPrior,
  type PosteriorRow,
  posterior,
} from './answers.js'
export { logDensity } from './densities/index.js'
export {
  type Coordinate,
  coordinates,
  type Derivative,
  derivative,
  directionalDerivative,
  moved,
  numericalGradient,
} from './gradient.js'
export { ground } from './ground.js'
export type { Factor, Ground } from './ground-types.js'
export { type Cell, cellName } from './stored.js'
export { type OracleArray, type OracleData, OracleError, type Value, type Values } from './types.js'

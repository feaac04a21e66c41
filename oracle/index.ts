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
  posterior,
  type PosteriorRow,
} from './answers.js'
export { logDensity } from './densities/index.js'
export { type Coordinate, coordinates, type Derivative, derivative, directionalDerivative, moved, numericalGradient } from './gradient.js'
export { type Factor, type Ground, ground } from './ground.js'
export { type Cell, cellName } from './stored.js'
export { type OracleArray, type OracleData, OracleError, type Value, type Values } from './types.js'

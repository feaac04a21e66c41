export {
  type Arguments,
  elementOf,
  indexSupply,
  numericDensity,
  numericDomain,
  numericMass,
  numericMoments,
  shapeOf,
} from '../../../compiler/distributions/support/numeric-density.js'

export {
  type Arguments,
  elementOf,
  indexSupply,
  numericDensity,
  numericDomain,
  shapeOf,
} from '../../../compiler/distributions/support/numeric-density.js'

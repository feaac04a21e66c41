import type { KFunction } from '../kernel/types.js'
import {
  besselI0,
  besselI1,
  besselRatio,
  besselRatioSlope,
  binomialDraw,
  chiSquareDraw,
  digamma,
  digammaDelta,
  gammaDraw,
  gumbelDraw,
  inverseMills,
  lgamma,
  lgammaDelta,
  log1mexp,
  log1pexp,
  logBesselI0e,
  logBetaI,
  logGammaP,
  logGammaQ,
  logistic,
  logit,
  logLogistic,
  logPhi,
  logPhiBetween,
  logStudentCdf,
  logVonMisesArc,
  normalDraw,
  Phi,
  poissonDraw,
  trigamma,
} from '../numerics/index.js'

/** Functions of several arguments that are helpers in every target. */
export const severalArguments = {
  mod,
  lgammaDelta,
  digammaDelta,
  logPhiBetween,
  logGammaP,
  logGammaQ,
  logBetaI,
  logStudentCdf,
  logVonMisesArc,
  normalDraw,
  gumbelDraw,
  gammaDraw,
  binomialDraw,
  poissonDraw,
  chiSquareDraw,
} as const

export type SeveralArguments = keyof typeof severalArguments
export type UnaryFunction = Exclude<KFunction, SeveralArguments | 'min' | 'max' | 'power'>

/** One argument. `round` takes halves up; `isNaN` is 1 or 0. */
export const unaryFunctions: Readonly<Record<UnaryFunction, (x: number) => number>> = {
  exp: Math.exp,
  expNonPositive: Math.exp,
  log: Math.log,
  log1p: Math.log1p,
  expm1: Math.expm1,
  abs: Math.abs,
  sqrt: Math.sqrt,
  lgamma,
  digamma,
  trigamma,
  logistic,
  logit,
  Phi,
  round: Math.round,
  floor: Math.floor,
  ceil: Math.ceil,
  cos: Math.cos,
  sin: Math.sin,
  atan: Math.atan,
  besselI0,
  besselI1,
  logBesselI0e,
  besselRatio,
  besselRatioSlope,
  logLogistic,
  logPhi,
  inverseMills,
  log1mexp,
  log1pexp,
  isNaN: (x) => (Number.isNaN(x) ? 1 : 0),
}

/** Remainder with the sign of the divisor. */
export function mod(left: number, right: number): number {
  return left - right * Math.floor(left / right)
}

export const hasSeveralArguments = (fn: KFunction): fn is SeveralArguments => Object.hasOwn(severalArguments, fn)

export function isUnary(fn: KFunction): fn is UnaryFunction {
  return fn !== 'min' && fn !== 'max' && fn !== 'power' && !hasSeveralArguments(fn)
}

/** Number of arguments; null: one or more. */
export function arityOf(fn: KFunction): number | null {
  if (isUnary(fn)) return 1
  if (fn === 'logBetaI' || fn === 'logVonMisesArc' || fn === 'chiSquareDraw') return 3
  if (fn === 'normalDraw' || fn === 'gumbelDraw' || fn === 'gammaDraw' || fn === 'poissonDraw') return 4
  if (fn === 'binomialDraw') return 5
  return fn === 'min' || fn === 'max' ? null : 2
}

/** base^exponent as every target computes it: products and roots where they are meant. */
export function power(base: number, exponent: number): number {
  switch (exponent) {
    case 0:
      return 1
    case 1:
      return base
    case 2:
      return base * base
    case 3:
      return base * base * base
    case -1:
      return 1 / base
    case -2:
      return 1 / (base * base)
    case 0.5:
      return Math.sqrt(base)
    case -0.5:
      return 1 / Math.sqrt(base)
    default:
      return base ** exponent
  }
}

/**
 * The program of rows that come in batches. Statistics of a location are sums of x − pivot, and the pivot of an E-step is
 * the location itself: sums about different pivots cannot be added up. Here the pivots stay where they are put.
 */
import type { Derivation } from '../derive.js'
import { lower } from '../lower/lower.js'
import { Lowerer } from '../lower/lowerer.js'
import type { Program } from '../lower/program.js'
import { lowerInputOf } from './lower-input.js'

export const batchProgram = (d: Derivation, product: 'sum' | 'max'): Program =>
  lower(lowerInputOf(d), new Lowerer(d.shapes, true), product)

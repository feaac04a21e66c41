/** A model over bound data. */
import type { ProgramModel } from '../compiler/bind/bound-model.js'
import type { BoundData } from '../runtime/data/types.js'
import type { Held } from './held.js'
import type { Standardised } from './standardize.js'

export interface Bound {
  readonly model: ProgramModel
  readonly data: BoundData
  /** Params that are held at given values. */
  readonly held: Held | null
  /** Where the data are standardised: the model over them as they are. */
  readonly standard?: Unstandardised
}

/** A model over data as they are, beside the one over the data standardised. */
export interface Unstandardised {
  readonly raw: Bound
  readonly way: Standardised
}

/** What most rules look for: one param, and terms that are one function of it each. */
import type { BlockAtom, SplitMonomial } from '../../mstep/atoms.js'
import type { Block, ParamInfo } from './types.js'

/** The param of a block of one; null where there are several. */
export const onlyParam = ({ params }: Block): ParamInfo | null => (params.length === 1 ? (params[0] ?? null) : null)

/** The function of the block that a term has; null where it is a product of several. */
export const onlyFunction = ({ block }: SplitMonomial): BlockAtom | null =>
  block.length === 1 ? (block[0] ?? null) : null

/**
 * Which tables are chains: a factor reads latents of one table at two places that differ, along one loop of the table
 * and by a fixed number of steps.
 */
import { call, ONE } from '../algebra/build.js'
import { keyOf } from '../algebra/key.js'
import type { Expr } from '../algebra/types.js'
import type { LiftedFactor } from '../graph/lift.js'
import type { Loop } from '../graph/types.js'
import { keysOf, lengthOf, readsByTable, stepOf, type TableReads, valuesOf } from './places.js'
import type { EStepRefusal } from './types.js'

/** The loop along which the rows of a table follow on one another. */
export interface ChainAxis {
  readonly table: string
  /** Position of the loop among those of the table. */
  readonly position: number
  readonly loop: Loop
}

export function chainAxes(lifted: readonly LiftedFactor[]): {
  readonly axes: ReadonlyMap<string, ChainAxis>
  readonly refusals: readonly EStepRefusal[]
} {
  const axes = new Map<string, ChainAxis>()
  const refusals: EStepRefusal[] = []
  for (const f of lifted)
    for (const reads of readsByTable(f.variables)) {
      if (new Set(reads.variables.map((v) => keysOf(v.index))).size < 2) continue
      const found = stepsBetween(reads, f)
      if ('code' in found) {
        refusals.push(found)
        continue
      }
      const known = axes.get(reads.table)
      if (known !== undefined && known.position !== found.position) refusals.push(grid(reads, f, [known, found]))
      else axes.set(reads.table, found)
    }
  return { axes, refusals }
}

/** The one loop along which the cells of a table that a factor reads lie a fixed number of steps apart. */
function stepsBetween(reads: TableReads, f: LiftedFactor): ChainAxis | EStepRefusal {
  const [first, ...others] = reads.variables
  const apart = reads.loops.flatMap((loop, position): ChainAxis[] => {
    const differs = others.some((v) => keysOf(v.index.slice(position, position + 1)) !== keyAt(first?.index, position))
    return differs ? [{ table: reads.table, position, loop }] : []
  })
  const [axis, second] = apart
  if (axis === undefined) throw new Error('cells that differ nowhere')
  if (second !== undefined) return grid(reads, f, [axis, second])
  const bases = new Set(reads.variables.map((v) => keyOf(stepOf(v.index[axis.position] ?? axis.loop.index.from).base)))
  if (bases.size > 1) return unrelated(reads, f, axis.loop)
  const base = stepOf(first?.index[axis.position] ?? axis.loop.index.from).base
  const own = f.factor.loops.find((l) => base.kind === 'index' && base.var === l.index.id)
  if (axis.loop.weight !== null || (own !== undefined && own.weight !== null))
    return {
      code: 'E405',
      span: f.factor.span,
      message: `\`${name(reads)}\` at one place depends on \`${name(reads)}\` at another, so its places cannot be weighted: copies of one place would have no neighbours`,
      help: 'give the weight to the loop over whole sequences',
    }
  return axis
}

const keyAt = (index: TableReads['variables'][number]['index'] | undefined, i: number): string =>
  keysOf((index ?? []).slice(i, i + 1))

const values = (r: TableReads): Expr => (r.variables[0] === undefined ? ONE : valuesOf(r.variables[0].latent))
const name = (r: TableReads): string => r.variables[0]?.latent.name ?? ''

function grid(reads: TableReads, f: LiftedFactor, along: readonly ChainAxis[]): EStepRefusal {
  const loops = along.map((a) => a.loop.index)
  return {
    code: 'E405',
    span: f.factor.span,
    message: `\`${name(reads)}\` at one place depends on \`${name(reads)}\` at others along two loops, so all of its places are coupled`,
    coupled: [name(reads)],
    cost: { kind: 'states', sides: [{ values: values(reads), places: call('min', ...loops.map(lengthOf)) }] },
    help: 'a latent may depend on itself along one loop, as in a chain',
  }
}

function unrelated(reads: TableReads, f: LiftedFactor, loop: Loop): EStepRefusal {
  return {
    code: 'E405',
    span: f.factor.span,
    message: `this statement reads \`${name(reads)}\` at places that are not a fixed number of steps apart, so any of its places may depend on any other`,
    coupled: [name(reads)],
    cost: { kind: 'states', sides: [{ values: values(reads), places: lengthOf(loop.index) }], atMost: true },
    help: 'places that differ by a number, such as z[t] and z[t-1], have an exact E-step',
  }
}

/** Grounding: a typed model on data becomes factors over cells. */

import type { TStatement, TypedModel } from '../lang/typed/types.js'
import { define } from './definition.js'
import type { Density } from './densities/types.js'
import { type Environment, evaluate } from './evaluate.js'
import { environment, factorOf } from './factor.js'
import type { Block, Definition, Factor, Ground, Instance, Lookup, Prior } from './ground-types.js'
import { lawLogDensity, lawOf } from './law.js'
import { type Cell, cellName } from './stored.js'
import { type OracleData, OracleError, type Values } from './types.js'
import { unroll } from './unroll.js'
import { makeWorld } from './world.js'

const UNKNOWN: Lookup = () => Number.NaN

/** Grounds a model on data; `consts` override those of the model by name. Throws OracleError where they do not fit. */
export function ground(
  model: TypedModel,
  data: OracleData,
  consts: Values = new Map(),
  more: readonly Density[] = [],
): Ground {
  const world = makeWorld(model, data, consts, more)
  const root: Block = { weight: 1, factors: [], children: [], cells: [], parent: null }
  const env: Environment = { world, bound: new Map(), params: new Map(), lookup: UNKNOWN }
  const instances: Instance[] = []
  unroll(model.statements, { env, guards: [], block: root, weight: 1 }, instances)
  const factors: Factor[] = []
  const priors: Prior[] = []
  const definitions = new Map<number, Definition[]>()
  for (const instance of instances) {
    const { statement } = instance
    if (statement.kind === 'sample' && statement.role === 'prior') {
      priors.push(priorOf(statement, instance))
      continue
    }
    const factor = factorOf(instance)
    factors.push(factor)
    instance.block.factors.push(factor)
    if (statement.kind === 'sample') define(statement.distribution, instance, factor, definitions)
  }
  for (const factor of factors) {
    const loose = factor.cells.find((c) => !definitions.has(c.id))
    if (loose !== undefined)
      throw new OracleError(`${cellName(loose)} is missing and nothing says how it is distributed`)
  }
  checkBlocks(root, new Set())
  return { model, world, root, factors, priors, definitions }
}

function priorOf(statement: Extract<TStatement, { kind: 'sample' }>, instance: Instance): Prior {
  return {
    span: statement.span,
    logDensity(params) {
      const env = environment(instance.env, params, UNKNOWN)
      return instance.weight * lawLogDensity(lawOf(statement.distribution, env), evaluate(statement.target, env))
    },
  }
}

/** A cell of a weighted block may be read in that block and inside it only: elsewhere it is not clear which copy is meant. */
function checkBlocks(block: Block, visible: ReadonlySet<Cell>): void {
  const here = new Set([...visible, ...block.cells])
  for (const factor of block.factors) {
    const foreign = factor.cells.find((c) => !here.has(c))
    if (foreign !== undefined)
      throw new OracleError(`${cellName(foreign)} belongs to a weighted block and is read outside of it`)
  }
  for (const child of block.children) checkBlocks(child, here)
}

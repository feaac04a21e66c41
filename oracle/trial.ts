/** A model brought to numbers small enough for brute force: micro-data, the grounded model, the engine, a point. */
import type { TypedModel } from '../lang/typed/types.js'
import { logPrior } from './answers.js'
import { Assignment } from './assignment.js'
import type { CertifiedEngine, EngineParam } from './certified-engine.js'
import type { Density } from './densities/types.js'
import { Solver } from './enumerate.js'
import { ground } from './ground.js'
import type { Ground } from './ground-types.js'
import { rowOf } from './latent-rows.js'
import { type MicroData, type MicroShape, microData } from './micro-data.js'
import { nestedParams, randomParams } from './micro-params.js'
import { paramLayout } from './param-layout.js'
import { integer } from './random.js'
import type { Cell } from './stored.js'
import { OracleError, type Values } from './types.js'
import { withoutUnread } from './unread.js'

/** Binds the algorithm to data; a text says why the data does not suit it, and other data is tried. */
export type EngineFor = (data: MicroData, consts: Values) => CertifiedEngine | string

export interface Trial {
  readonly ground: Ground
  readonly data: MicroData
  readonly engine: CertifiedEngine
  /** A point at which the data is possible. */
  readonly params: Float64Array
  /** Sizes in words. */
  readonly text: string
}

/** Densities that one evaluation of the likelihood may take, unless more is asked for. */
const MAX_EVALUATIONS = 1000
const ROWS = [8, 7, 6, 5, 4, 3, 2]
const SMALLEST = 2
const ATTEMPTS = 120
/** Error of a log-likelihood with which comparisons still mean something. */
const PRECISE = 1e-9
const POINTS = 8

export interface TrialOptions {
  /** Distributions that the oracle does not have itself. */
  readonly densities?: readonly Density[]
  /** Densities that one evaluation of the likelihood may take. */
  readonly evaluations?: number
  /** The log-likelihood need not be computed: any params with a prior density will do. */
  readonly bound?: boolean
}

/** A trial, or the reason why none was found. */
export function findTrial(
  model: TypedModel,
  engineFor: EngineFor,
  random: () => number,
  options: TrialOptions = {},
): Trial | string {
  let reason = 'no micro-data was found on which the model has a finite likelihood'
  let size = 0
  let failures = 0
  let consts: Values = new Map()
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const rows = ROWS[size]
    if (rows === undefined) {
      if (consts.size > 0) break
      consts = smallConsts(model)
      if (consts.size === 0) break
      size = 0
      continue
    }
    try {
      return attemptTrial(model, engineFor, consts, shapeOf(rows, attempt, random), random, options)
    } catch (e) {
      if (!(e instanceof OracleError)) throw e
      failures += 1
      // fewer rows where there is too much to enumerate, or where random data keeps being impossible
      if (e.message.includes('too many') || (failures % 12 === 0 && rows > SMALLEST)) size += 1
      reason = e.message
    }
  }
  return reason
}

/** Sizes vary from attempt to attempt, since a model may read a list of constants by a category. */
function shapeOf(rows: number, attempt: number, random: () => number): MicroShape {
  const levels = attempt % 5 === 0 ? 2 : attempt % 5 === 1 ? 3 : 2 + integer(random, 5)
  const columns = rows <= 4 ? 1 + integer(random, 2) : attempt < 4 ? 2 + integer(random, 2) : 1 + integer(random, 4)
  const reals = attempt < 6 ? 'real' : (['real', 'positive', 'unit'] as const)[integer(random, 3)]
  return { rows, columns, levels: Math.min(levels, Math.max(2, rows)), reals: reals ?? 'real' }
}

/** Scalar consts that count something, brought down to 2. */
function smallConsts(model: TypedModel): Values {
  return new Map(
    model.symbols.flatMap((s) => {
      const large =
        s.kind === 'const' && s.value.kind === 'number' && Number.isInteger(s.value.value) && s.value.value > 2
      return large ? [[s.name, 2] as const] : []
    }),
  )
}

function attemptTrial(
  model: TypedModel,
  engineFor: EngineFor,
  consts: Values,
  shape: MicroShape,
  random: () => number,
  options: TrialOptions,
): Trial {
  const data = microData(model, consts, shape, random)
  const whole = ground(model, data, consts, options.densities ?? [])
  const layout = paramLayout(model, whole.world)
  const params =
    options.bound === true
      ? randomParams(layout, random)
      : possiblePoint(withoutUnread(whole), layout, random, options.evaluations ?? MAX_EVALUATIONS)
  if (params === null)
    throw new OracleError('no params were found at which random micro-data is possible and its probability precise')
  const engine = engineFor(data, consts)
  if (typeof engine === 'string') throw new OracleError(engine)
  const point = relaid(layout, params, engine)
  const g = withoutUnread(whole, keptBy(engine, point))
  return { ground: g, data, engine, params: point, text: sizesText(data, consts) }
}

function possiblePoint(
  g: Ground,
  layout: readonly EngineParam[],
  random: () => number,
  evaluations: number,
): Float64Array | null {
  for (let i = 0; i < POINTS; i++) {
    const params = randomParams(layout, random)
    try {
      if (isPossible(g, nestedParams(layout, params), evaluations)) return params
    } catch (e) {
      if (!(e instanceof OracleError) || !e.message.includes('not a number')) throw e
    }
  }
  return null
}

/** The same numbers where the engine has them. */
function relaid(layout: readonly EngineParam[], params: Float64Array, engine: CertifiedEngine): Float64Array {
  const out = new Float64Array(engine.length)
  for (const p of engine.params) {
    const own = layout.find((q) => q.name === p.name)
    if (own?.length !== p.length) throw new OracleError(`the param ${p.name} is not laid out as it is declared`)
    out.set(params.subarray(own.offset, own.offset + own.length), p.offset)
  }
  return out
}

/** Missing values that nothing reads, of which the engine has a posterior all the same. */
function keptBy(engine: CertifiedEngine, params: Float64Array): (value: readonly Cell[]) => boolean {
  const tables = engine.moments?.(params)
  return (value) =>
    value.every((cell) => {
      const latent = engine.latents.find((l) => l.name === cell.name)
      const row = latent === undefined ? null : rowOf(latent, cell)
      if (row === null || latent?.kind === 'count') return false
      return latent?.kind === 'discrete' || !Number.isNaN(tables?.get(cell.name)?.mean[row] ?? Number.NaN)
    })
}

/** true where log p(data; params) and the prior are finite and quadrature is precise; throws where that takes more evaluations. */
export function isPossible(g: Ground, params: Values, evaluations = Number.POSITIVE_INFINITY): boolean {
  const result = new Solver(g, params, evaluations).solve(g.root, Assignment.empty(g.world.cells.length))
  return result.error <= PRECISE && Number.isFinite(result.log) && Number.isFinite(logPrior(g, params))
}

function sizesText(data: MicroData, consts: Values): string {
  const sizes = [...data.sizes].map(([name, n]) => `${name} = ${n}`)
  const lengths = [...data.lengths].map(([name, n]) => `${name} = ${[...n].join('/')}`)
  const set = [...consts].map(([name, n]) => `${name} set to ${String(n)}`)
  const text = [...sizes, ...lengths, ...set].join(', ')
  return text === '' ? 'single numbers' : text
}

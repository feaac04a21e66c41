/** A project as JSON: what share links and the browser's store hold. Everything that is read is checked. */
import {
  type Area,
  MOST_ITERATIONS,
  MOST_RESTARTS,
  type Picture,
  type Project,
  type ProjectFile,
  type RunControls,
} from './project.js'

export const PROJECT_VERSION = 1

const AREAS: readonly Area[] = ['model', 'data', 'code', 'see', 'bound', 'derivation', 'numbers', 'choose']
const MODES = ['em', 'hard', 'cem', 'anneal', 'sem', 'online', 'vb'] as const
const ACCELERATIONS = ['squarem', 'anderson'] as const
const WEIGHTS = ['frequency', 'sampling'] as const
const INITS = ['auto', 'kmeans++', 'random', 'split', 'hierarchical'] as const

/** Caps on what a link may ask for. */
const MOST_FILES = 20
const MOST_BATCH = 1e9

export interface ControlsJson {
  readonly mode?: string
  readonly compare?: boolean
  readonly seed?: number
  readonly restarts?: number
  readonly tolerance?: number
  readonly maxIterations?: number
  readonly init?: string
  readonly accelerate?: string | null
  readonly weights?: string
  readonly batch?: number | null
  readonly schedule?: readonly (readonly [string, number])[]
  readonly standardize?: boolean
  readonly fix?: readonly (readonly [string, unknown])[]
  readonly set?: readonly (readonly [string, string])[]
  readonly columns?: readonly (readonly [string, readonly string[]])[]
  readonly groupBy?: string | null
  readonly start?: readonly (readonly [string, unknown])[]
}

export function controlsToJson(c: RunControls): ControlsJson {
  const { set, columns, start, schedule, fix, ...rest } = c
  const maps = { set: [...set], columns: [...columns], start: [...start], schedule: [...schedule], fix: [...fix] }
  return { ...rest, ...maps }
}

export function projectToJson(p: Project): unknown {
  const files = p.files.filter((f) => f.kind !== 'local')
  return { estep: PROJECT_VERSION, ...p, files, controls: controlsToJson(p.controls) }
}

/** A sentence that says what is wrong with a document. */
export class NotAProject extends Error {
  override readonly name = 'NotAProject'
}

type Record_ = ReadonlyMap<string, unknown>

function recordOf(x: unknown, what: string): Record_ {
  if (typeof x !== 'object' || x === null || Array.isArray(x)) throw new NotAProject(`${what} is not an object`)
  return new Map(Object.entries(x))
}

function textOf(x: unknown, what: string): string {
  if (typeof x !== 'string') throw new NotAProject(`${what} is not a text`)
  return x
}

function wholeOf(x: unknown, what: string, least: number, most: number): number {
  if (typeof x !== 'number' || !Number.isSafeInteger(x) || x < least || x > most)
    throw new NotAProject(`${what} is not a whole number from ${least} to ${most}`)
  return x
}

function oneOf<W extends string>(x: unknown, words: readonly W[], what: string): W {
  const found = words.find((w) => w === x)
  if (found === undefined) throw new NotAProject(`${what} is none of ${words.join(', ')}`)
  return found
}

function pairsOf<V>(x: unknown, what: string, value: (v: unknown) => V): ReadonlyMap<string, V> {
  if (!Array.isArray(x)) throw new NotAProject(`${what} is not a list`)
  return new Map(
    x.map((pair: unknown) => {
      if (!Array.isArray(pair) || pair.length !== 2) throw new NotAProject(`${what} is not a list of names and values`)
      return [textOf(pair[0], what), value(pair[1])] as const
    }),
  )
}

/** Dimensions of the values of a param. */
const MOST_DIMENSIONS = 8

/** Nested arrays of numbers; null in a cell that is free. */
function numbersOf(x: unknown, what: string, depth = 0): unknown {
  if (x === null || typeof x === 'number') return x
  if (!Array.isArray(x) || depth >= MOST_DIMENSIONS) throw new NotAProject(`${what} are no arrays of numbers`)
  return x.map((item: unknown) => numbersOf(item, what, depth + 1))
}

/** @throws NotAProject */
export function controlsFromJson(x: unknown, plain: RunControls): RunControls {
  const given = recordOf(x, 'the part `controls`')
  const read = <V>(name: string, other: V, check: (v: unknown) => V): V =>
    given.get(name) === undefined ? other : check(given.get(name))
  return {
    mode: read('mode', plain.mode, (v) => oneOf(v, MODES, 'the mode')),
    compare: read('compare', plain.compare, (v) => v === true),
    seed: read('seed', plain.seed, (v) => wholeOf(v, 'the seed', 0, Number.MAX_SAFE_INTEGER)),
    restarts: read('restarts', plain.restarts, (v) => wholeOf(v, 'the number of starts', 1, MOST_RESTARTS)),
    tolerance: read('tolerance', plain.tolerance, (v) => {
      if (typeof v !== 'number' || !(v >= 0 && v < 1))
        throw new NotAProject('the tolerance is not a number from 0 to 1')
      return v
    }),
    maxIterations: read('maxIterations', plain.maxIterations, (v) =>
      wholeOf(v, 'the number of iterations', 1, MOST_ITERATIONS),
    ),
    init: read('init', plain.init, (v) => oneOf(v, INITS, 'the way of starting')),
    accelerate: read('accelerate', plain.accelerate, (v) =>
      v === null ? null : oneOf(v, ACCELERATIONS, 'the acceleration'),
    ),
    weights: read('weights', plain.weights, (v) => oneOf(v, WEIGHTS, 'the kind of weights')),
    batch: read('batch', plain.batch, (v) => (v === null ? null : wholeOf(v, 'the number of rows', 1, MOST_BATCH))),
    schedule: read('schedule', plain.schedule, (v) =>
      pairsOf(v, 'the schedule', (x) => {
        if (typeof x !== 'number' || !Number.isFinite(x)) throw new NotAProject('the schedule is not of numbers')
        return x
      }),
    ),
    standardize: read('standardize', plain.standardize, (v) => v === true),
    fix: read('fix', plain.fix, (v) =>
      pairsOf(v, 'the values that are held', (x) => numbersOf(x, 'the values that are held')),
    ),
    set: read('set', plain.set, (v) => pairsOf(v, 'the part `set`', (t) => textOf(t, 'a value to set'))),
    columns: read('columns', plain.columns, (v) =>
      pairsOf(v, 'the part `columns`', (list) => {
        if (!Array.isArray(list)) throw new NotAProject('columns are not a list')
        return list.map((c: unknown) => textOf(c, 'a column'))
      }),
    ),
    groupBy: read('groupBy', plain.groupBy, (v) => (v === null ? null : textOf(v, 'the column of groups'))),
    start: read('start', plain.start, (v) => pairsOf(v, 'the start values', (x) => numbersOf(x, 'the start values'))),
  }
}

function pictureFromJson(x: unknown): Picture {
  const given = recordOf(x, 'a picture')
  const extent = (name: string): number => wholeOf(given.get(name), `the ${name} of a picture`, 1, 1e5)
  return { width: extent('width'), height: extent('height') }
}

function fileFromJson(x: unknown): ProjectFile {
  const given = recordOf(x, 'a file')
  const name = textOf(given.get('name'), 'the name of a file')
  return given.get('kind') === 'example'
    ? { kind: 'example', example: textOf(given.get('example'), 'the name of an example'), name }
    : {
        kind: 'text',
        name,
        text: textOf(given.get('text'), 'the text of a file'),
        ...(given.get('image') === undefined ? {} : { image: pictureFromJson(given.get('image')) }),
      }
}

/** @throws NotAProject */
export function projectFromJson(x: unknown, plain: RunControls): Project {
  const given = recordOf(x, 'it')
  const version = given.get('estep')
  if (version !== PROJECT_VERSION)
    throw new NotAProject(
      typeof version === 'number' && version > PROJECT_VERSION
        ? 'it was made by a newer version of the playground'
        : 'it was not made by the playground',
    )
  const files = given.get('files')
  if (!Array.isArray(files) || files.length > MOST_FILES)
    throw new NotAProject(`its files are not a list of at most ${MOST_FILES}`)
  const example = given.get('example')
  const iteration = given.get('iteration')
  return {
    example: typeof example === 'string' ? example : null,
    source: textOf(given.get('source'), 'the model'),
    files: files.map(fileFromJson),
    controls: controlsFromJson(given.get('controls') ?? {}, plain),
    iteration: iteration === null || iteration === undefined ? null : wholeOf(iteration, 'the iteration', 0, 1e9),
    area: oneOf(given.get('area') ?? 'see', AREAS, 'the area'),
  }
}

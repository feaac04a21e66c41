/** What callers give: data, options, and how they are read. */
import type { Distribution } from '../compiler/distributions/types.js'
import type { Spawn } from '../compiler/targets/wasm/pool/types.js'
import { suggest } from '../lang/suggest.js'
import type { FitOptions, Init } from '../runtime/contract.js'
import { tableFromObject } from '../runtime/data/table-from-object.js'
import type { DataStream, Table } from '../runtime/data/types.js'
import type { AbortFlag } from '../runtime/pacer.js'
import type { FitProgress } from '../runtime/search.js'
import type { ErrorKind } from '../runtime/uncertainty.js'
import type { FitCheckpoint } from './checkpoint-document.js'
import { DataError, OptionError } from './errors.js'
import { checkMode, type Mode, type ModeSchedule } from './mode-options.js'

/** Data of a fit: tables that were read, or one object with arrays or rows (see `tableFromObject`). */
export type FitData = readonly Table[] | unknown

/** How data binds to a model; names are those of the model, values column names. */
export interface DataOptions {
  readonly columns?: ReadonlyMap<string, readonly string[]> | { readonly [name: string]: readonly string[] }
  /** Column that says which sequence a row belongs to. */
  readonly groupBy?: string | null
  /** Values of consts and of scalar data. */
  readonly set?: ReadonlyMap<string, unknown> | { readonly [name: string]: unknown }
}

/** Options of `model.fit`; the defaults are those of `estep fit`. Times are in milliseconds. */
export interface FitCallOptions extends DataOptions {
  /**
   * `hard`: the E-step takes the most probable values of the discrete latents together (max-product). `cem`: the most
   * probable value of each by itself. `anneal`: from a flattened posterior to the posterior. `sem`: draws from it.
   * `online`: rows come in batches. `vb`: params with conjugate priors have posteriors, and the objective is a lower bound.
   * See docs/modes.md.
   */
  readonly mode?: Mode
  /** Rows of a batch in the modes online (256 where left out) and hard (where left out: all rows). */
  readonly batch?: number
  /** Numbers of the schedule of anneal, sem, online, and of hard with a batch. */
  readonly schedule?: ModeSchedule
  /** Params that stay at these values, nested as in a result; the others are estimated given them. */
  readonly fix?: ReadonlyMap<string, unknown> | { readonly [name: string]: unknown }
  readonly start?: ReadonlyMap<string, unknown> | { readonly [name: string]: unknown }
  /**
   * `split`: begins with one component and splits along the direction of largest variance; `hierarchical`: joins rows to
   * clusters, for small data.
   */
  readonly init?: Init
  readonly seed?: number
  readonly restarts?: number
  readonly tolerance?: number
  readonly maxIterations?: number
  readonly floor?: number
  readonly maxTime?: number | null
  /** Jumps between the steps of EM, which the objective has to approve; null: none. */
  readonly accelerate?: 'squarem' | 'anderson' | null
  readonly trace?: boolean
  /**
   * Columns of real data are fitted at mean 0 and sd 1, and params given in the units of the data, as far as the model
   * allows.
   */
  readonly standardize?: boolean
  /** Standard errors in the result; left out: none. */
  readonly errors?: 'none' | ErrorKind
  /** Fits of the bootstrap; 500 where left out. */
  readonly replicates?: number
  /**
   * What the weights of a model are: how often each row was seen, or how many members of the population it stands for.
   * The estimates are the same; standard errors of sampling weights are those of the sandwich.
   */
  readonly weights?: 'frequency' | 'sampling'
  readonly mStep?: 'auto' | 'gradient'
  /**
   * What runs the data pass. `wasm`: generated WebAssembly; `js`: generated JavaScript; `interpret`: no generated code,
   * works under a strict content security policy.
   */
  readonly backend?: 'wasm' | 'js' | 'interpret'
  /** false: no JavaScript is generated, as a content security policy without `unsafe-eval` wants it. */
  readonly javascript?: boolean
  /**
   * Workers that share the rows, where there are enough of them to pay; by default as many as there are cores, at most 8.
   * 1: everything in the calling thread. The result has the same bits whatever their number.
   */
  readonly threads?: number
  /** Starts a worker; by default one of Node or of the page. A page's bundler may need its own way to `estep/worker`. */
  readonly spawn?: Spawn
  /** Bytes that a fit to rows which do not lie in memory may take (`rowsTable`); 1e9 where left out. */
  readonly memory?: number
  readonly signal?: AbortFlag
  /**
   * Called with the state of the fit: before the first iteration, about once a second, and when the search ends or is
   * broken off. The fit goes on meanwhile; the next state comes after a promise that is returned. What it throws ends the fit.
   */
  checkpoint?(state: FitCheckpoint): void | Promise<void>
  /** Least milliseconds between two checkpoints; 1000 where left out, 0: after every iteration. */
  readonly checkpointEvery?: number
  /**
   * A checkpoint of the same model, data and options: the fit goes on from there, and gives the bits of one that was not
   * interrupted. `maxTime` counts from here; `threads` may be others.
   */
  readonly resume?: FitCheckpoint
  onIteration?(progress: FitProgress): void
  /** Called once where rows do not lie in memory, when they have been looked through and before the first iteration. */
  onStream?(stream: DataStream): void
}

/** What can be given to `compile` beyond the source. */
export interface CompileOptions {
  /** Distributions beyond the built-in ones; one of the same name replaces a built-in one. */
  readonly distributions?: readonly Distribution[]
}

const backends: readonly unknown[] = ['wasm', 'js', 'interpret']

/** Every option there is; a name that is missing here does not compile. */
const known: Readonly<Record<keyof FitCallOptions, true>> = {
  columns: true,
  groupBy: true,
  set: true,
  mode: true,
  batch: true,
  schedule: true,
  fix: true,
  start: true,
  init: true,
  seed: true,
  restarts: true,
  tolerance: true,
  maxIterations: true,
  floor: true,
  maxTime: true,
  accelerate: true,
  trace: true,
  standardize: true,
  errors: true,
  replicates: true,
  weights: true,
  mStep: true,
  backend: true,
  javascript: true,
  threads: true,
  spawn: true,
  memory: true,
  signal: true,
  checkpoint: true,
  checkpointEvery: true,
  resume: true,
  onIteration: true,
  onStream: true,
}

/** @throws OptionError where there is an option that does not exist: it is never ignored */
export function checkNames(options: FitCallOptions): void {
  const names = Object.keys(known)
  for (const name of Object.keys(options)) {
    if (names.includes(name)) continue
    const near = suggest(name, names)
    const hint = near === undefined ? `there are ${names.join(', ')}` : `did you mean \`${near}\`?`
    throw new OptionError(`there is no option \`${name}\`: ${hint}`)
  }
  checkMode(options)
}

/** More workers than this are a mistake. */
const MOST_THREADS = 256

/** @throws OptionError where `backend` or `threads` is none of what there is */
export function checkBackend({ backend, threads }: FitCallOptions): void {
  if (backend !== undefined && !backends.includes(backend))
    throw new OptionError(`backend takes ${backends.join(', ')}, not \`${backend}\``)
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS))
    throw new OptionError(`threads takes a whole number from 1 to ${MOST_THREADS}, not \`${threads}\``)
}

/** The options that the search over starts reads. */
export function searchOptions(o: FitCallOptions): Partial<FitOptions> {
  const keys = [
    'seed',
    'restarts',
    'tolerance',
    'maxIterations',
    'floor',
    'maxTime',
    'trace',
    'init',
    'accelerate',
  ] as const
  return Object.fromEntries(keys.flatMap((k) => (o[k] === undefined ? [] : [[k, o[k]]])))
}

/** @throws DataError where an object is no table */
export const tablesOf = (data: FitData): readonly Table[] => {
  if (Array.isArray(data) && data.every(isTable)) return data
  const read = tableFromObject(data)
  if (read.value === undefined) throw new DataError(read.problems)
  return [read.value]
}

const isTable = (x: unknown): x is Table => typeof x === 'object' && x !== null && 'rowNumbers' in x && 'columns' in x

/** A Map, or the own entries of a record. */
export function entriesOf(x: unknown): ReadonlyMap<string, unknown> {
  if (x instanceof Map) return x
  return typeof x === 'object' && x !== null ? new Map(Object.entries(x)) : new Map()
}

export const record = (x: unknown): unknown => (x instanceof Map ? Object.fromEntries(x) : x)

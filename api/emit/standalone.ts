/**
 * The runtime of a stand-alone program: it binds data to the plan, runs the kernels that were printed for it, and drives EM as
 * `estep fit` does. It is bundled to one text, to which plan and kernels are added (`emit-program.ts`).
 */
import { bindProgram } from '../../compiler/bind/bound-model.js'
import { dataDeclarations } from '../../compiler/bind/declarations.js'
import { HardModel } from '../../compiler/bind/hard-model.js'
import { BindError } from '../../compiler/bind/sizes.js'
import type { Derivation } from '../../compiler/derive.js'
import type { KernelOp } from '../../compiler/kernel/types.js'
import { type Bindings, resolveArguments, resolveHelpers } from '../../compiler/targets/javascript/bindings.js'
import type { EmittedFunction } from '../../compiler/targets/javascript/instantiate.js'
import type { CompileKernel } from '../../compiler/targets/memory.js'
import { bindData } from '../../runtime/data/bind.js'
import { fitModel } from '../../runtime/fit.js'
import { stepMode } from '../../runtime/modes/fit-mode.js'
import { emptyContext } from '../../runtime/result.js'
import { startValuesFromJson } from '../../runtime/start-values.js'
import { DataError, OptionError, problem } from '../errors.js'
import { nextTurn } from '../next-turn.js'
import { entriesOf, type FitData, record, searchOptions, tablesOf } from '../options.js'
import { type CommandLine, commandLine } from './command-line.js'
import { readPlan, type WrittenDerivation, type WrittenPlan } from './read-plan.js'
import type { StandaloneFit, StandaloneOptions } from './standalone-types.js'

/** Operations that were printed together, and what their text reads. */
export interface StandaloneKernel {
  readonly ops: readonly number[]
  readonly bindings: Bindings
  readonly code: (helpers: ReturnType<typeof resolveHelpers>) => readonly EmittedFunction[]
}

export interface StandaloneModel {
  readonly plan: WrittenPlan
  readonly kernels: readonly StandaloneKernel[]
}

export interface StandaloneSource extends StandaloneModel {
  readonly name: string
  readonly estepVersion: string
  /** Models in which some scales of latents are 0, by the names of these. */
  readonly withoutScales: readonly (readonly [names: string, model: StandaloneModel])[]
}

export interface StandaloneProgram extends CommandLine {
  /**
   * Fits the model to data: arrays by name, an array of row objects, or tables.
   *
   * @throws DataError, OptionError
   */
  fit(data: FitData, options?: StandaloneOptions): Promise<StandaloneFit>
}

export function createProgram(source: StandaloneSource): StandaloneProgram {
  const derivation = readPlan(source.plan)
  const smaller = new Map(source.withoutScales)
  const fit = async (data: FitData, options: StandaloneOptions = {}): Promise<StandaloneFit> => {
    const set = entriesOf(options.set ?? new Map())
    refuseUnknown(derivation, set)
    refuseModes(options)
    const isHard = options.mode === 'hard'
    if (isHard && derivation.hardSteps === null)
      throw new OptionError('this model has no mode hard; `estep fit --mode hard` says why')
    const bound = bindData(dataDeclarations(derivation.model, set), tablesOf(data), {
      columns: entriesOf(options.columns ?? new Map()) as ReadonlyMap<string, readonly string[]>,
      groupBy: options.groupBy ?? null,
      set,
    })
    if (bound.value === undefined) throw new DataError(bound.problems)
    const { value } = bound
    const made = new Map<Derivation, CompileKernel>([[derivation, compilerOf(source.kernels)]])
    const bind = (d: WrittenDerivation): ReturnType<typeof bindProgram> => {
      const settings = {
        set,
        seed: options.seed ?? 1,
        compile: made.get(d) ?? compilerOf(source.kernels),
        withoutScales: () => null,
      }
      if (!isHard || d.hardSteps === null) return bindProgram(d, value, settings)
      return new HardModel({ ...d, eStep: { ...d.eStep, steps: d.hardSteps } }, value, settings)
    }
    let model: ReturnType<typeof bindProgram>
    try {
      model = bind(derivation)
    } catch (e) {
      if (!(e instanceof BindError)) throw e
      throw new DataError([problem(e.code, e.message, e.help)])
    }
    model.withoutScales = (names) => {
      const found = smaller.get([...names].sort().join(' '))
      if (found === undefined) return null
      const d = readPlan(found.plan)
      if (isHard && d.hardSteps === null) return null
      made.set(d, compilerOf(found.kernels))
      const limit = bind(d)
      limit.setFloor(options.floor ?? 1e-6)
      return limit
    }
    model.setFloor(options.floor ?? 1e-6)
    const start = options.start === undefined ? undefined : startValuesFromJson(record(options.start))
    const outcome = await fitModel(
      model,
      { ...searchOptions(options), ...(start === undefined ? {} : { start }) },
      {
        pause: nextTurn,
        ...(isHard ? { mode: stepMode('hard') } : {}),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...(options.onIteration === undefined ? {} : { onIteration: options.onIteration.bind(options) }),
        context: {
          ...emptyContext,
          estepVersion: source.estepVersion,
          columns: value.columns,
          warnings: value.warnings.map((w) => ({ code: w.code, message: w.message })),
        },
      },
    )
    if (!outcome.ok) throw new OptionError(outcome.problems.map((p) => p.message).join('\n'))
    const { plan: _, ...result } = outcome.result
    return result
  }
  return { fit, ...commandLine(source.name, fit) }
}

/** Kernels are printed for EM and for hard mode. */
function refuseModes(options: object): void {
  const mode: unknown = Reflect.get(options, 'mode')
  if (mode !== undefined && mode !== 'em' && mode !== 'hard')
    throw new OptionError(`this program runs the modes em and hard; \`estep fit\` has \`${String(mode)}\` too`)
  for (const name of ['batch', 'schedule'])
    if (Reflect.get(options, name) !== undefined)
      throw new OptionError(`this program has no option \`${name}\`; the library and \`estep fit\` have it`)
}

function refuseUnknown(d: Derivation, set: ReadonlyMap<string, unknown>): void {
  const known = d.model.symbols.filter((s) => s.kind === 'const' || s.kind === 'data').map((s) => s.name)
  for (const name of set.keys())
    if (!known.includes(name))
      throw new OptionError(
        `the model has no const or data \`${name}\`; it has ${known.map((n) => `\`${n}\``).join(', ')}`,
      )
}

interface Numbered {
  readonly n: number
}

/** Kernels by the operations that stand for them: a list is made of the longest ones that were printed. */
function compilerOf(kernels: readonly StandaloneKernel[]): CompileKernel {
  const byFirst = new Map<number, StandaloneKernel[]>()
  for (const k of kernels) {
    const first = k.ops[0] ?? -1
    byFirst.set(
      first,
      [...(byFirst.get(first) ?? []), k].sort((a, b) => b.ops.length - a.ops.length),
    )
  }
  return (ops, buffers) => {
    const numbers = ops.map((op) => (op as KernelOp & Numbered).n)
    const parts: { readonly kernel: StandaloneKernel; readonly calls: readonly EmittedFunction[] }[] = []
    for (let at = 0; at < numbers.length; ) {
      const first = numbers[at] ?? -1
      const kernel = byFirst.get(first)?.find((k) => k.ops.every((n, i) => numbers[at + i] === n))
      if (kernel === undefined) throw new Error(`operation ${first} was not printed`)
      parts.push({ kernel, calls: kernel.code(resolveHelpers(kernel.bindings)) })
      at += kernel.ops.length
    }
    const declared = new Map(buffers.map((b) => [b.id, b]))
    return {
      run(memory, block) {
        for (const { kernel, calls } of parts) {
          const { arrays, integers, sparse } = resolveArguments(kernel.bindings, declared, memory, block)
          for (const call of calls) call(arrays, integers, sparse)
        }
      },
    }
  }
}

import { compileOrThrow, type Fit, type FitCallOptions, readTable } from '../../index.js'
import { type FitArguments, parseFitArguments } from './fit-arguments.js'

/** One data file: its name decides how it is read. */
export interface DataFile {
  readonly name: string
  readonly text: string
}

/** Compiles a model and fits it as `estep fit` would with these arguments. */
export async function runCase(
  source: string,
  files: readonly DataFile[],
  args: readonly string[],
  seed: number,
  readFile: (name: string) => string,
): Promise<Fit> {
  return fitModel(source, files, { ...given(parseFitArguments(args, readFile)), seed })
}

/** Compiles a model and fits it to files. */
export async function fitModel(source: string, files: readonly DataFile[], options: FitCallOptions): Promise<Fit> {
  const tables = files.map((f) => {
    const { value, problems } = readTable(f.name, f.text)
    if (value === undefined) throw new Error(problems.map((p) => p.message).join('\n'))
    return value
  })
  return compileOrThrow(source).fit(tables, { ...backendOfRun(), ...options })
}

/** `ESTEP_BACKEND=wasm` (js, interpret) runs everything through one backend. */
function backendOfRun(): Pick<FitCallOptions, 'backend'> {
  const { ESTEP_BACKEND: backend } = process.env
  return backend === 'wasm' || backend === 'js' || backend === 'interpret' ? { backend } : {}
}

/** The options that were given, without those left to their defaults. */
function given(o: FitArguments): FitCallOptions {
  return {
    columns: o.columns,
    set: o.set,
    ...(o.start === undefined ? {} : { start: o.start }),
    ...(o.init === undefined ? {} : { init: o.init }),
    ...(o.restarts === undefined ? {} : { restarts: o.restarts }),
    ...(o.tolerance === undefined ? {} : { tolerance: o.tolerance }),
    ...(o.maxIterations === undefined ? {} : { maxIterations: o.maxIterations }),
    ...(o.groupBy === undefined ? {} : { groupBy: o.groupBy }),
    ...(o.mode === undefined ? {} : { mode: o.mode }),
  }
}

/** Codes of the warnings of a fit. */
export const warningCodes = (fit: Fit): readonly string[] => fit.warnings.map((w) => w.code)

/** A component has collapsed or is nearly empty. */
export const isDegenerate = (fit: Fit): boolean => warningCodes(fit).some((code) => code === 'W521' || code === 'W522')

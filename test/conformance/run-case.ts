import { compileOrThrow, readTable } from '../../index.js'
import { type FitArguments, parseFitArguments } from './fit-arguments.js'

/** What the comparisons read of a fit. */
export interface CaseFit {
  readonly logLikelihood: number
  readonly objective: number
  readonly params: Readonly<Record<string, unknown>>
  readonly converged: boolean
  readonly starts: readonly unknown[]
}

/** One data file: its name decides how it is read. */
export interface DataFile {
  readonly name: string
  readonly text: string
}

/** Compiles a model and fits it as `estep fit` would with these arguments. The only place that knows the public API. */
export async function runCase(source: string, files: readonly DataFile[], args: readonly string[], seed: number, readFile: (name: string) => string): Promise<CaseFit> {
  const options = parseFitArguments(args, readFile)
  const tables = files.map((f) => {
    const { value, problems } = readTable(f.name, f.text)
    if (value === undefined) throw new Error(problems.map((p) => p.message).join('\n'))
    return value
  })
  return compileOrThrow(source).fit(tables, { ...given(options), seed })
}

/** The options that were given, without those left to their defaults. */
function given(options: FitArguments): Partial<FitArguments> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
}

import type { Diagnostic } from '../lang/diagnostics/types.js'
import type { DataProblem } from '../runtime/data/types.js'

/** The model has errors. */
export class CompileError extends Error {
  override readonly name = 'CompileError'
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    super(
      diagnostics
        .filter((d) => d.severity === 'error')
        .map((d) => `${d.code}: ${d.message}`)
        .join('\n'),
    )
  }
}

/** The data does not fit the model. */
export class DataError extends Error {
  override readonly name = 'DataError'
  constructor(readonly problems: readonly DataProblem[]) {
    super(problems.map((p) => p.message).join('\n'))
  }
}

/** An option names something that is not there, or has the wrong shape. */
export class OptionError extends Error {
  override readonly name = 'OptionError'
}

/** A complaint that has no place in a file. */
export const problem = (code: string, message: string, help: string | null = null): DataProblem => ({
  code,
  message,
  source: null,
  row: null,
  column: null,
  value: null,
  help,
})

import { CompileError, DataError, OptionError } from '../../api/errors.js'
import type { DataProblem } from '../../runtime/data/types.js'
import { AbortError, InternalError } from '../../runtime/errors.js'
import type { Complaint } from './messages.js'

/** What went wrong, in sentences for the reader. */
export function complaintsOf(error: unknown): readonly Complaint[] {
  if (error instanceof DataError) return error.problems.map(ofProblem)
  if (error instanceof CompileError)
    return error.diagnostics.map(({ code, message, help }) => ({ code, message, help: help ?? null }))
  if (error instanceof OptionError) return error.message.split('\n').map((message) => plain(message))
  if (error instanceof AbortError) return [plain('stopped before the first iteration was done')]
  if (error instanceof InternalError)
    return [{ code: 'E901', message: `internal error: ${error.message}`, help: 'please report it with the model' }]
  return [
    { code: 'E901', message: `internal error: ${error instanceof Error ? error.message : String(error)}`, help: null },
  ]
}

export const plain = (message: string): Complaint => ({ code: null, message, help: null })

/** With its place where the sentence does not say it. */
export function ofProblem({ code, message, source, row, column, help }: DataProblem): Complaint {
  const place = [
    source,
    row === null ? null : `row ${row}`,
    column === null || message.includes(column) ? null : `column ${column}`,
  ].filter((part) => part !== null && !message.includes(part))
  return { code, message: place.length === 0 ? message : `${place.join(', ')}: ${message}`, help }
}

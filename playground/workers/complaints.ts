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

/** Options of the command line, and what does the same on the page. */
const ON_THE_PAGE: readonly (readonly [RegExp, string])[] = [
  [/give a file with --data FILE/g, 'choose a file, paste a table, or drop a file on the page'],
  [
    /(?:say it, for instance: )?--columns ([^\s=']+)=\S+/g,
    'choose the columns of `$1` below, under “Columns of the model”',
  ],
  [/say which: --data \S+/g, 'leave only the file that holds it'],
]

const onThePage = (text: string): string =>
  ON_THE_PAGE.reduce((said, [option, words]) => said.replace(option, words), text)

/** With its place where the sentence does not say it, and in words of the page. */
export function ofProblem({ code, message: said, source, row, column, help: helps }: DataProblem): Complaint {
  const message = onThePage(said)
  const help = helps === null ? null : onThePage(helps)
  const place = [
    source,
    // a sentence that says the row and its line need not be told the line again
    row === null || /\b(?:row|line) \d/.test(message) ? null : `row ${row}`,
    column === null || message.includes(column) ? null : `column ${column}`,
  ].filter((part) => part !== null && !message.includes(part))
  return { code, message: place.length === 0 ? message : `${place.join(', ')}: ${message}`, help }
}

import type { DataProblem } from '../../runtime/data/types.js'
import { type Paint, printable } from './paint.js'

/** A complaint about data as text for a terminal. */
export function dataProblemText(problem: DataProblem, paint: Paint): string {
  const severity = problem.code.startsWith('W') ? 'warning' : 'error'
  const head = `${paint.diagnostic(severity, `${severity}[${problem.code}]`)}${paint.strong(`: ${printable(problem.message)}`)}`
  return problem.help === null
    ? `${head}\n`
    : `${head}\n  = ${paint.diagnostic('help', 'help')}: ${printable(problem.help)}\n`
}

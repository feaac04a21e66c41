import { render } from '../lang/diagnostics/render.js'
import type { Diagnostic } from '../lang/diagnostics/types.js'
import type { Source } from '../lang/source.js'
import type { DataProblem } from '../runtime/data/types.js'
import type { Host } from './host.js'
import type { Ports } from './ports.js'
import { dataProblemText } from './render/data-problem.js'
import { createPaint, type Paint } from './render/paint.js'

/** What every command is given. */
export interface Context {
  readonly host: Host
  readonly ports: Ports
  readonly out: Paint
  readonly err: Paint
}

export function createContext(host: Host, ports: Ports): Context {
  return { host, ports, out: createPaint(host.colourOut), err: createPaint(host.colourErr) }
}

/** One JSON document on stdout. Infinite numbers are strings, what is no number is null. */
export function printJson(context: Context, value: unknown): void {
  context.host.stdout(jsonText(value))
}

export function jsonText(value: unknown): string {
  const plain = (_: string, item: unknown): unknown =>
    typeof item === 'number' && !Number.isFinite(item) ? (Number.isNaN(item) ? null : String(item)) : item
  return `${JSON.stringify(value, plain, 2)}\n`
}

export function printDiagnostics(context: Context, diagnostics: readonly Diagnostic[], source: Source): void {
  for (const diagnostic of diagnostics) context.host.stderr(`${render(diagnostic, source, context.err.diagnostic)}\n`)
}

/** Complaints about data on stderr, and as the JSON document where one was asked for. */
export function printProblems(context: Context, problems: readonly DataProblem[], json: boolean): void {
  if (json) printJson(context, { ok: false, problems })
  for (const problem of problems) context.host.stderr(dataProblemText(problem, context.err))
}

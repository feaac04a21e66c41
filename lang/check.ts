import type { ModelFile } from './ast/types.js'
import { checkFile } from './check/check-file.js'
import type { Diagnostic, Outcome } from './diagnostics/types.js'
import type { DistributionSignature } from './signature.js'
import type { Source } from './source.js'
import { parse } from './syntax/parse.js'
import type { ModelSymbol, TypedModel } from './typed/types.js'

export { checkFile } from './check/check-file.js'

/**
 * Reads and types a model file. Every error of the file is reported in one run; `value` is there only when there is
 * none. `distributions` are the signatures of the distributions that the model may use.
 */
export function check(source: Source, distributions: readonly DistributionSignature[]): Outcome<TypedModel> {
  const { value, diagnostics } = inspect(source, distributions)
  return value === undefined ? { diagnostics } : { value, diagnostics }
}

/** What is known of a text, right or wrong: the syntax tree with holes, and the symbols that could be made out. */
export interface Inspected extends Outcome<TypedModel> {
  /** null only beyond the caps on size and nesting. */
  readonly file: ModelFile | null
  readonly symbols: readonly ModelSymbol[]
}

/** The same as `check`, with what an editor needs of a text that is wrong. */
export function inspect(source: Source, distributions: readonly DistributionSignature[]): Inspected {
  const parsed = parse(source)
  if (parsed.value === undefined) return { diagnostics: parsed.diagnostics, file: null, symbols: [] }
  const checked = checkFile(parsed.value, source, distributions)
  const broken = parsed.diagnostics.filter((d) => d.severity === 'error')
  const fresh = checked.diagnostics.filter((d) => !followsFrom(broken, d, source.text))
  const diagnostics = [...parsed.diagnostics, ...fresh].sort((a, b) => a.span.start - b.span.start)
  const known = { diagnostics, file: parsed.value, symbols: checked.symbols }
  return broken.length > 0 || checked.value === undefined ? known : { ...known, value: checked.value }
}

/**
 * Whether a complaint may be there only because a statement could not be read: at the same place, of a name that stands
 * on a line with a syntax error, or of distributions that are missing or too many.
 */
function followsFrom(broken: readonly Diagnostic[], d: Diagnostic, text: string): boolean {
  if (broken.length === 0) return false
  if (d.severity !== 'error' || ['E217', 'E218'].includes(d.code)) return true
  if (broken.some((b) => b.span.start < d.span.end && d.span.start < b.span.end)) return true
  if (d.code !== 'E201' && d.code !== 'E227') return false
  const name = text.slice(d.span.start, d.span.end)
  return broken.some((b) => wordsAround(text, b.span.start).includes(name))
}

function wordsAround(text: string, offset: number): readonly string[] {
  const start = text.lastIndexOf('\n', offset - 1) + 1
  const end = text.indexOf('\n', offset)
  return text.slice(start, end === -1 ? text.length : end).match(/[A-Za-z_]\w*/g) ?? []
}

import { checkFile } from './check/check-file.js'
import type { Diagnostic, Outcome } from './diagnostics/types.js'
import type { DistributionSignature } from './signature.js'
import type { Source } from './source.js'
import { parse } from './syntax/parse.js'
import type { TypedModel } from './typed/types.js'

export { checkFile } from './check/check-file.js'

/**
 * Reads and types a model file. Every error of the file is reported in one run; `value` is there only when there is
 * none. `distributions` are the signatures of the distributions that the model may use.
 */
export function check(source: Source, distributions: readonly DistributionSignature[]): Outcome<TypedModel> {
  const parsed = parse(source)
  if (parsed.value === undefined) return { diagnostics: parsed.diagnostics }
  const checked = checkFile(parsed.value, source, distributions)
  // What the parser complains of at a place is not told twice.
  const fresh = checked.diagnostics.filter((d) => !parsed.diagnostics.some((p) => overlap(p, d)))
  const diagnostics = [...parsed.diagnostics, ...fresh].sort((a, b) => a.span.start - b.span.start)
  const failed = parsed.diagnostics.some((d) => d.severity === 'error')
  return failed || checked.value === undefined ? { diagnostics } : { value: checked.value, diagnostics }
}

function overlap(a: Diagnostic, b: Diagnostic): boolean {
  return a.span.start < b.span.end && b.span.start < a.span.end
}

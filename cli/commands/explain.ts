import { allEntries, lookUp } from '../../lang/diagnostics/catalogue.js'
import { renderExplain } from '../../lang/diagnostics/render-explain.js'
import { didYouMean } from '../../runtime/data/nearest-name.js'
import { warningExplanations } from '../../runtime/warnings.js'
import { type Context, printJson } from '../context.js'
import { exitCodes, UsageError } from '../exit-codes.js'

/** `estep explain CODE`: what a diagnostic means, with an example. */
export function explain(context: Context, code: string, options: { readonly json?: boolean }): number {
  const wanted = code.trim().toUpperCase()
  const entry = lookUp(wanted)
  const warning = warningExplanations.find((candidate) => candidate.code === wanted)
  if (entry !== undefined) {
    if (options.json === true) printJson(context, entry)
    else context.host.stdout(renderExplain(entry))
  } else if (warning !== undefined) {
    const explained = { ...warning, severity: 'warning' as const, example: '', fixed: '' }
    if (options.json === true) printJson(context, explained)
    else context.host.stdout(renderExplain(explained))
  } else {
    const known = [...allEntries(), ...warningExplanations].map((candidate) => candidate.code)
    throw new UsageError(`there is no diagnostic \`${code}\``, didYouMean(wanted, known))
  }
  return exitCodes.done
}

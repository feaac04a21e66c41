import { render } from '../../lang/diagnostics/render.js'
import { type Context, printJson } from '../context.js'
import { exitCodes } from '../exit-codes.js'
import { readSource } from '../load-model.js'
import type { Certificate, ModelPort } from '../ports.js'
import { formatNumber, plural } from '../render/numbers.js'
import { textTable } from '../render/text-table.js'

export interface CheckOptions {
  readonly certify?: boolean
  readonly seed: number
  readonly json?: boolean
}

/** `estep check MODEL…`: the diagnostics are the result, on stdout. */
export async function check(context: Context, paths: readonly string[], options: CheckOptions): Promise<number> {
  const { host, ports, out } = context
  const reports: unknown[] = []
  let status: number = exitCodes.done
  for (const path of paths) {
    const source = await readSource(context, path)
    const { model, diagnostics } = ports.compile(source)
    if (model === undefined) status = exitCodes.model
    const certificate =
      options.certify === true && model !== undefined ? await model.certify({ seed: options.seed }) : null
    if (certificate !== null && !certificate.passed && status === exitCodes.done) status = exitCodes.certificate
    reports.push({
      file: source.name,
      ok: model !== undefined,
      diagnostics,
      ...(certificate === null ? {} : { certificate }),
    })
    if (options.json === true) continue
    for (const diagnostic of diagnostics) host.stdout(`${render(diagnostic, source, out.diagnostic)}\n`)
    if (model !== undefined) host.stdout(`${source.name}: ${summary(model, diagnostics.length)}\n`)
    if (certificate !== null) host.stdout(certificateText(certificate))
  }
  if (options.json === true) printJson(context, { ok: status === exitCodes.done, models: reports })
  return status
}

function summary(model: ModelPort, remarks: number): string {
  return `model ${model.name} has no errors${remarks === 0 ? '' : `, ${plural(remarks, 'warning')}`}`
}

function certificateText(certificate: Certificate): string {
  if (certificate.declined !== undefined) return `not certified: ${certificate.declined}\n`
  const rows = certificate.checks.map(({ name, passed, error, tolerance, detail }) => [
    `${passed ? 'holds' : 'FAILS'}  ${name}${detail === '' ? '' : ` (${detail})`}`,
    formatNumber(error),
    formatNumber(tolerance),
  ])
  const lines = textTable(['', 'largest error', 'allowed'], rows)
  return `${lines.join('\n')}\n${certificate.passed ? 'certified' : 'not certified: the derivation disagrees with brute force'}\n`
}

/** The ways to write the call that is open at a place, and which argument is at hand. */
import { builtinUsage } from '../check/functions.js'
import { specialUsages } from '../check/special-distributions.js'
import type { Analysis } from './analyse.js'
import { cursorAt, type OpenCall } from './cursor.js'
import { argumentType } from './hover.js'
import type { CallSignature, SignatureHelp } from './types.js'
import { functionWords, specialWords } from './words.js'

export function signatureHelp(a: Analysis, offset: number): SignatureHelp | null {
  const { call } = cursorAt(a, offset)
  if (call === null) return null
  const signature = a.distributions.get(call.name)
  if (signature !== undefined) {
    const { parametrisations } = signature
    const fits = parametrisations.map((p) => call.named.every((n) => p.arguments.some((x) => x.name === n)))
    const wantedFit = fits.indexOf(true)
    const activeSignature = wantedFit === -1 ? 0 : wantedFit
    const args = parametrisations[activeSignature]?.arguments ?? []
    const byName = args.findIndex((x) => x.name === call.argument)
    return {
      signatures: parametrisations.map((p) =>
        callSignature(
          call.name,
          p.arguments.map((x) => ({ text: x.name, documentation: argumentType(x.support, x.rank) })),
          signature.summary,
        ),
      ),
      activeSignature,
      activeParameter: call.argument === null ? (call.place < args.length ? call.place : -1) : byName,
    }
  }
  const own = a.file.statements.find((s) => s.kind === 'fn' && s.name.name === call.name)
  if (own?.kind === 'fn')
    return single(
      call,
      callSignature(
        call.name,
        own.parameters.map((p) => ({ text: p.name, documentation: '' })),
        'A function of this model.',
      ),
    )
  const usage = builtinUsage(call.name)
  if (usage !== undefined) {
    const label = usage.split(' or ')[0] ?? usage
    const inner = label.slice(label.indexOf('(') + 1, -1)
    const names = inner.split(', ').map((text) => ({ text, documentation: '' }))
    return single(call, callSignature(call.name, names, functionWords.get(call.name) ?? ''))
  }
  const special = specialUsages.get(call.name)
  if (special === undefined) return null
  const documentation = specialWords.get(call.name)?.text ?? ''
  return { signatures: [{ label: special, documentation, parameters: [] }], activeSignature: 0, activeParameter: -1 }
}

function single(call: OpenCall, signature: CallSignature): SignatureHelp {
  const last = signature.parameters.length - 1
  const many = signature.label.includes('…')
  const activeParameter = call.place <= last ? call.place : many ? last : -1
  return { signatures: [signature], activeSignature: 0, activeParameter }
}

function callSignature(
  name: string,
  parts: readonly { readonly text: string; readonly documentation: string }[],
  documentation: string,
): CallSignature {
  let label = `${name}(`
  const parameters = parts.map(({ text, documentation: words }, i) => {
    if (i > 0) label += ', '
    const start = label.length
    label += text
    return { span: { start, end: label.length }, documentation: words }
  })
  return { label: `${label})`, documentation, parameters }
}

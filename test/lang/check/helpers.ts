import { check } from '../../../lang/check.js'
import { positionAt } from '../../../lang/source.js'
import { printModel } from '../../../lang/typed/print.js'
import type { TypedModel } from '../../../lang/typed/types.js'
import { signatures } from '../signatures.js'

/** The typed model; fails where there is an error. */
export function typed(text: string): TypedModel {
  const { value, diagnostics } = check({ name: 'test.estep', text: `model Test\n${text}\n` }, signatures)
  if (value === undefined) throw new Error(diagnostics.map((d) => `${d.code}: ${d.message}`).join('\n'))
  return value
}

/** The lines of the printed model, without the first. */
export function printed(text: string): readonly string[] {
  return printModel(typed(text)).trimEnd().split('\n').slice(1)
}

/** `E204 9:26` of everything that is told; the text starts on line 2. */
export function complaints(text: string): readonly string[] {
  const source = { name: 'test.estep', text: `model Test\n${text}\n` }
  return check(source, signatures).diagnostics.map((d) => {
    const { line, column } = positionAt(source.text, d.span.start)
    return `${d.code} ${line}:${column}`
  })
}

/** The messages and helps of everything that is told. */
export function messages(text: string): readonly string[] {
  const source = { name: 'test.estep', text: `model Test\n${text}\n` }
  return check(source, signatures).diagnostics.flatMap((d) =>
    d.help === undefined ? [d.message] : [d.message, d.help],
  )
}

import { expect, test } from 'vitest'
import { signatureHelp } from '../../../lang/service/signature-help.js'
import { at } from './texts.js'

const helpAt = (call: string) => {
  const { a, offset } = at(`model M\ndata x : real[N]\nfn f(a, b) = a + b\nfor n in 1..N { x[n] ~ ${call} }`)
  const help = signatureHelp(a, offset)
  const active = help?.signatures[help.activeSignature]
  const span = help === null ? undefined : active?.parameters[help.activeParameter]?.span
  return { label: active?.label, parameter: span === undefined ? null : active?.label.slice(span.start, span.end) }
}

test.each([
  ['Normal(|', 'Normal(mean, sd)', 'mean'],
  ['Normal(0, |)', 'Normal(mean, sd)', 'sd'],
  ['Normal(0, var=|)', 'Normal(mean, var)', 'var'],
  ['Normal(|, precision=2)', 'Normal(mean, precision)', 'mean'],
  ['Normal(sqrt(|), 1)', 'sqrt(number)', 'number'],
  ['Normal(f(1, |), 1)', 'f(a, b)', 'b'],
  ['Normal([1, 2, |', 'Normal(mean, sd)', 'mean'],
  ['Normal((1 + |', 'Normal(mean, sd)', 'mean'],
  ['Normal(0, 1, 2, |)', 'Normal(mean, sd)', null],
])('%s', (call, label, parameter) => {
  expect(helpAt(call)).toEqual({ label, parameter })
})

test('there is none outside of calls', () => {
  expect(helpAt('Normal(0, 1) |').label).toBeUndefined()
})

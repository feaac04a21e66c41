import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLanguageService, type LanguageRequest } from '../../../compiler/service/language-service.js'

const examples = join(import.meta.dirname, '../../../examples')
const example = (path: string): string => readFileSync(join(examples, path), 'utf8')
const service = createLanguageService()

test('hovers tell the rule that updates a param', () => {
  const text = example('old-faithful/spherical.estep')
  const hovered = service.answer({ kind: 'hover', text, offset: text.indexOf('sigma') })
  expect(hovered?.markdown).toContain('positive[K]')
  expect(hovered?.markdown).toContain('**M-step**: closed form (family-mode, generalised Gamma)')
  expect(hovered?.markdown).toContain('sigma_k = √')
})

test('hovers tell why there is no closed form', () => {
  const text = example('switching/model.estep')
  const hovered = service.answer({ kind: 'hover', text, offset: text.indexOf('param G') + 6 })
  expect(hovered?.markdown).toContain('no closed form (multinomial-logit')
  expect(hovered?.markdown).toContain('`family-mode/dirichlet`: the param is not a simplex')
})

test('hovers tell how a latent is summed out', () => {
  const text = example('nile/level.estep')
  const hovered = service.answer({ kind: 'hover', text, offset: text.indexOf('m[1]') })
  expect(hovered?.markdown).toContain('**E-step**: sparse-gaussian, Normal posterior')
})

test('hints stand at the end of each declaration', () => {
  const text = example('old-faithful/spherical.estep')
  const hints = service.answer({ kind: 'inlayHints', text })
  expect(hints.map((h) => h.label)).toEqual([
    'M-step: pi_k = N_k / N',
    'M-step: mu_k = (∑_n r_nk x_n) / N_k',
    expect.stringContaining('M-step: '),
    'E-step: enumeration',
  ])
  for (const h of hints) expect(text.slice(h.offset).startsWith('\n') || /^\s*#/.test(text.slice(h.offset))).toBe(true)
})

test('a model with errors has no hints of its own, and its diagnostics', () => {
  const text = example('old-faithful/spherical.estep').replace('Normal(', 'Normall(')
  expect(createLanguageService().answer({ kind: 'inlayHints', text })).toEqual([])
  expect(service.answer({ kind: 'diagnostics', text }).map((d) => d.code)).toContain('E202')
})

test('hints of before stay while a text has errors: where their declarations are now, and marked', () => {
  const own = createLanguageService()
  const good = example('old-faithful/spherical.estep')
  const before = own.answer({ kind: 'inlayHints', text: good, document: 'a' })
  const bad = `# a line above\n${good.replace('Normal(', 'Normall(').replace(/^param pi\b.*$/m, 'param pi : simplexx[K]')}`
  const after = own.answer({ kind: 'inlayHints', text: bad, document: 'a' })
  // that of pi is written anew, so nothing is known of it
  expect(after.map((h) => h.label)).toEqual(before.slice(1).map((h) => `${h.label} (stale)`))
  for (const h of after) expect(bad.slice(h.offset)).toMatch(/^ *(#.*)?\n/)
  expect(after.map((h) => bad.slice(h.span.start, h.span.end))).toEqual(
    before.slice(1).map((h) => good.slice(h.span.start, h.span.end)),
  )
  expect(own.answer({ kind: 'inlayHints', text: bad, document: 'b' })).toEqual([])
  expect(own.answer({ kind: 'inlayHints', text: good, document: 'a' })).toEqual(before)
})

test('a text that has no end yet keeps the hints of what stands before', () => {
  const own = createLanguageService()
  const good = example('old-faithful/spherical.estep')
  own.answer({ kind: 'inlayHints', text: good })
  const after = own.answer({ kind: 'inlayHints', text: good.slice(0, good.lastIndexOf('}')) })
  expect(after.map((h) => h.label)).toContain('M-step: pi_k = N_k / N (stale)')
})

test('what cannot be derived is told by the slower question only', () => {
  const text = 'model M\ndata x : real[N]\nparam m, b : real\nfor n in 1..N { x[n] ~ Laplace(m * m + b, 1) }'
  expect(service.answer({ kind: 'diagnostics', text })).toEqual([])
  expect(service.answer({ kind: 'allDiagnostics', text }).map((d) => d.code)).toEqual(['E408'])
})

test('a caller may bring the derivation', () => {
  let asked = 0
  const own = createLanguageService({
    derive: () => {
      asked += 1
      return { diagnostics: [] }
    },
  })
  const text = example('old-faithful/spherical.estep')
  own.answer({ kind: 'inlayHints', text })
  own.answer({ kind: 'allDiagnostics', text })
  expect(asked).toBe(1)
})

test('missing cells are allowed by one edit', () => {
  const edited = (text: string): string | null => {
    const edit = service.answer({ kind: 'allowMissing', text, name: 'x' })
    return edit === null ? null : text.slice(0, edit.span.start) + edit.text + text.slice(edit.span.end)
  }
  expect(edited('model M\ndata x : real[N]\n')).toContain('x : real?[N]')
  expect(edited('model M\ndata x : category(J)[N]\n')).toContain('x : category(J)?[N]')
  expect(edited('model M\ndata x : real?[N]\n')).toBeNull()
})

test('answers are plain data', () => {
  const text = example('old-faithful/spherical.estep')
  const requests: readonly LanguageRequest[] = [
    { kind: 'allDiagnostics', text },
    { kind: 'hover', text, offset: 60 },
    { kind: 'complete', text, offset: text.length - 3 },
    { kind: 'signatureHelp', text, offset: text.indexOf('mu[z]') },
    { kind: 'semanticTokens', text },
    { kind: 'inlayHints', text },
    { kind: 'outline', text },
    { kind: 'format', text },
  ]
  for (const request of requests) {
    const answer = service.answer(request)
    expect(structuredClone(answer)).toEqual(answer)
  }
})

test('diagnostics of 200 lines come within 150 ms of a keystroke', () => {
  const blocks = Array.from(
    { length: 22 },
    (_, i) => `data x${i} : real[N${i}, D${i}]
param pi${i} : simplex[K]
param mu${i} : real[K, D${i}]
param sigma${i} : positive[K]
for n in 1..N${i} {
  latent z${i} ~ Categorical(pi${i})
  # the density of its component
  x${i}[n] ~ Normal(mu${i}[z${i}], sigma${i}[z${i}])
}`,
  )
  const text = `model Large\nconst K = 2\n${blocks.join('\n')}\n`
  expect(text.split('\n').length).toBeGreaterThanOrEqual(200)
  const times = [0, 1, 2, 3, 4].map((i) => {
    const started = performance.now()
    service.answer({ kind: 'diagnostics', text: `${text}# ${'.'.repeat(i)}` })
    return performance.now() - started
  })
  expect(Math.min(...times.slice(1))).toBeLessThan(150)
})

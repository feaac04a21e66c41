/** Standard errors beside those of programs of R (standard-errors/references.R), and the ways they can be asked for. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { Estimate, Fit } from '../../index.js'
import { type CaseId, caseRun, dataText, modelSource, readBesideModels } from './cases.js'
import { runCase } from './run-case.js'

interface Reference {
  readonly names: readonly string[]
  readonly estimate: readonly number[]
  /** From the Hessian of the log-likelihood by numDeriv. */
  readonly direct: readonly number[]
  /** From a package. */
  readonly package?: readonly number[]
  readonly by?: string
}

const { cases }: { readonly cases: Readonly<Record<string, Reference>> } = JSON.parse(
  readFileSync(new URL('standard-errors/references.json', import.meta.url), 'utf8'),
)

const fitOf = (id: CaseId): Promise<Fit> =>
  runCase(
    modelSource(caseRun(id)),
    [{ name: `${id}.csv`, text: dataText(caseRun(id)) }],
    caseRun(id).args,
    1,
    readBesideModels,
  )

const nameOf = ({ name, index }: Estimate): string => (index.length === 0 ? name : `${name}[${index.join(', ')}]`)

/** Components are compared in the order in which they come, where the reference has the other one. */
const swapped = (name: string): string =>
  name.replace(/^(w|theta|b|sigma)\[([12])/, (_, p, k) => `${p}[${3 - Number(k)}`)

function compared(estimates: readonly Estimate[], reference: Reference) {
  const by = new Map(estimates.map((e) => [nameOf(e), e]))
  const far = (names: readonly string[]): number =>
    names.reduce((m, name, i) => {
      const [x, y] = [by.get(name)?.value ?? Number.NaN, reference.estimate[i] ?? Number.NaN]
      return Math.max(m, Math.abs(x - y) / (1 + Math.abs(y)))
    }, 0)
  const names = [reference.names, reference.names.map(swapped)].reduce((a, b) => (far(b) < far(a) ? b : a))
  return { far: far(names), errors: names.map((name) => by.get(name)?.standardError ?? Number.NaN) }
}

describe.each(Object.entries(cases))('%s', (id, reference) => {
  test('standard errors from the information are those of R', { timeout: 120_000 }, async () => {
    const fit = await fitOf(id as CaseId)
    const { far, errors } = compared((await fit.standardErrors()).estimates, reference)
    expect(far).toBeLessThan(1e-3)
    errors.forEach((se, i) => {
      expect(se / (reference.direct[i] ?? Number.NaN), reference.names[i]).toBeCloseTo(1, 4)
      const own = reference.package?.[i]
      if (own !== undefined && own !== null)
        expect(Math.abs(se / own - 1), `${reference.names[i]} by ${reference.by}`).toBeLessThan(0.01)
    })
  })
})

test('a probability of 0 has no standard error, and the warning names it', async () => {
  const fit = await fitOf('A27-earthquakes-hmm-k2')
  const { fields, warnings } = await fit.standardErrors()
  expect(fields.standardErrors.start).toEqual([null, null])
  expect(warnings.map((w) => w.code)).toEqual(['W545'])
  expect(warnings[0]?.message).toContain('`start`')
})

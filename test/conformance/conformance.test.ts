import { afterAll, describe, expect, test } from 'vitest'
import { caseIds, caseReference, caseRun, dataText, modelSource, readBesideModels } from './cases.js'
import { compareParams } from './compare-params.js'
import { runCase } from './run-case.js'

/** Every case must hold from each of these seeds. */
const seeds = [1]

interface Row {
  readonly case: string
  readonly start: string
  readonly seeds: number
  readonly likelihood: number
  readonly params: number | null
}

const table: Row[] = []

describe('reference cases', () => {
  for (const id of caseIds) {
    test(id, { timeout: 300_000 }, async () => {
      const run = caseRun(id)
      const reference = caseReference(id)
      let [likelihood, params] = [0, -1]
      for (const seed of seeds) {
        const fit = await runCase(modelSource(run), [{ name: `${id}.csv`, text: dataText(run) }], run.args, seed, readBesideModels)
        likelihood = Math.max(likelihood, Math.abs(fit[run.field] - run.expect))
        const compared = compareParams(id, reference, fit.params)
        params = Math.max(params, compared.error ?? -1)
        expect(fit[run.field], `${run.field}, seed ${seed}`).toBeGreaterThanOrEqual(run.expect - run.tol)
        expect(fit[run.field], `${run.field}, seed ${seed}`).toBeLessThanOrEqual(run.expect + run.tol)
        expect(compared.within, `params, seed ${seed}: largest error ${compared.error}`).toBe(true)
      }
      table.push({ case: id, start: startOf(run.args), seeds: seeds.length, likelihood, params: params < 0 ? null : params })
    })
  }

  test('every case is in the table', () => {
    expect(caseIds.length).toBe(39)
    expect(table.map((r) => r.case).sort()).toEqual([...caseIds].sort())
  })

  afterAll(() => {
    const lines = table.map((r) => `${r.case.padEnd(30)} ${r.start.padEnd(12)} ${String(r.seeds).padStart(5)} ${r.likelihood.toExponential(1).padStart(10)} ${(r.params?.toExponential(1) ?? '-').padStart(12)}`)
    console.log(['case                           start        seeds    |Δ logL| largest param', ...lines].join('\n'))
  })
})

/** `given` where the case says where to begin, else the number of starts. */
function startOf(args: readonly string[]): string {
  if (args.includes('--start') || args.includes('--init')) return 'given'
  const at = args.indexOf('--restarts')
  return at < 0 ? 'auto' : `auto × ${args[at + 1]}`
}

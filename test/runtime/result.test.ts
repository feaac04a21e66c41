import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { BoundModel, LatentLayout } from '../../runtime/contract.js'
import { fitModel } from '../../runtime/fit.js'
import { loadFit, loadFitText } from '../../runtime/load.js'
import type { FitRequest } from '../../runtime/options.js'
import { emptyContext, type FitResult } from '../../runtime/result.js'
import { warningExplanations } from '../../runtime/warnings.js'
import { gaussianMixture, grades, layout, normalModel, oldFaithful, pause } from './fake-models.js'
import { schemaProblems } from './json-schema.js'

const schema: unknown = JSON.parse(readFileSync(new URL('../../docs/fit.schema.json', import.meta.url), 'utf8'))

async function fitted(model: BoundModel, request: FitRequest = {}): Promise<FitResult> {
  const context = {
    ...emptyContext,
    estepVersion: '0.1.0',
    plan: { eStep: [], mStep: [] },
    columns: new Map([['x', ['eruptions', 'waiting']]]),
    levels: new Map([['y', ['a', 'b']]]),
    warnings: [{ code: 'W101', message: 'of the model' }],
    extra: new Map([
      ['source', 'model M'],
      ['model', 'not replaced'],
    ]),
  }
  const outcome = await fitModel(model, request, { pause, context })
  if (!outcome.ok) throw new Error('refused')
  return outcome.result
}

describe('a result', () => {
  it('matches the published schema and survives the round trip', async () => {
    const results = [
      await fitted(oldFaithful(), { trace: true, restarts: 4 }),
      await fitted(grades(20, 10, 10), { start: new Map([['mu', 0]]), trace: true, tolerance: 0, maxIterations: 3 }),
      await fitted(normalModel([1, 2, 4])),
      await fitted(gaussianMixture([[0], [0], [0], [9], [9], [9]], 2), { restarts: 2 }),
    ]
    for (const result of results) {
      const text = JSON.stringify(result)
      const document: unknown = JSON.parse(text)
      expect(schemaProblems(schema, document)).toEqual([])
      const loaded = loadFitText(text)
      expect(loaded.ok && JSON.stringify(loaded.result)).toBe(text)
    }
  })

  it('has the fields of the contract', async () => {
    const result = await fitted(oldFaithful(), { restarts: 4 })
    expect(result).toMatchObject({
      format: 1,
      model: 'GaussianMixture',
      estepVersion: '0.1.0',
      source: 'model M',
      seed: 1,
      sizes: { N: 272, D: 2, K: 2 },
      bound: 'exact',
      parameters: 7,
      parametersNominal: 7,
      observations: 272,
      columns: { x: ['eruptions', 'waiting'] },
      levels: { y: ['a', 'b'] },
    })
    expect(result.warnings[0]?.code).toBe('W101')
    expect(result.aic).toBeCloseTo(2 * 1709.52928 + 14, 3)
  })

  it('lists estimates at the edge of their support', async () => {
    const model = grades(20, 0, 10)
    const result = await fitted(model, { start: new Map([['mu', 0]]), tolerance: 1e-12 })
    expect(result.boundary).toEqual([{ param: 'mu', index: [], value: 0 }])
  })

  it('treats any param name as a name', async () => {
    const base = normalModel([1, 2, 4])
    const model: BoundModel = { ...base, params: [layout('__proto__', 0, []), layout('constructor', 1, [])] }
    const text = JSON.stringify((await fitted(model)).params)
    expect(text).toMatch(/^\{"__proto__":2\.33\d*,"constructor":1\.2\d*\}$/u)
  })

  it('says when fewer params are identified, and counts those', async () => {
    const result = await fitted(
      { ...oldFaithful(), identifiedParameters: () => ({ parameters: 5, loose: ['mu', 'sigma'] }) },
      { restarts: 3 },
    )
    expect(result.parameters).toBe(5)
    const warning = result.warnings.find(({ code }) => code === 'W527')
    expect(warning?.message).toContain('5 of the 7 params: some change of `mu` and `sigma` together leaves')
    expect(Number(result.bic)).toBeCloseTo(-2 * Number(result.logLikelihood) + 5 * Math.log(272), 9)
  })

  it('names components by the labels of their latent', async () => {
    const base = gaussianMixture([[0], [0], [0], [9], [9], [9]], 2)
    const latents: LatentLayout[] = base.latents.map((latent) => ({ ...latent, labels: ['low', 'high'] }))
    const result = await fitted({ ...base, latents }, { restarts: 2 })
    expect(result.warnings.some(({ message }) => message.includes('component low of `z`'))).toBe(true)
  })
})

describe('loading', () => {
  it('names what is wrong', async () => {
    const good: { [key: string]: unknown } = JSON.parse(JSON.stringify(await fitted(normalModel([1, 2]))))
    const problem = (document: unknown): string | undefined => {
      const loaded = loadFit(document)
      return loaded.ok ? undefined : loaded.problem
    }
    expect(problem(good)).toBeUndefined()
    expect(problem([])).toContain('no JSON object')
    expect(problem({})).toContain('`format` is missing')
    expect(problem({ ...good, format: 2 })).toContain('a newer version of estep wrote it')
    expect(problem({ ...good, params: { mu: 'x' } })).toContain('`params` must be')
    expect(problem({ ...good, stop: 'bored' })).toContain('`stop` must be one of')
    const { trace: _, ...without } = good
    expect(problem(without)).toContain('`trace` is missing')
    expect(loadFitText('{')).toMatchObject({ ok: false })
  })
})

describe('warnings', () => {
  it('are explained, each code once', () => {
    const codes = warningExplanations.map(({ code }) => code)
    expect(new Set(codes).size).toBe(codes.length)
    expect(codes.every((code) => /^W5[234]\d$/u.test(code))).toBe(true)
  })
})

/** What cannot be fitted is refused in a sentence. */
import { describe, expect, it } from 'vitest'
import { CompileError, compileOrThrow, DataError, loadFit, OptionError } from '../../index.js'
import { clouds, codes, column, fitOf, type ModelName, models } from './support.js'

async function refusal(name: ModelName, data: unknown, options = {}): Promise<{ kind: string; text: string }> {
  try {
    const fit = await compileOrThrow(models[name]).fit(data, options)
    return { kind: 'fit', text: codes(fit).join(' ') }
  } catch (e) {
    if (e instanceof DataError) return { kind: e.problems.map((p) => p.code).join(' '), text: e.message }
    if (e instanceof OptionError) return { kind: 'option', text: e.message }
    throw e
  }
}

const x = clouds(20)
const y = column(x)

describe('sizes', () => {
  it.each([
    [0, 'the size `K` is 0, so `pi` has no elements'],
    [-1, 'the size `K` is -1'],
    [2.5, 'the size `K` is 2.5'],
  ])('K = %d', async (K, text) => {
    expect(await refusal('spherical', { x }, { set: { K } })).toEqual({ kind: 'E415', text })
  })

  it('rows too few for where a loop begins', async () => {
    const model = compileOrThrow(`model Late
data y : real[N]
param m : real
param s : positive
for n in 5..N { y[n] ~ Normal(m, s) }`)
    await expect(model.fit({ y: [1, 2, 4] })).rejects.toThrow('the size `N − 4` is -1 for `N` = 3')
  })

  it('a const in another case of letters', async () => {
    const { kind, text } = await refusal('spherical', { x }, { set: { k: 3 } })
    expect([kind, text]).toEqual(['option', '--set k: the model has no const or data `k`; did you mean `K`?'])
  })
})

describe('options', () => {
  it.each([
    ['maxIteration', 'there is no option `maxIteration`: did you mean `maxIterations`?'],
    ['restart', 'there is no option `restart`: did you mean `restarts`?'],
    ['quickly', 'there is no option `quickly`: there are columns, groupBy,'],
  ])('that do not exist: %s', async (name, text) => {
    const { kind, text: said } = await refusal('one', { y }, { [name]: 3 })
    expect([kind, said]).toEqual(['option', expect.stringContaining(text)])
  })
})

describe('data', () => {
  it('none', async () => {
    expect((await refusal('spherical', [])).kind).toBe('E320')
  })
  it('no rows', async () => {
    expect((await refusal('one', { y: [] })).kind).toBe('E304')
  })
  it('a negative count', async () => {
    expect((await refusal('poisson', { y: [1, 2, -1] })).kind).toBe('E344')
  })
  it('half a count', async () => {
    expect((await refusal('poisson', { y: [1, 2.5] })).kind).toBe('E343')
  })
  it('a word among numbers', async () => {
    expect((await refusal('one', { y: [1, 'blue'] })).kind).toBe('E341')
  })
  it('a missing cell', async () => {
    expect((await refusal('one', { y: [1, null] })).kind).toBe('E340')
  })
  it('an infinite value', async () => {
    expect((await refusal('one', { y: [1, Number.POSITIVE_INFINITY] })).kind).toBe('E345')
  })
  it('weights that are all 0', async () => {
    expect((await refusal('weighted', { y, w: y.map(() => 0) })).kind).toBe('E416')
  })
  it('a negative weight', async () => {
    expect((await refusal('weighted', { y, w: y.map((_, i) => i - 1) })).kind).toBe('E344')
  })
})

describe('starts', () => {
  it.each([
    [{ mu: [1, 2, 3] }, 'mu'],
    [{ sigma: [-1, 2] }, 'sigma[1]'],
    [{ pi: [0.5, 0.6] }, 'must sum to 1'],
    [{ nu: 1 }, 'no param `nu`'],
    [{ mu: 'high' }, 'mu'],
  ])('%j', async (start, text) => {
    const refused = await refusal('one', { y }, { start })
    expect(refused.kind).toBe('option')
    expect(refused.text).toContain(text)
  })
})

it('weights of 0 leave rows out', async () => {
  const w = y.map((_, i) => (i < 4 ? 0 : 1))
  const start = { pi: [0.5, 0.5], mu: [0, 6], sigma: [1, 1] }
  const a = await fitOf('weighted', { y, w }, { start })
  const b = await fitOf('one', { y: y.slice(4) }, { start })
  expect(a.logLikelihood).toBeCloseTo(b.logLikelihood, 9)
})

it('counts that are all 0', async () => {
  const fit = await fitOf('poisson', { y: [0, 0, 0, 0] })
  expect(fit.logLikelihood).toBeCloseTo(0, 9)
})

it('a likelihood without bound is said to be one', async () => {
  const result = (await compileOrThrow(models.normal).fit({ y: [3, 3, 3] })).toJSON()
  expect(result.stop).toBe('numerical')
  expect(result.warnings.map(({ message }) => message).join()).toContain('`sigma` goes to 0')
})

describe('a fit file that was edited', () => {
  const damage: readonly unknown[] = [undefined, null, 'x', 7, -1.5, [1, 'a', []], { a: 1 }]

  function places(value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] {
    const inner = Array.isArray(value)
      ? value.slice(0, 2).flatMap((item, i) => places(item, [...path, i]))
      : typeof value === 'object' && value !== null
        ? Object.entries(value).flatMap(([key, item]) => places(item, [...path, key]))
        : []
    return path.length === 0 ? inner : [path, ...inner]
  }

  function put(document: unknown, path: readonly (string | number)[], value: unknown): unknown {
    const [first, ...rest] = path
    if (first === undefined) return value
    if (Array.isArray(document)) return document.map((item, i) => (i === first ? put(item, rest, value) : item))
    const entries = Object.entries(document as object)
    return Object.fromEntries(entries.map(([key, item]) => [key, key === first ? put(item, rest, value) : item]))
  }

  it('is refused in words, or predicts', async () => {
    const fit = await compileOrThrow(models.one).fit({ y }, { restarts: 1 })
    const document: unknown = JSON.parse(JSON.stringify(fit))
    const kept = new Set(['fit', 'params', 'columns', 'levels', 'sizes', 'source'])
    const cases = places(document).filter(([first]) => typeof first === 'string' && kept.has(first))
    for (const [i, path] of cases.entries()) {
      const edited = put(document, path, damage[i % damage.length])
      try {
        await loadFit(edited).predict({ y })
      } catch (e) {
        const expected = e instanceof OptionError || e instanceof DataError || e instanceof CompileError
        expect(expected, `${path.join('.')}: ${String(e)}`).toBe(true)
      }
    }
  })
})

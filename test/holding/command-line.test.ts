import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { estepInProcess } from '../cli/estep-in-process.js'
import { schemaProblems } from '../runtime/json-schema.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'estep-'))
afterAll(() => rmSync(folder, { recursive: true }))
const schema: unknown = JSON.parse(readFileSync(join(root, 'docs/fit.schema.json'), 'utf8'))
const example = (file: string): string => join(root, 'examples/old-faithful', file)
const faithful = ['--data', example('faithful.csv')]

test('fit --fix says what is fixed, and the file predicts and scores', async () => {
  const out = join(folder, 'fixed.json')
  const fixed = ['--fix', 'sigma=[4, 4]', '--fix', 'mu=[[2, NA], [NA, NA]]', '--restarts', '2']
  const fit = await estepInProcess(['fit', example('spherical.estep'), ...faithful, ...fixed, '--out', out])
  expect(fit.status).toBe(0)
  expect(fit.out).toMatch(/fixed +sigma, mu \(in part\)/)
  const document = JSON.parse(readFileSync(out, 'utf8'))
  expect(schemaProblems(schema, document)).toEqual([])
  expect(document.params.sigma).toEqual([4, 4])
  expect(document.params.mu[0][0]).toBe(2)
  expect(document.parametersNominal).toBe(4)
  const score = await estepInProcess(['score', out, ...faithful, '--json'])
  expect(JSON.parse(score.out).logLikelihood).toBeCloseTo(document.logLikelihood, 7)
  expect((await estepInProcess(['predict', out, ...faithful])).status).toBe(0)
  expect((await estepInProcess(['compare', out, out])).status).toBe(0)
})

test('what cannot be fixed is exit 2, with the param and the cell', async () => {
  const fix = (...values: string[]) =>
    estepInProcess(['fit', example('spherical.estep'), ...faithful, ...values.flatMap((v) => ['--fix', v])])
  const negative = await fix('sigma=[4, -1]')
  expect(negative.status).toBe(2)
  expect(negative.err).toContain('the fixed value of `sigma[2]` is -1, and must be above 0')
  expect((await fix('nothing=1')).err).toContain('the model has no param `nothing`')
  expect((await fix('sigma=[1, 1]', 'sigma=[2, 2]')).err).toContain('--fix gives `sigma` twice')
  expect((await fix('sigma=large')).err).toContain('`large` is not a number or an array of numbers')
  const both = await estepInProcess([
    ...['fit', example('spherical.estep'), ...faithful],
    ...['--fix', 'sigma=[1, 1]', '--start', 'sigma=[1, 1]'],
  ])
  expect(both.status).toBe(2)
  expect(both.err).toContain('`sigma` is given by --fix and by --start')
})

test('--init FILE takes a whole fit; one of another size is told by its sizes', async () => {
  const out = join(folder, 'two.json')
  await estepInProcess(['fit', example('diagonal.estep'), ...faithful, '--restarts', '1', '--out', out])
  const warm = await estepInProcess(['fit', example('diagonal.estep'), ...faithful, '--init', out, '--json'])
  expect(JSON.parse(warm.out).iterations).toBeLessThan(10)
  const three = await estepInProcess(['fit', example('diagonal.estep'), ...faithful, '--set', 'K=3', '--init', out])
  expect(three.status).toBe(2)
  expect(three.err).toContain('the start value of `pi` has 2 elements, and 3 are needed')
  expect(three.err).toContain('two.json` is a fit with N = 272, D = 2, K = 2')
})

test('--init split prints the way to K', async () => {
  const { status, out } = await estepInProcess([
    ...['fit', example('full.estep'), ...faithful],
    ...['--init', 'split', '--restarts', '1'],
  ])
  expect(status).toBe(0)
  expect(out).toMatch(/splits +1: -1289\.\d+, 2: -113\d\.\d+/)
})

test('--standardize warns where that is another model, and its file scores the data as they are', async () => {
  const out = join(folder, 'standard.json')
  const { status, err } = await estepInProcess([
    ...['fit', example('spherical.estep'), ...faithful],
    ...['--standardize', '--restarts', '2', '--out', out],
  ])
  expect(status).toBe(0)
  expect(err).toContain('warning[W536]: the model of the standardised data is another model')
  const document = JSON.parse(readFileSync(out, 'utf8'))
  expect(schemaProblems(schema, document)).toEqual([])
  expect(document.logLikelihood).toBeCloseTo(-1168.1347, 3)
  const score = await estepInProcess(['score', out, ...faithful, '--json'])
  expect(JSON.parse(score.out).logLikelihood).toBeCloseTo(document.logLikelihood, 7)
  writeFileSync(join(folder, 'holes.csv'), 'eruptions,waiting\n3.5,70\n2,55\n')
  expect((await estepInProcess(['predict', out, '--data', join(folder, 'holes.csv')])).status).toBe(0)
})

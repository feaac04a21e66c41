import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, test } from 'vitest'
import type { Host } from '../../cli/host.js'
import { libraryPorts } from '../../cli/library-ports.js'
import { nodeHost } from '../../cli/node-host.js'
import { run } from '../../cli/run.js'
import { compileOrThrow, loadFit, readTable } from '../../index.js'
import { schemaProblems } from '../runtime/json-schema.js'

/** The library itself behind the command line, with real files. */
const root = fileURLToPath(new URL('../../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'estep-'))
afterAll(() => rmSync(folder, { recursive: true }))

const example = (path: string): string => join(root, 'examples', path)
const temporary = (name: string): string => join(folder, name)
const schema: unknown = JSON.parse(readFileSync(join(root, 'docs/fit.schema.json'), 'utf8'))

/** The result as far as it is read here. */
interface Document {
  readonly logLikelihood: number
  readonly converged: boolean
  readonly stop: string
  readonly iterations: number
  readonly sizes: Readonly<Record<string, number>>
  readonly columns: Readonly<Record<string, readonly string[]>>
  readonly starts: readonly unknown[]
  readonly iterates?: readonly { readonly iteration: number }[]
  readonly warnings: readonly { readonly code: string }[]
  readonly against?: { readonly errors: number }
}

async function estep(args: readonly string[], host: Partial<Host> = {}) {
  let [out, err] = ['', '']
  const status = await run(
    args,
    {
      ...nodeHost(),
      stdout: (text) => {
        out += text
      },
      stderr: (text) => {
        err += text
      },
      colourOut: false,
      colourErr: false,
      stderrIsTerminal: false,
      ...host,
    },
    libraryPorts(),
  )
  return { status, out, err }
}

const irisColumns = ['--columns', 'x=sl,sw,pl,pw']
const spherical = example('old-faithful/spherical.estep')
const faithful = example('old-faithful/faithful.csv')

async function json(args: readonly string[], status = 0): Promise<Document> {
  const ran = await estep([...args, '--json'])
  expect(ran.status, ran.err).toBe(status)
  const document: unknown = JSON.parse(ran.out)
  expect(schemaProblems(schema, document)).toEqual([])
  return document as Document
}

describe('estep fit', () => {
  test('prints a readable result', async () => {
    const { status, out, err } = await estep(['fit', spherical, '--data', faithful])
    expect(status).toBe(0)
    expect(out).toContain('-1709.5293')
    expect(err).toBe('')
  })

  test('gives a document of the published schema, with everything asked for', async () => {
    const out = temporary('iris.json')
    const named = ['--columns', 'x=sl,sw,pl,pw', '--set', 'K=2', '--against', 'species', '--trace', '--out', out]
    const args = ['fit', example('iris/mixture.estep'), '--data', example('iris/iris.csv'), ...named]
    const document = await json(args)
    expect(document.sizes.K).toBe(2)
    expect(document.columns).toEqual({ x: ['sl', 'sw', 'pl', 'pw'] })
    expect(document.iterates?.map((row) => row.iteration)).toEqual(
      Array.from({ length: document.iterations + 1 }, (_, t) => t),
    )
    expect(document.against?.errors).toBe(50)
    expect(JSON.parse(readFileSync(out, 'utf8'))).toEqual(document)
  })

  test('agrees with known labels where it has as many components', async () => {
    const args = ['fit', example('iris/mixture.estep'), '--data', example('iris/iris.csv'), ...irisColumns]
    const document = await json([...args, '--restarts', '30', '--against', 'species'])
    expect(document.against?.errors).toBe(5)
  })

  test('starts from values, from a file, and from an earlier fit', async () => {
    const given = ['--start', 'pi=[1/2, 1/2]', '--start', 'mu=[[2, 80], [5, 60]]', '--start', 'sigma=[10, 10]']
    const first = await json(['fit', spherical, '--data', faithful, ...given, '--out', temporary('first.json')])
    expect(first.starts.length).toBe(1)
    expect(first.logLikelihood).toBeCloseTo(-1709.5293, 4)
    writeFileSync(temporary('start.json'), '{"mu": [[2, 80], [5, 60]]}')
    const second = await json(['fit', spherical, '--data', faithful, '--init', temporary('start.json')])
    expect(second.logLikelihood).toBeCloseTo(-1709.5293, 4)
    const third = await json(['fit', spherical, '--data', faithful, '--init', temporary('first.json')])
    expect(third.iterations).toBeLessThanOrEqual(3)
    for (const init of ['random', 'kmeans++']) {
      const fit = await json(['fit', spherical, '--data', faithful, '--init', init, '--restarts', '4', '--seed', '3'])
      expect(fit.starts.length).toBe(4)
      expect(fit.logLikelihood).toBeCloseTo(-1709.5293, 4)
    }
  })

  test('gives the same from the interpreter and by the gradient', async () => {
    const start = ['--start', 'pi=[1/2, 1/2]', '--start', 'mu=[[2, 50], [5, 80]]', '--start', 'sigma=[10, 10]']
    const args = ['fit', spherical, '--data', faithful, ...start]
    const plain = await json(args)
    for (const other of [
      ['--backend', 'interpret'],
      ['--threads', '2'],
      ['--m-step', 'gradient'],
    ])
      expect((await json([...args, ...other])).logLikelihood).toBeCloseTo(plain.logLikelihood, 6)
  })

  test('exits with the status of what is wrong', async () => {
    const files = [spherical, '--data', faithful]
    expect((await estep(['fit', ...files, '--max-iter', '2', '--restarts', '1', '--strict'])).status).toBe(4)
    expect((await estep(['fit', ...files, '--columns', 'x=height'])).status).toBe(3)
    expect((await estep(['fit', ...files, '--set', 'Q=2'])).status).toBe(2)
    expect((await estep(['fit', ...files, '--start', 'nu=1'])).status).toBe(2)
    const many = await estep(['fit', ...files, '--threads', '1000'])
    expect([many.status, many.err]).toEqual([2, expect.stringContaining('threads takes a whole number from 1 to 256')])
    expect((await estep(['fit', temporary('missing.estep'), '--data', faithful])).status).toBe(2)
    writeFileSync(temporary('bad.estep'), 'model Bad\ndata x : real[N]\nfor n in 1..N { x[n] ~ Normal(m, 1) }\n')
    expect((await estep(['fit', temporary('bad.estep'), '--data', faithful])).status).toBe(1)
  })

  test('Ctrl-C ends at the end of the iteration and writes what it has', async () => {
    let interrupt = (): void => {}
    const writes: string[] = []
    const real = nodeHost()
    const host: Partial<Host> = {
      onInterrupt(callback) {
        interrupt = callback
        return () => {}
      },
      async write(path, text) {
        writes.push(String(text))
        await real.write(path, text)
      },
    }
    setTimeout(() => interrupt(), 1500)
    const args = ['fit', example('survey/test-items.estep'), '--data', example('survey/lsat6.csv')]
    const endless = ['--tol', '0', '--max-iter', '100000000', '--restarts', '1', '--out', temporary('partial.json')]
    const { status, err } = await estep([...args, ...endless], host)
    expect(status).toBe(130)
    expect(err).toContain('W524')
    expect(writes.length).toBe(1)
    const partial: unknown = JSON.parse(readFileSync(temporary('partial.json'), 'utf8'))
    expect(schemaProblems(schema, partial)).toEqual([])
    expect(partial).toMatchObject({ converged: false, stop: 'aborted' })
  })
})

describe('estep predict and compare', () => {
  test('predict gives the posteriors of the fit', async () => {
    const args = ['fit', example('iris/mixture.estep'), '--data', example('iris/iris.csv'), ...irisColumns]
    expect((await estep([...args, '--out', temporary('fit.json')])).status).toBe(0)
    const predicted = await estep(['predict', temporary('fit.json'), '--data', example('iris/iris.csv')])
    expect(predicted.status, predicted.err).toBe(0)
    const lines = predicted.out.trim().split('\n')
    expect(lines.length).toBe(151)
    const hard = await estep(['predict', temporary('fit.json'), '--data', example('iris/iris.csv'), '--hard', '--json'])
    expect(hard.status).toBe(0)
    writeFileSync(temporary('one.csv'), 'sl,sw,pl,pw\n5,3.4,1.5,0.2\n')
    const one = await estep(['predict', temporary('fit.json'), '--data', temporary('one.csv')])
    expect(one.out.trim().split('\n').length).toBe(2)
  })

  test.each([
    ['iris/mixture.estep', 'iris/iris.csv', { columns: { x: ['sl', 'sw', 'pl', 'pw'] } }],
    ['iris/mixture-discriminant.estep', 'iris/iris.csv', { columns: { x: ['sl', 'sw', 'pl', 'pw'], y: ['species'] } }],
    ['dawid-skene/model.estep', 'dawid-skene/anaesthetists.csv', {}],
    ['topics/model.estep', 'topics/caith_long.csv', { set: { K: 2 } }],
    ['grades/hidden.estep', 'grades/hidden.csv', {}],
    ['alarm/noisy-or.estep', 'alarm/nights.csv', {}],
  ])('a fit of %s that went through JSON predicts as the fit did', async (model, file, options) => {
    const { value: table } = readTable(file, readFileSync(example(file), 'utf8'))
    if (table === undefined) throw new Error('no table')
    const fit = await compileOrThrow(readFileSync(example(model), 'utf8')).fit([table], { ...options, restarts: 4 })
    const loaded = loadFit(JSON.parse(JSON.stringify(fit)))
    expect(loaded.toJSON()).toEqual(JSON.parse(JSON.stringify(fit)))
    const own = fit.posteriors() ?? []
    const { latents } = await loaded.predict([table])
    expect(latents.map((l) => l.name)).toEqual(own.map((l) => l.name))
    expect(own.length).toBeGreaterThan(0)
    latents.forEach((l, i) => {
      for (const key of ['probabilities', 'means'] as const) {
        const [a, b] = [l[key], own[i]?.[key] ?? null]
        expect(a?.length).toBe(b?.length)
        a?.forEach((x, j) => {
          expect(Math.abs(x - (b?.[j] ?? Number.NaN))).toBeLessThan(1e-9)
        })
      }
    })
  })

  test('compare matches components', async () => {
    for (const seed of ['1', '5']) {
      const args = ['fit', spherical, '--data', faithful, '--seed', seed, '--out', temporary(`f${seed}.json`)]
      expect((await estep(args)).status).toBe(0)
    }
    const { status, out } = await estep(['compare', temporary('f1.json'), temporary('f5.json')])
    expect(status).toBe(0)
    expect(out).toContain('1 ↔ 1, 2 ↔ 2')
  })
})

describe('commands on models', () => {
  test('check, derive, fmt --check and explain', async () => {
    expect((await estep(['check', spherical])).status).toBe(0)
    expect((await estep(['derive', spherical])).status).toBe(0)
    expect((await estep(['derive', spherical, '--format', 'md'])).status).toBe(0)
    const explained = await estep(['explain', 'E204'])
    expect(explained.status).toBe(0)
    expect(explained.out).toContain('E204')
    expect((await estep(['fmt', spherical, '--check'])).status).toBe(0)
    writeFileSync(temporary('loose.estep'), readFileSync(spherical, 'utf8').replace(' ~ ', '   ~   '))
    const loose = await estep(['fmt', temporary('loose.estep'), '--check'])
    expect(loose.status).toBe(1)
    expect((await estep(['fmt', temporary('loose.estep')])).status).toBe(0)
    expect((await estep(['fmt', temporary('loose.estep'), '--check'])).status).toBe(0)
  })
})

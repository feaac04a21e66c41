import { describe, expect, it } from 'vitest'
import type { FitCall, FitOutcome } from '../../cli/ports.js'
import { run } from '../../cli/run.js'
import { fakeFit, fakeHost, fakePorts, fakeResult } from './fake.js'

const model = 'model M\ndata x : real[N, D]\n'
const rows = 'a,b,class\n1,2,u\n3,4,u\n5,6,v\n7,8,v\n'
const files = {
  'm.estep': model,
  'bad.estep': 'error',
  'd.csv': rows,
  'two.csv': 'a,b\n1,2\n',
  'fit.json': JSON.stringify(fakeResult),
}

async function estep(args: string, more: Record<string, string> = {}, outcome?: (call: FitCall) => FitOutcome | null) {
  const host = fakeHost({ ...files, ...more })
  const calls: FitCall[] = []
  const status = await run(split(args), host, fakePorts(calls, outcome))
  return { status, out: host.out, err: host.err, written: host.written, call: calls[0] }
}

/** Words of a command line; single quotes keep blanks together. */
function split(text: string): string[] {
  return [...text.matchAll(/'([^']*)'|(\S+)/g)].map((match) => match[1] ?? match[2] ?? '')
}

describe('estep fit', () => {
  const ok = 'fit m.estep --data d.csv --columns x=a,b'
  it('prints the result on stdout and warnings on stderr', async () => {
    const { status, out, err } = await estep(ok)
    expect(status).toBe(0)
    expect(out).toContain('log-likelihood -1709.5293')
    expect(out).toContain('BIC 3458.2992')
    expect(out).toMatch(/z\s+pi\s+mu\[a\]\s+mu\[b\]\s+sigma/)
    expect(out).toContain('3 starts: 2 came to the best, 1 given up after a brief run')
    expect(out).toContain('M-step  mu: family-mode (closed form)')
    expect(err).toBe('warning[W521]: a component has collapsed\n')
  })

  it('prints one JSON document with --json', async () => {
    const { out } = await estep(`${ok} --json`)
    expect(JSON.parse(out)).toEqual(JSON.parse(JSON.stringify(fakeResult)))
  })

  it('passes its options on', async () => {
    const { call } = await estep(
      `${ok} --seed 7 --restarts 3 --tol 1e-6 --max-iter 9 --max-time 2m --floor 0 --set K=4 --start mu=1/4 --start 'pi=[0.5, 0.5]' --init random --m-step gradient --backend interpret --threads 3 --trace`,
    )
    expect(call).toMatchObject({
      seed: 7,
      restarts: 3,
      tolerance: 1e-6,
      maxIterations: 9,
      maxTime: 120_000,
      floor: 0,
      init: 'random',
    })
    expect(call).toMatchObject({ mStep: 'gradient', backend: 'interpret', threads: 3, trace: true })
    const held = await estep(`${ok} --fix mu=1 --fix 'sigma=[2, NA]' --init split --standardize`)
    expect(held.call).toMatchObject({ init: 'split', standardize: true })
    expect([...(held.call?.fix ?? [])]).toEqual([
      ['mu', 1],
      ['sigma', [2, null]],
    ])
    expect((await estep(`${ok} --backend wasm`)).call).toMatchObject({ backend: 'wasm' })
    expect(call?.set).toEqual(new Map([['K', 4]]))
    expect(call?.start).toEqual(
      new Map<string, unknown>([
        ['mu', 0.25],
        ['pi', [0.5, 0.5]],
      ]),
    )
  })

  it('has the defaults of the contract', async () => {
    const { call } = await estep(ok)
    expect(call).toMatchObject({
      seed: 1,
      restarts: null,
      tolerance: 1e-9,
      maxIterations: 10_000,
      floor: 1e-6,
      init: 'auto',
      start: null,
      maxTime: null,
      backend: null,
      threads: null,
    })
  })

  it('reads start values from a file, also from a whole fit', async () => {
    const { call } = await estep(`${ok} --init fit.json --start 'pi=[1, 0]'`)
    expect(call?.start?.get('sigma')).toEqual([4.166, 4])
    expect(call?.start?.get('pi')).toEqual([1, 0])
  })

  it('takes hours', async () => {
    expect((await estep(`${ok} --max-time 1.5h`)).call?.maxTime).toBe(5_400_000)
  })

  it('compares with known labels', async () => {
    const { out } = await estep(`${ok} --against class`)
    expect(out).toContain('0 of 4 differ under the best matching (0 %); adjusted Rand index 1')
    const { status, err } = await estep(`${ok} --against clas`)
    expect(status).toBe(2)
    expect(err).toContain('did you mean `class`?')
  })

  it('writes the fit with --out, and nothing where the data does not fit', async () => {
    expect(JSON.parse((await estep(`${ok} --out f.json`)).written.get('f.json') ?? '')).toMatchObject({
      model: 'OldFaithful',
    })
    const failed = await estep('fit m.estep --data d.csv --out f.json')
    expect(failed.status).toBe(3)
    expect(failed.written.size).toBe(0)
    expect(failed.out).toBe('')
    expect(failed.err).toContain('error[E321]')
    expect(failed.err).toContain('--columns x=a,b')
  })

  it('says problems in JSON too', async () => {
    const { status, out } = await estep('fit m.estep --data d.csv --json')
    expect(status).toBe(3)
    expect(JSON.parse(out)).toMatchObject({ ok: false, problems: [{ code: 'E321', column: 'class', row: 2 }] })
  })

  it('exits 1 for a model with errors', async () => {
    const { status, out, err } = await estep('fit bad.estep --data d.csv')
    expect([status, out]).toEqual([1, ''])
    expect(err).toContain('error[E101]')
  })

  it('exits 4 where it fails, or does not converge under --strict', async () => {
    expect((await estep(ok, {}, () => ({ kind: 'failed', code: 'E700', message: 'every start failed' }))).status).toBe(
      4,
    )
    const open = { ...fakeResult, converged: false, stop: 'max-iterations' as const }
    const outcome = (): FitOutcome => ({ kind: 'fit', fit: fakeFit(open), partial: false })
    const lenient = await estep(ok, {}, outcome)
    expect(lenient.status).toBe(0)
    expect(lenient.out).toContain('not converged (the limit of iterations was reached)')
    expect((await estep(`${ok} --strict`, {}, outcome)).status).toBe(4)
  })

  it('writes what it has at Ctrl-C and exits 130', async () => {
    const host = fakeHost(files)
    const ports = fakePorts([], () => {
      host.interrupt()
      return null
    })
    expect(await run(split(`${ok} --out f.json`), host, ports)).toBe(130)
    expect(host.written.has('f.json')).toBe(true)
  })

  it.each([
    ['--restart 3', 'Did you mean --restarts?'],
    ['--seed x', '--seed takes a whole number'],
    ['--threads 0', '--threads takes a whole number of at least 1, not `0`'],
    ['--threads 1.5', '--threads takes a whole number of at least 1, not `1.5`'],
    ['--threads all', '--threads takes a whole number of at least 1, not `all`'],
    ['--backend gpu', '--backend takes wasm, js, interpret, not `gpu`'],
    ['--tol -1', '--tol takes a number of at least 0'],
    ['--start mu', '--start takes name=value'],
    ['--start mu=abc', 'is not a number or an array of numbers'],
    ['--start mu=1 --start mu=2', 'gives `mu` twice'],
    ['--init nowhere.json', 'there is no file `nowhere.json`'],
    ['--columns x', '--columns takes name=column'],
    [`--columns 'y="a'`, 'a double quote is not closed'],
  ])('refuses %s with a sentence', async (option, sentence) => {
    const { status, err } = await estep(`${ok} ${option}`)
    expect(status).toBe(2)
    expect(err).toContain(sentence)
  })
})

describe('other commands', () => {
  it('check reports on stdout and exits 1 on errors', async () => {
    expect((await estep('check m.estep')).out).toBe('m.estep: model OldFaithful has no errors\n')
    const { status, out } = await estep('check m.estep bad.estep')
    expect(status).toBe(1)
    expect(out).toContain('--> bad.estep:1:1')
    expect(JSON.parse((await estep('check bad.estep --json')).out)).toMatchObject({
      ok: false,
      models: [{ file: 'bad.estep', ok: false }],
    })
  })

  it('check --certify exits 5 where the proof fails', async () => {
    expect((await estep('check m.estep --certify')).out).toContain('certified')
    expect((await estep('check w.estep --certify', { 'w.estep': 'model wrong' })).status).toBe(5)
  })

  it('fmt rewrites files, prints stdin, and names files with --check', async () => {
    const source = { 'u.estep': ' model M\n\n', '-': ' model M' }
    expect((await estep('fmt u.estep', source)).written.get('u.estep')).toBe('model M\n')
    expect((await estep('fmt -', source)).out).toBe('model M\n')
    const checked = await estep('fmt m.estep u.estep --check', source)
    expect([checked.status, checked.out, checked.written.size]).toEqual([1, 'u.estep\n', 0])
  })

  it('derive prints text, Markdown, LaTeX or HTML', async () => {
    expect((await estep('derive m.estep')).out).toBe('text\n')
    expect((await estep('derive m.estep --format md')).out).toBe('# markdown\n')
    expect((await estep('derive m.estep --mode hard')).out).toBe('hard text\n')
    expect(JSON.parse((await estep('derive m.estep --json')).out)).toMatchObject({
      text: 'text',
      plan: { eStep: [], mStep: [] },
    })
    expect((await estep('derive m.estep --format latex')).out).toBe('\\documentclass{article}\n')
    expect((await estep('derive m.estep --format latex --fragment')).out).toBe('\\section{fragment}\n')
    const html = (await estep('derive m.estep --format html')).out
    expect(html).toContain('font/woff2;base64,')
    expect(html.match(/url\((?!data:)/)).toBeNull()
    expect((await estep('derive m.estep --format pdf')).status).toBe(2)
    expect((await estep('derive m.estep --data two.csv')).status).toBe(2)
    expect((await estep('derive m.estep --fragment')).status).toBe(2)
    expect((await estep('derive m.estep --worked')).status).toBe(2)
    const worked = await estep('derive m.estep --worked --data two.csv --seed 3 --start mu=2')
    expect(worked.out).toBe('worked from seed 3, [["mu",2]]\n')
  })

  it('predict prints rows', async () => {
    const { out } = await estep('predict fit.json --data two.csv')
    expect(out.split('\n').slice(0, 3)).toEqual(['row,z,z=1,z=2', '1,1,1,0', '2,1,0.75,0.25'])
    expect((await estep('predict fit.json --data two.csv --hard')).out.split('\n')[0]).toBe('row,z')
    const json = JSON.parse((await estep('predict fit.json --data two.csv --json')).out)
    expect(json.latents.z.mostProbable).toEqual(['1', '1', '2', '2'])
    expect((await estep('predict m.estep --data two.csv')).err).toContain('it is not valid JSON')
  })

  it('score prints the total and what each row adds', async () => {
    const { out } = await estep('score fit.json --data two.csv')
    expect(out).toBe('plate,row,logLikelihood\ntotal,,-3.5\nn,1,-1\nn,2,-2\n,,-0.5\n')
    const json = JSON.parse((await estep('score fit.json --data two.csv --json')).out)
    expect(json.contributions[0]).toEqual({ plate: 'n', values: [-1, -2] })
    expect((await estep('score fit.json')).status).toBe(2)
  })

  it('compare matches components', async () => {
    const { params } = fakeResult
    const swapped = {
      ...fakeResult,
      params: {
        pi: [0.633, 0.367],
        mu: [
          [4.29, 80.28],
          [2.09, 54.75],
        ],
        sigma: [4, 4.266],
      },
    }
    const { status, out } = await estep('compare fit.json other.json', { 'other.json': JSON.stringify(swapped) })
    expect(status).toBe(0)
    expect(out).toContain('components of z: 1 ↔ 2, 2 ↔ 1')
    const json = JSON.parse(
      (await estep('compare fit.json other.json --json', { 'other.json': JSON.stringify(swapped) })).out,
    )
    expect(json.params.mu.second).toEqual(params.mu)
    expect(json.params.sigma.largestDifference).toBeCloseTo(0.1, 10)
  })

  it('explain prints an entry, or suggests a code', async () => {
    expect((await estep('explain e340')).out).toContain('error[E340]: a missing cell')
    expect((await estep('explain W521')).out).toContain('collapsed')
    expect((await estep('explain E399')).status).toBe(2)
  })

  it('suggests commands, prints help and the version', async () => {
    const { status, err } = await estep('fot m.estep')
    expect(status).toBe(2)
    expect(err).toContain('Did you mean')
    expect(await estep('--version')).toMatchObject({ status: 0, out: '9.9.9\n' })
    expect((await estep('fit --help')).status).toBe(0)
    expect((await estep('')).status).toBe(2)
    expect((await estep('fit nowhere.estep')).err).toContain('there is no file `nowhere.estep`')
  })
})

import { expect, test } from 'vitest'
import { libraryPorts } from '../../cli/library-ports.js'
import { run } from '../../cli/run.js'
import { fakeHost } from '../cli/fake.js'
import { type CaseId, caseReference, caseRun, dataText, modelSource } from './cases.js'

/** What the traces are read for. */
interface Traced {
  readonly iterates: readonly {
    readonly iteration: number
    readonly logLikelihood: number | string
    readonly elboAfterE: number | string
    readonly params: Readonly<Record<string, unknown>>
    readonly expected: Readonly<Record<string, number>>
  }[]
  readonly plan: {
    readonly mStep: readonly {
      readonly params: readonly string[]
      readonly closedForm: boolean
      readonly exact: string
      readonly update?: string
    }[]
  }
}

/** `estep fit MODEL --data FILE … --trace --json` by the command line itself. */
async function traced(
  id: CaseId,
  args: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<Traced> {
  const host = fakeHost({ 'model.estep': modelSource(caseRun(id)), 'data.csv': dataText(caseRun(id)), ...files })
  const fixed = ['fit', 'model.estep', '--data', 'data.csv', '--tol', '0', '--trace', '--json']
  expect(await run([...fixed, ...args], host, libraryPorts()), host.err).toBe(0)
  return JSON.parse(host.out)
}

test('hidden grades from mu = 0: the iterates of A02, in closed form', async () => {
  const iterates = caseReference('A02-grade-hidden').iterates as readonly { mu: number; b: number }[]
  const fit = await traced('A02-grade-hidden', ['--start', 'mu=0', '--max-iter', '6'])
  expect(fit.iterates.map((row) => row.iteration)).toEqual([0, 1, 2, 3, 4, 5, 6])
  iterates.forEach(({ mu, b }, t) => {
    expect(Math.abs(Number(fit.iterates[t]?.params.mu) - mu)).toBeLessThanOrEqual(1e-10)
    expect(Math.abs(Number(fit.iterates[t]?.expected.b) - b)).toBeLessThanOrEqual(1e-10)
  })
  expect(fit.iterates[0]?.logLikelihood).toBe('-Infinity')
  expect(fit.iterates.map((row) => row.expected.b?.toFixed(3))).toEqual([
    '0.000',
    '2.857',
    '3.158',
    '3.185',
    '3.187',
    '3.187',
    '3.187',
  ])
  expect(fit.iterates[1]?.params.mu).toBeCloseTo(1 / 12, 12)
  expect(fit.iterates[2]?.params.mu).toBeCloseTo(3 / 32, 12)
  expect(fit.plan.mStep).toMatchObject([
    { params: ['mu'], closedForm: true, exact: 'joint', update: 'mu = (b + c) / (6 (b + c + d))' },
  ])
})

test('the second grade problem from theta = 0.1: the iterates of A03', async () => {
  const iterates = caseReference('A03-grade-only-c').iterates as readonly { theta: number; N_B: number | null }[]
  const fit = await traced('A03-grade-only-c', ['--start', 'theta=0.1', '--max-iter', '8'], {
    'data.csv': 'N,Nc\n50,12\n',
  })
  iterates.forEach(({ theta, N_B }, t) => {
    expect(Math.abs(Number(fit.iterates[t]?.params.theta) - theta)).toBeLessThanOrEqual(1e-10)
    if (N_B !== null) expect(Math.abs(Number(fit.iterates[t - 1]?.expected.b) - N_B)).toBeLessThanOrEqual(1e-10)
  })
})

test('genetic linkage from t = 1/2: the iterates of A23', async () => {
  const iterates = caseReference('A23-dlr-linkage').iterates as readonly number[]
  const fit = await traced('A23-dlr-linkage', ['--start', 't=0.5', '--max-iter', '8'])
  iterates.forEach((t, i) => {
    expect(Math.abs(Number(fit.iterates[i]?.params.t) - t)).toBeLessThanOrEqual(1e-9)
  })
})

test('Old Faithful, full covariances: the log-likelihoods of A06', async () => {
  const { trajectory } = caseReference('A06-faithful-gmm-full')
  if (trajectory === undefined) throw new Error('A06 has no trajectory')
  const { weights, means, covariances } = trajectory.start
  const values = { pi: weights, mu: means, Sigma: covariances }
  const start = Object.entries(values).flatMap(([name, v]) => ['--start', `${name}=${JSON.stringify(v)}`])
  const iterations = ['--max-iter', String(trajectory.logLikAfterIterations.length - 1)]
  const columns = ['--columns', 'x=eruptions,waiting']
  const fit = await traced('A06-faithful-gmm-full', [...columns, ...start, ...iterations])
  trajectory.logLikAfterIterations.forEach((expected, t) => {
    const found = Number(fit.iterates[t]?.logLikelihood)
    expect(Math.abs(found - expected), `iteration ${t}`).toBeLessThanOrEqual(trajectory.tolerance)
  })
})

test('Old Faithful, spherical, from a given start: six log-likelihoods', async () => {
  const start = ['pi=[1/2, 1/2]', 'mu=[[2, 80], [5, 60]]', 'sigma=[10, 10]'].flatMap((s) => ['--start', s])
  const columns = ['--columns', 'x=eruptions,waiting']
  const fit = await traced('A04-faithful-gmm-spherical', [...columns, ...start, '--max-iter', '5'])
  expect(fit.iterates.map((row) => Number(row.logLikelihood).toFixed(4))).toEqual([
    '-1967.1244',
    '-1785.2653',
    '-1719.2682',
    '-1712.0417',
    '-1710.0098',
    '-1709.6041',
  ])
})

/** Fits of other programs to data of the reference cases, each from one start, as `peers/starts.py` and `starts.R` print them. */
import { execFileSync } from 'node:child_process'
import { type CaseId, caseIds } from '../../test/conformance/cases.js'

/** One fit at the defaults of a program. */
export interface PeerFit {
  readonly peer: string
  readonly version: string
  readonly seed: number
  /** The objective where the fit ends by itself, and once its EM has gone on to convergence. */
  readonly value: number
  readonly carried: number
  readonly passes: number
}

/** A fit that ended with an error. */
export interface FailedFit {
  readonly seed: number
  readonly failed: string
}

/** A program that fits a case. */
export interface Contestant {
  readonly program: 'python' | 'mclust' | 'flexmix'
  readonly id: CaseId
}

const python = ['bench/.peers/venv/bin/python', 'bench/quality/peers/starts.py'] as const
const r = ['Rscript', 'bench/quality/peers/starts.R'] as const

const isCase = (text: string | undefined): text is CaseId => caseIds.some((id) => id === text)

/** Who fits which case: what the scripts list. */
export function contestants(): readonly Contestant[] {
  const found: Contestant[] = []
  for (const id of output(python, []).trim().split(/\s+/u)) if (isCase(id)) found.push({ program: 'python', id })
  for (const line of output(r, []).trim().split('\n')) {
    const [program, id] = line.trim().split(' ')
    if (isCase(id) && (program === 'mclust' || program === 'flexmix')) found.push({ program, id })
  }
  return found
}

export function peerFits({ program, id }: Contestant, seeds: number): readonly (PeerFit | FailedFit)[] {
  const lines = program === 'python' ? output(python, [id, String(seeds)]) : output(r, [program, id, String(seeds)])
  return lines
    .trim()
    .split('\n')
    .map((line): PeerFit | FailedFit => JSON.parse(line))
}

/** One thread, as ours. */
function output([command, script]: readonly [string, string], args: readonly string[]): string {
  const env = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' }
  return execFileSync(command, [script, ...args], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] })
}

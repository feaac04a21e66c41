/** The page of passes that accelerated fits take. */
import type { Acceleration } from '../../runtime/accelerator.js'
import type { RunEnd } from './acceleration-run.js'

/** Runs from one start. */
export interface AcceleratedRun {
  readonly id: string
  readonly seed: number
  readonly plain: RunEnd
  /** `plateau`: it ends below plain EM, and plain EM leads on from there. */
  readonly ends: ReadonlyMap<Acceleration, RunEnd & { readonly plateau: boolean }>
}

export interface AcceleratedRuns {
  /** Runs long enough to save something. */
  readonly main: readonly AcceleratedRun[]
  /** The factor analysis from random starts. */
  readonly factors: readonly AcceleratedRun[]
  /** Cases with plateaus, from more seeds. */
  readonly more: readonly AcceleratedRun[]
  readonly fewest: number
  readonly seeds: readonly number[]
}

/** Those that a goal is set for, at the seed of the test. */
const NAMED = ['A16-haireye-lca-k3', 'A18-earthquakes-poismix-k3', 'A33-ability-fa1']
const SEED_OF_TEST = 3

/** Relative to the objective: a lower end is another maximum, or a plateau. */
const LOWER = 1e-7

const counted = (n: number): string => n.toLocaleString('en-US')

const passesOf = (run: AcceleratedRun, kind: Acceleration): number => run.ends.get(kind)?.passes ?? Number.NaN

function shares(runs: readonly AcceleratedRun[], kind: Acceleration): readonly number[] {
  return runs.map((run) => passesOf(run, kind) / run.plain.passes)
}

const geometricMean = (xs: readonly number[]): number => Math.exp(xs.reduce((t, x) => t + Math.log(x), 0) / xs.length)

const meanShare = (runs: readonly AcceleratedRun[], kind: Acceleration): string =>
  geometricMean(shares(runs, kind)).toFixed(3)

const count = (runs: readonly AcceleratedRun[], is: (run: AcceleratedRun) => boolean): number => runs.filter(is).length

function ends(runs: readonly AcceleratedRun[], kind: Acceleration): string {
  const apart = ({ plain, ends }: AcceleratedRun): number =>
    ((ends.get(kind)?.objective ?? Number.NaN) - plain.objective) / (1 + Math.abs(plain.objective))
  const lower = count(runs, (run) => apart(run) < -LOWER)
  const higher = count(runs, (run) => apart(run) > LOWER)
  const plateaus = count(runs, (run) => run.ends.get(kind)?.plateau === true)
  return `${lower} | ${higher} | ${plateaus}`
}

export function accelerationPage({ main, factors, more, fewest, seeds }: AcceleratedRuns): string {
  const named = main.filter(({ id, seed }) => NAMED.includes(id) && seed === SEED_OF_TEST)
  const isShort = ({ plain }: AcceleratedRun): boolean => plain.passes <= 100
  const kinds = ['squarem', 'anderson'] as const
  const [short, long] = [main.filter(isShort), main.filter((run) => !isShort(run))]
  const groups: readonly (readonly [string, readonly AcceleratedRun[]])[] = [
    ['all', main],
    ['up to 100 passes of plain EM', short],
    ['more', long],
    ['A33 from random starts', factors],
  ]
  const over = kinds.map((kind) => count(factors, (run) => passesOf(run, kind) > run.plain.passes / 3))
  return `${[
    '# Passes of accelerated fits',
    '',
    `Made by \`npx tsx bench/quality/acceleration.ts\`, Node ${process.versions.node}. Data passes of one run from one start, beside those of`,
    'plain EM from the same start, by the tolerance that `estep fit` has by itself. The goal for SQUAREM is a third on these three, from',
    `the start of seed ${SEED_OF_TEST} (\`test/conformance/acceleration.test.ts\`):`,
    '',
    '| case | plain EM | SQUAREM | share | Anderson | share |',
    '|---|---|---|---|---|---|',
    ...named.map((run) => {
      const each = kinds.map(
        (k) => `${counted(passesOf(run, k))} | ${(passesOf(run, k) / run.plain.passes).toFixed(2)}`,
      )
      return `| ${run.id} | ${counted(run.plain.passes)} | ${each.join(' | ')} |`
    }),
    '',
    `All runs of the reference cases from seeds ${seeds.join(', ')} that take plain EM at least ${fewest} passes; of starts that lead the same`,
    'way one counts. Geometric means of the share:',
    '',
    '| runs | how many | SQUAREM | Anderson |',
    '|---|---|---|---|',
    ...groups.map(
      ([name, runs]) => `| ${name} | ${runs.length} | ${kinds.map((k) => meanShare(runs, k)).join(' | ')} |`,
    ),
    '',
    `Of the ${factors.length} random starts of A33, SQUAREM takes more than a third from ${over[0]}, Anderson's mixing from ${over[1]}: the start of`,
    'the test is no exception, and no average either.',
    '',
    '## Where they end',
    '',
    `${counted(more.length)} runs of cases with plateaus and several maxima, each from seeds 101 on. *Lower*, *higher*: than plain EM from`,
    'the same start, which is another maximum as a rule. *Plateau*: lower, and plain EM leads on from there.',
    '',
    '| by | lower | higher | plateau |',
    '|---|---|---|---|',
    ...kinds.map((kind) => `| ${kind} | ${ends(more, kind)} |`),
    '',
    ...VARIANTS,
  ].join('\n')}\n`
}

/** What was tried, written down once. */
const VARIANTS: readonly string[] = ['VARIANTS']

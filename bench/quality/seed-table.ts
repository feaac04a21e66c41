/** The page of how often default settings reach the published optimum. */
import { isBetter, reached, type SeedCase, type SeedEnd } from './seed-run.js'
import type { SplitRow } from './splitting.js'

export interface SeedRow {
  readonly of: SeedCase
  readonly ends: readonly SeedEnd[]
}

/** What is asked for: so many of 100 seeds. */
const ENOUGH = 0.95

const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / Math.max(1, numbers.length)
const rounded = (x: number): string => Math.round(x).toLocaleString('en-US')

export function seedTable(all: readonly SeedRow[], splits: readonly SplitRow[], most: number): string {
  const rows = all.filter(({ ends }) => ends.length > 0)
  const share = ({ of, ends }: SeedRow): number => ends.filter((end) => reached(of, end)).length / ends.length
  const short = rows.filter(({ ends }) => ends.length < most)
  const whole = rows.filter(({ ends }) => ends.length >= most)
  const below = whole.filter((row) => share(row) < ENOUGH)
  const lines = [
    '# Seeds from which default settings reach the published optimum',
    '',
    `Made by \`npx tsx bench/quality/seeds.ts\`, Node ${process.versions.node}. Every reference case without start values of its own, with the`,
    'settings that `estep fit` has by itself: 20 starts of 12 iterations, of which the best seven make 36 and the best five 72; up to',
    'three that differ to convergence (1e-9), and one more where all come to one maximum (docs/fitting.md). Of the arguments of',
    'a case only those are kept that say what its data and its mode are. *Reached*: within the tolerance of the case of its',
    'published figure, or at a better end that is not degenerate (*better*). *Passes*: over the data in a whole fit, E-steps of all',
    'starts + what makes the starts and looks at components. *Time*: of one thread of a busy machine, without binding the data.',
    '',
    `**Of ${whole.length} cases with all ${most} seeds ${whole.length - below.length} are reached from at least 95 %.**${
      below.length === 0 ? '' : ` Below: ${below.map(({ of }) => of.id).join(', ')}.`
    }${
      short.length === 0
        ? ''
        : ` ${short.length} dearer cases have fewer seeds so far, which say less: ${short.filter((row) => share(row) === 1).length} of them were reached from every one.`
    }`,
    '',
    '| case | published optimum | within | reached | better | not converged | passes | time |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map(({ of, ends }) => {
      const count = (is: (end: SeedEnd) => boolean): number => ends.filter(is).length
      const passes = `${rounded(mean(ends.map((e) => e.steps)))} + ${rounded(mean(ends.map((e) => e.others)))}`
      const time = `${(mean(ends.map((e) => e.milliseconds)) / 1000).toFixed(2)} s`
      return `| ${[
        of.id,
        of.optimum.toFixed(4),
        of.tolerance,
        `${count((e) => reached(of, e))} of ${ends.length}`,
        count((e) => isBetter(of, e)) || '',
        count((e) => !e.converged) || '',
        passes,
        time,
      ].join(' | ')} |`
    }),
  ]
  if (splits.length > 0)
    lines.push(
      '',
      '## Splitting',
      '',
      'One start by splitting (`--init split --restarts 1`) beside 50 random ones (`--init random --restarts 1`), each to',
      'convergence: objectives, and the share of random starts that end no higher (within 0.001).',
      '',
      '| data and model | by splitting | median of random | best of random | no higher | at least the median |',
      '|---|---|---|---|---|---|',
      ...splits.map(({ about, split, random }) => {
        const at = (share: number): number => random[Math.round(share * (random.length - 1))] ?? Number.NaN
        const middle = ((random[random.length / 2 - 1] ?? 0) + (random[random.length / 2] ?? 0)) / 2
        const lower = random.filter((value) => value <= split.value + 1e-3).length / random.length
        const yes = split.value >= middle - 1e-3 ? 'yes' : 'no'
        return `| ${about} | ${split.value.toFixed(4)} | ${middle.toFixed(4)} | ${at(1).toFixed(4)} | ${Math.round(100 * lower)} % | ${yes} |`
      }),
    )
  return `${lines.join('\n')}\n`
}

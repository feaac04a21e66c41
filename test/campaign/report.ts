/** A campaign as a page, and what in it is not as it should be. */
import { signatures } from '../../compiler/distributions/index.js'
import { M_STEP_RULES } from '../../compiler/mstep/plan.js'
import { SOLUTION_RULES } from '../../compiler/rules/derivation-rules.js'
import { REGRESSION_RULES } from '../../compiler/rules/mstep/regression.js'
import type { ModelRecord, Outcome } from './record.js'

/** Of 10,000 models at least so many must have each. */
const LEAST = { rule: 50, method: 200, distribution: 100, several: 5000 }
const WHOLE = 10_000

const METHODS = [
  'finite discrete',
  'discrete chain',
  'Gaussian',
  'sparse Gaussian',
  'conjugate',
  'nodes',
  'discrete × Gaussian',
  'discrete × conjugate',
  'half-observed numbers',
  'half-observed discrete',
  'counts and sums',
  'truncated',
  'censored',
]

const OUTCOMES: readonly Outcome[] = ['passed', 'refused', 'not judged', 'failed', 'crashed', 'timed out']

export function report(records: readonly ModelRecord[]): {
  readonly text: string
  readonly complaints: readonly string[]
} {
  const n = records.length
  const least = (of: number): number => Math.floor((of * n) / WHOLE)
  const complaints: string[] = []
  const with_ = (has: (r: ModelRecord) => boolean): number => records.filter(has).length
  const share = (count: number): string => `${((100 * count) / Math.max(1, n)).toFixed(1)} %`
  const derived = records.filter((r) => r.rules.length > 0)
  const several = with_((r) => r.latents >= 2)
  const closed = derived.filter((r) => r.closed).length
  const passed = with_((r) => r.outcome === 'passed')
  if (passed < 0.95 * n) complaints.push(`${share(passed)} of the models were certified and fitted: at least 95 %`)
  for (const outcome of ['failed', 'crashed', 'timed out'] as const) {
    const own = records.filter((r) => r.outcome === outcome)
    if (own.length > 0)
      complaints.push(
        `${own.length} ${outcome}: seeds ${own
          .map((r) => r.seed)
          .slice(0, 20)
          .join(', ')}`,
      )
  }
  if (several < least(LEAST.several)) complaints.push(`${several} models have two latents or more`)

  const table = (
    title: string,
    names: readonly string[],
    of: (r: ModelRecord) => readonly string[],
    most: number,
  ): readonly string[] => {
    const counts = names.map((name) => [name, with_((r) => of(r).includes(name))] as const)
    for (const [name, count] of counts)
      if (count < least(most)) complaints.push(`${name}: ${count} models, at least ${least(most)}`)
    return [`| ${title} | models |`, '|---|---:|', ...counts.map(([name, count]) => `| ${name} | ${count} |`), '']
  }
  const rules = [
    ...M_STEP_RULES.map((r) => r.id),
    ...SOLUTION_RULES.map((r) => r.id),
    ...Object.values(REGRESSION_RULES).map((r) => r.id),
  ]
  const tables = [
    ...table('rule of the M-step', [...new Set(rules)], (r) => r.rules, LEAST.rule),
    ...table('row of the E-step table', METHODS, (r) => r.methods, LEAST.method),
    ...table('distribution', distributions(), (r) => r.distributions, LEAST.distribution),
  ]
  const reasons = new Map<string, number[]>()
  for (const r of records)
    if (r.outcome === 'refused' || r.outcome === 'not judged') {
      const reason = `${r.outcome}: ${general(r.why)}`
      reasons.set(reason, [...(reasons.get(reason) ?? []), r.seed])
    }
  const errors = new Map<string, number>()
  for (const r of records)
    for (const [name, e] of Object.entries(r.errors)) errors.set(name, Math.max(errors.get(name) ?? 0, e))
  const times = records.map((r) => r.milliseconds).sort((a, b) => a - b)
  const at = (q: number): number => times[Math.min(times.length - 1, Math.floor(q * times.length))] ?? 0
  const text = [
    '# Random models',
    '',
    `\`npm run campaign -- --models ${n}\`, ${new Date().toISOString().slice(0, 10)}: each model is derived, its derivation is certified`,
    'against brute force, JavaScript, WebAssembly and the interpreter are compared, and 20 iterations are run, whose',
    'objective must not fall.',
    '',
    '| outcome | models | |',
    '|---|---:|---:|',
    ...OUTCOMES.map((o) => {
      const count = with_((r) => r.outcome === o)
      return `| ${o} | ${count} | ${share(count)} |`
    }),
    '',
    `Two latents or more: ${several} (${share(several)}). Every M-step in closed form: ${closed} of the ${derived.length} derived.`,
    `Seconds a model: median ${(at(0.5) / 1000).toFixed(2)}, 99 % within ${(at(0.99) / 1000).toFixed(1)}, the longest ${(at(1) / 1000).toFixed(1)}.`,
    '',
    '## What was met',
    '',
    `Of ${n} models at least so many must have been met: ${least(LEAST.rule)} by each rule, ${least(LEAST.method)} by each row of the`,
    `E-step table, ${least(LEAST.distribution)} by each distribution; ${least(LEAST.several)} with two latents or more. What was met less often stands under`,
    '“Not as wanted”.',
    '',
    ...tables,
    '## Largest errors',
    '',
    'Beside what each may be (1: just allowed).',
    '',
    '| check | error |',
    '|---|---:|',
    ...[...errors].sort(([, a], [, b]) => b - a).map(([name, e]) => `| ${name} | ${e.toPrecision(2)} |`),
    '',
    '## Refused, or not judged',
    '',
    ...[...reasons]
      .sort(([, a], [, b]) => b.length - a.length)
      .map(([reason, seeds]) => `- ${seeds.length} × ${reason} (seeds ${seeds.slice(0, 5).join(', ')})`),
    '',
    '## Not as wanted',
    '',
    ...(complaints.length === 0 ? ['Nothing.'] : complaints.map((c) => `- ${c}`)),
    '',
  ].join('\n')
  return { text, complaints }
}

/** A reason without the names of its model. */
const general = (why: string): string =>
  (why.split('\n')[0] ?? '').replaceAll(/`[^`]*`(?:(?:,| and) `[^`]*`)*/g, '…').slice(0, 160)

/** Those of the language that give data, latents or params a density of their own. */
const distributions = (): readonly string[] => signatures.map((s) => s.name).filter((name) => name !== 'Dirac')

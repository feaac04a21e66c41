/** What was measured, as the Markdown of `RESULTS.md`: ratios to the peers, written 8.1×, beside goals without the sign. */
import { cpus } from 'node:os'
import { median, ratio } from './statistics.mjs'

const number = new Intl.NumberFormat('en')
const sizesOf = (sizes) =>
  Object.entries(sizes)
    .map(([name, size]) => `${name} = ${number.format(size)}`)
    .join(', ')
const digits = (x) => (x === null || x === undefined ? '–' : x.toPrecision(15))

function markdown(head, rows) {
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

export function report({ when, found, settings, rows }) {
  const [table, fits, scaling, compile] = ['table', 'fits', 'scaling', 'compile'].map((part) =>
    Object.values(rows[part] ?? {}),
  )
  const sections = [
    '# Results',
    `\`npm run bench\` on ${when}: ${cpus().length} cores of ${cpus()[0]?.model.trim() ?? 'an unknown processor'}. ` +
      'Ratios of times: how many times faster Estep is, float64 on both sides, the same data, start values and number of iterations, in turns. ' +
      'Goals are ratios beside the peer that a row names.',
  ]
  if (settings.quick) sections.push('**Smaller data and fewer rounds (`--quick`): not the table.**')
  if (Object.keys(settings.fitOptions).length > 0)
    sections.push(`Options of fit: \`${JSON.stringify(settings.fitOptions)}\`.`)
  if (table.length > 0) sections.push(...tableSections(table))
  if (fits.length > 0) sections.push(...fitSections(fits))
  if (table.length > 0) sections.push(...costSections(table))
  if (scaling.length > 0) sections.push(...scalingSections(scaling))
  if (compile.length > 0) sections.push(...compileSections(compile))
  sections.push('## Versions', versions(found, table))
  return `${sections.join('\n\n')}\n`
}

const own = (row, node, threads) =>
  row.programs.find((p) => p.kind === 'ours' && p.node === node && p.threads === threads)
const rivals = (row, beside) => row.programs.filter((p) => p.kind === 'peer' && p.beside === beside)
const fastest = (list) => list.reduce((best, p) => (best === null || p.median < best.median ? p : best), null)
const least = (list) => list.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)
const apart = (a, b) => (a == null || b == null ? '–' : Math.abs((a - b) / b).toExponential(0))
const against = (peer, mine) => (peer === null || mine === undefined ? null : peer.median / mine.median)

function tableSections(table) {
  const first = table.map((row) => {
    const peer = fastest(rivals(row, false))
    const cell = (node, threads) => ratio(against(peer, own(row, node, threads)))
    const [one, two] = row.goals
    const mine = own(row, 24, 2) ?? own(row, 24, 1)
    return [
      `${row.id} ${row.title}, ${sizesOf(row.sizes)}`,
      peer === null ? 'none' : peer.label,
      cell(24, 1),
      cell(24, 2),
      `${one} / ${two}`,
      cell(20, 1),
      cell(20, 2),
      `${round(0.6 * one)} / ${round(0.6 * two)}`,
      digits(mine?.objectives[(peer?.made ?? 0) - 1]),
      digits(peer?.objective),
      apart(mine?.objectives[(peer?.made ?? 0) - 1], peer?.objective),
    ]
  })
  const head = [
    'work',
    'peer at its best',
    'Node 24, 1 thread',
    '2 threads',
    'goals',
    'Node 20, 1 thread',
    '2 threads',
    'goals',
    'our objective',
    'its objective',
    'relative difference',
  ]
  const others = table.flatMap((row) => {
    const mine = own(row, 24, 2) ?? own(row, 24, 1)
    const best = fastest(rivals(row, false))
    return row.programs
      .filter((p) => p.kind === 'peer' && p !== best)
      .map((p) => [
        row.id,
        p.label,
        ratio(against(p, own(row, 24, 1))),
        ratio(against(p, own(row, 24, 2))),
        String(p.count),
        digits(p.objective),
        apart(mine?.objectives[p.made - 1], p.objective),
      ])
  })
  const missing = table.flatMap((row) => [...row.missing, ...row.failures.map((why) => `${row.id}: ${why}`)])
  const named = table.flatMap((row) => row.programs.filter((p) => !p.beside)).map((p) => p.count)
  const iterations = new Set(table.flatMap((row) => fastest(rivals(row, false))?.made ?? []))
  return [
    '## An iteration of EM',
    markdown(head, first),
    `Medians of ${least(named)} iterations or more, in turns. The peer is the fastest of those that the goal names, at the number of threads at which it is fastest; objectives are those after as many iterations as it made, ${[...iterations].join(' or ')}.`,
    '### The other peers, and the same ones otherwise',
    'Slow programs make fewer iterations; the relative difference is to our objective after as many.',
    markdown(
      ['work', 'peer', 'Node 24, 1 thread', '2 threads', 'iterations timed', 'its objective', 'relative difference'],
      others,
    ),
    ...(missing.length > 0 ? [`Left out:\n\n${missing.map((line) => `- ${line}`).join('\n')}`] : []),
  ]
}

const round = (x) => Number(x.toPrecision(2))

function fitSections(fits) {
  const rows = fits.map(({ id, title, goal, sizes, peer, ours }) => [
    `${id} ${title}, ${sizesOf(sizes)}`,
    ...ours.flatMap(({ whole, afterBinding }) => [ratio(whole), ratio(afterBinding)]),
    String(goal),
    `${ours[0].iterations} / ${peer.iterations}`,
    digits(ours[0].objective),
    digits(peer.objective),
  ])
  return [
    '## From the same start to the same objective',
    'scikit-learn, at the number of threads at which it is fastest, stops by its own rule (tolerance 1e-5); Estep has two threads and no acceleration. Medians of three fits. "Whole": from the call to the iteration that reaches its objective, data checked and code generated; "EM": from when the data is bound.',
    markdown(
      [
        'work',
        'Node 24, whole',
        'EM',
        'Node 20, whole',
        'EM',
        'goal',
        'iterations, ours / its',
        'our objective',
        'its objective',
      ],
      rows,
    ),
  ]
}

function costSections(table) {
  const rows = table.map((row) => {
    const one = own(row, 24, 1)
    const two = own(row, 24, 2)
    const memory = (p) =>
      p === undefined || p.peak === null ? '–' : `${Math.round(p.peak - p.ready.baseline - p.ready.dataMegabytes)} MB`
    const first = (p) => (p === undefined ? '–' : (p.ready.firstSeconds / p.median).toFixed(1))
    const second = (p) => (p === undefined ? '–' : (p.first / p.median).toFixed(1))
    const bind = (p) => (p === undefined ? '–' : (p.ready.bindSeconds / p.median).toFixed(1))
    return [row.id, bind(two), first(one), second(one), first(two), second(two), memory(one), memory(two)]
  })
  return [
    '## The first iteration, and memory',
    'In units of a later iteration: binding the data, the first E-step with what starts up in it, and the first iteration after it (goal 1.5). Peak of memory beyond the data as it was given and the process before it was read (goal 64 MB for row models).',
    markdown(
      [
        'work',
        'binding',
        'first E-step, 1 thread',
        'first iteration',
        'first E-step, 2 threads',
        'first iteration',
        'memory, 1 thread',
        '2 threads',
      ],
      rows,
    ),
  ]
}

function scalingSections(scaling) {
  const rows = scaling.map(({ id, title, base, over, points, exponent, goal }) => [
    `${id} ${title}`,
    over,
    points.map(([x]) => number.format(x)).join(', '),
    sizesOf(Object.fromEntries(Object.entries(base).filter(([name]) => name !== over))),
    points.map(([, y]) => (y / points[0][1]).toFixed(2)).join(', '),
    exponent.toFixed(2),
    String(goal),
  ])
  return [
    '## Scaling',
    'Time of an iteration on Node 24 with one thread, in times of that at the smallest size, and the exponent of the best power law.',
    markdown(['work', 'over', 'sizes', 'at', 'time', 'exponent', 'goal at most'], rows),
  ]
}

function compileSections(compile) {
  const known = compile.filter(({ why }) => why === undefined)
  const executables = known.filter(({ what }) => what === 'executable')
  const ms = (x) => `${x.toFixed(1)} ms`
  const line = (what) => {
    const longest = [...executables].sort((a, b) => b[what] - a[what]).slice(0, 3)
    const named = longest.map((c) => `${ms(c[what])} (${c.name})`).join(', ')
    return `median ${ms(median(executables.map((c) => c[what])))}, longest ${named}`
  }
  const others = known
    .filter(({ what }) => what !== 'executable')
    .map((c) => `- to the derived program, ${c.name}: ${ms(c.later)}, the first of a process ${ms(c.first)}`)
  const failed = compile.filter(({ why }) => why !== undefined).map(({ name, why }) => `- left out: ${name}, ${why}`)
  return [
    '## Compile time',
    `From the text of a model to WebAssembly that has made its first step, for ${executables.length} models of the examples with their data, Node 24 (goal 50 ms):`,
    [
      `- in a process that has compiled before: ${line('later')}`,
      `- the first compile of a process, whose own code is not optimised yet: ${line('first')}`,
      `- loading the modules of Estep, once a process: median ${ms(median(known.map((c) => c.modules)))}`,
      ...others,
      ...failed,
    ].join('\n'),
  ]
}

function versions(found, table) {
  const lines = found.map(({ name, ok, version, why }) => `- ${name}: ${ok ? version : `missing, ${why}`}`)
  const blas = new Set(table.flatMap((row) => row.programs.map((p) => p.versions?.blas).filter((b) => b !== undefined)))
  return [...lines, ...[...blas].map((b) => `- BLAS: ${b}`)].join('\n')
}

// The report of mutation testing: scores by file, and every change that no test noticed. Read from what the runs have left.
import { readFileSync, writeFileSync } from 'node:fs'

const FOLDERS = ['compiler/distributions/', 'compiler/rules/']
const CAUGHT = new Set(['Killed', 'Timeout'])
const MISSED = new Set(['Survived', 'NoCoverage'])

/** Writes REPORT.md from Stryker's record of results (mutation testing report schema). */
export function writeReport(record, report) {
  const files = Object.entries(JSON.parse(readFileSync(record, 'utf8')).files)
    .map(([name, { source, mutants }]) => ({ name, source: source.split('\n'), mutants }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  const all = files.flatMap((f) => f.mutants)
  const score = (mutants) => {
    const [caught, missed] = [CAUGHT, MISSED].map((set) => mutants.filter((m) => set.has(m.status)).length)
    return { caught, missed, share: caught + missed === 0 ? 1 : caught / (caught + missed) }
  }
  const percent = (x) => `${(100 * x).toFixed(1)} %`
  const total = score(all)
  const lines = [
    '# Mutation tests of rules and distributions',
    '',
    '`npm run mutation` changes one place at a time and runs the tests named in `vitest.config.ts`, which look at rules and',
    'distributions from near by. Written by the run itself.',
    '',
    `**${percent(total.share)} of ${total.caught + total.missed} changes were noticed** (goal: 90 %); ${total.missed} were not.`,
    ...FOLDERS.filter((folder) => !files.some((f) => f.name.startsWith(folder))).map(
      (folder) => `Not run to its end yet, and so not in these figures: ${folder}.`,
    ),
    '',
    '| file | noticed | not noticed | share |',
    '|---|---|---|---|',
    ...files.map(({ name, mutants }) => {
      const { caught, missed, share } = score(mutants)
      return `| ${name} | ${caught} | ${missed} | ${percent(share)} |`
    }),
    '',
    '## What was not noticed',
    '',
    'The place, what stands there, and what stood there instead. Many are no change of meaning: a condition that the next one',
    'implies, a deviation of a symmetric draw with the other sign, an order or a name that nothing shows.',
    '',
  ]
  for (const { name, source, mutants } of files) {
    const missed = mutants.filter((m) => MISSED.has(m.status))
    if (missed.length === 0) continue
    lines.push(`### ${name}`, '')
    for (const { location, replacement } of missed.sort((a, b) => a.location.start.line - b.location.start.line)) {
      const { start, end } = location
      const line = source[start.line - 1] ?? ''
      const original = line.slice(start.column - 1, end.line === start.line ? end.column - 1 : undefined)
      lines.push(`- line ${start.line}: ${code(original)} → ${code(replacement ?? '')}`)
    }
    lines.push('')
  }
  writeFileSync(report, `${lines.join('\n').trimEnd()}\n`)
}

/** A piece of a program on one line, cut where it is long. */
function code(text) {
  const flat = text.replaceAll(/\s+/g, ' ').trim()
  const short = flat.length > 70 ? `${flat.slice(0, 69)}…` : flat
  return short === '' ? 'nothing' : short.includes('`') ? `\`\` ${short} \`\`` : `\`${short}\``
}

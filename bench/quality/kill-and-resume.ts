/**
 * Kills `estep fit` with SIGKILL at 80 moments, 48 of them inside a write of its checkpoint, and lets it go on: the fit file
 * must have every byte of that of a fit in one go. Writes are slowed down, so that a process can be caught in one.
 *
 *   npm run build && npx tsx bench/quality/kill-and-resume.ts      writes bench/quality/kill-and-resume.md
 *
 * What comes after the name is run in place of the program that was built.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { randomSource } from '../../runtime/random.js'
import { type Ended, fitKilledAt, type Moment } from '../../test/cli/kill/killed-fit.js'

const root = fileURLToPath(new URL('../../', import.meta.url))
const built = join(root, 'dist/cli/main.js')
const program =
  process.argv.length > 2
    ? process.argv.slice(2)
    : existsSync(built)
      ? [built]
      : ['--import', 'tsx', join(root, 'cli/main.ts')]
const folder = mkdtempSync(join(tmpdir(), 'estep-kill-'))
const example = (path: string): string => join(root, 'examples', path)
const SLOW = 6

interface Workload {
  readonly name: string
  readonly args: readonly string[]
}

const faithful = [example('old-faithful/spherical.estep'), '--data', example('old-faithful/faithful.csv')]
const workloads: readonly Workload[] = [
  { name: 'mixture, 4 components, 25 starts', args: [...faithful, '--set', 'K=4', '--restarts', '25'] },
  { name: 'the same in hard mode, traced', args: [...faithful, '--set', 'K=5', '--mode', 'hard', '--trace'] },
  { name: 'the same, SQUAREM', args: [...faithful, '--set', 'K=4', '--accelerate', 'squarem'] },
  {
    name: 'chain, 3 states',
    args: [
      ...[example('earthquake-chain/model.estep'), '--data', example('earthquake-chain/earthquakes.csv')],
      ...['--set', 'S=3', '--accelerate', 'anderson'],
    ],
  },
  {
    name: 'logistic regression with latent intercepts, quadrature',
    args: [example('generalised-mixed/herds.estep'), '--data', example('generalised-mixed/herds.csv')],
  },
  {
    name: 'mixture, 3 components, annealed',
    args: [...faithful, '--set', 'K=3', '--mode', 'anneal', '--restarts', '2'],
  },
  { name: 'the same by draws, traced', args: [...faithful, '--set', 'K=3', '--mode', 'sem', '--trace'] },
  { name: 'the same in batches', args: [...faithful, '--set', 'K=3', '--mode', 'online', '--batch', '32'] },
]

/** Six moments inside of writes and four between them, anywhere in the run. */
function momentsOf(writes: number, seed: number): readonly Moment[] {
  const random = randomSource(seed, 9)
  return Array.from({ length: 10 }, (_, i) => {
    const inside = i < 6
    const most = Math.max(1, writes - 1)
    return { inside, write: 1 + random.integer(most), after: Math.floor(random.uniform() * (inside ? 7 * SLOW : 8)) }
  })
}

/** Killed where it was to be; a moment that the process outruns is drawn again. */
async function killed(args: readonly string[], out: string, checkpoint: string, moment: Moment): Promise<Ended> {
  for (let tried = 0; tried < 20; tried++) {
    for (const path of [out, checkpoint]) rmSync(path, { force: true })
    const ended = await fitKilledAt(
      program,
      [...args, '--out', out],
      { ...moment, after: moment.after * 0.7 ** tried },
      SLOW,
    )
    if (ended.killed !== null && !existsSync(out)) return ended
    if (ended.killed === null && ended.status !== 0) throw new Error(ended.err)
  }
  throw new Error('it could not be killed')
}

const rows: string[] = []
let [same, inside, all] = [0, 0, 0]
for (const [w, { name, args }] of workloads.entries()) {
  const path = (what: string): string => join(folder, `${w}-${what}.json`)
  const kept = [...args, '--checkpoint', path('checkpoint'), '--checkpoint-every', '0']
  const plain = await fitKilledAt(program, [...args, '--out', path('whole')], null, 0)
  if (plain.status !== 0) throw new Error(plain.err)
  const whole = readFileSync(path('whole'))
  const { writes } = await fitKilledAt(program, kept, null, SLOW)
  for (const [m, moment] of momentsOf(writes, w + 1).entries()) {
    const { killed: where } = await killed(kept, path('never'), path('checkpoint'), moment)
    const isThere = existsSync(path('checkpoint'))
    const out = path(`resumed-${m}`)
    const again = await fitKilledAt(program, [...kept, '--resume', path('checkpoint'), '--out', out], null, 0)
    const identical = again.status === 0 && readFileSync(out).equals(whole)
    all++
    if (identical) same++
    if (where === 'inside a write') inside++
    const at = `${where}, ${moment.inside ? 'write' : 'after write'} ${moment.write} of ${writes}`
    rows.push(`| ${name} | ${at} | ${isThere ? 'yes' : 'no'} | ${identical ? 'identical' : `DIFFERENT ${again.err}`} |`)
    console.error(rows.at(-1))
  }
}
rmSync(folder, { recursive: true })

const report = `# Kill −9 and resume

\`npx tsx bench/quality/kill-and-resume.ts\`, Node ${process.versions.node}. A fit is killed with SIGKILL, its checkpoints
written as often as they can be and every write slowed down; then it goes on with \`--resume\`. Its fit file is compared
with that of a fit in one go, byte for byte.

**${same} of ${all} identical; ${inside} of the kills were inside a write.**

| fit | killed | a checkpoint was there | fit file |
|---|---|---|---|
${rows.join('\n')}
`
writeFileSync(new URL('kill-and-resume.md', import.meta.url), report)
if (same !== all || inside < 0.6 * all || all < 50) process.exitCode = 1

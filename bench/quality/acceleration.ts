/**
 * Passes over the data of accelerated fits beside those of plain EM, one run from each start of the reference cases, and where
 * they end. A minute or two.
 *
 *   npx tsx bench/quality/acceleration.ts              writes bench/quality/acceleration.md
 *   npx tsx bench/quality/acceleration.ts --only A33   prints runs, writes nothing
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { Acceleration } from '../../runtime/accelerator.js'
import { defaultOptions, type FitRequest } from '../../runtime/options.js'
import { type CaseId, caseIds, caseRun, readBesideModels } from '../../test/conformance/cases.js'
import { parseFitArguments } from '../../test/conformance/fit-arguments.js'
import { type AcceleratedRun, accelerationPage } from './acceleration-page.js'
import { type RunEnd, runFrom } from './acceleration-run.js'
import { factorStart } from './factor-start.js'
import { type SeedCase, seedCase } from './seed-run.js'

const { values: asked } = parseArgs({ options: { only: { type: 'string', default: '' } } })

const SEEDS = [3, 1, 2, 4, 5, 6]
/** Random starts of the factor analysis, whose own start depends on no seed. */
const RANDOM = 40
/** Mixtures, classes and chains, whose plateaus jumps may land on: so many seeds more. */
const MORE = 30
const FLAT = /^A(?:06|08|09|15|16|17|18|27|28|41|43|50)-/u
/** Runs of fewer passes have little to save. */
const FEWEST = 20

const kinds: readonly Acceleration[] = ['squarem', 'anderson']

async function compare(of: SeedCase, seed: number, request: FitRequest): Promise<AcceleratedRun> {
  const plain = await runFrom(of, { ...request, seed })
  const ends = new Map<Acceleration, RunEnd & { readonly plateau: boolean }>()
  for (const accelerate of kinds) {
    const end = await runFrom(of, { ...request, seed, accelerate })
    ends.set(accelerate, { ...end, plateau: await isPlateau(of, plain, end) })
  }
  return { id: of.id, seed, plain, ends }
}

/** Ends below that of plain EM, from which plain EM leads on. */
async function isPlateau(of: SeedCase, plain: RunEnd, end: RunEnd): Promise<boolean> {
  const little = 100 * defaultOptions.tolerance * (1 + Math.abs(plain.objective))
  if (end.objective >= plain.objective - little) return false
  const on = await runFrom(of, { start: end.start, tolerance: 1e-12, maxIterations: 20_000 })
  return on.objective > end.objective + 10 * little
}

async function runsOf(id: CaseId): Promise<readonly AcceleratedRun[]> {
  const of = seedCase(id)
  const { start } = parseFitArguments(caseRun(id).args, readBesideModels)
  const runs: AcceleratedRun[] = []
  for (const seed of SEEDS) runs.push(await compare(of, seed, start === undefined ? {} : { start }))
  return runs
}

async function runsOfMore(id: CaseId): Promise<readonly AcceleratedRun[]> {
  const of = seedCase(id)
  const runs: AcceleratedRun[] = []
  for (let i = 0; i < MORE; i++) runs.push(await compare(of, 101 + i, {}))
  return runs
}

async function runsOfFactors(id: CaseId): Promise<readonly AcceleratedRun[]> {
  const of = seedCase(id)
  const runs: AcceleratedRun[] = []
  for (let seed = 1; seed <= RANDOM; seed++) runs.push(await compare(of, seed, { start: factorStart(id, seed) }))
  return runs
}

/** Of starts that lead the same way one counts. */
function distinct(runs: readonly AcceleratedRun[]): readonly AcceleratedRun[] {
  const key = ({ id, plain }: AcceleratedRun): string => `${id} ${plain.passes} ${plain.objective}`
  return [...new Map([...runs].reverse().map((run) => [key(run), run])).values()].reverse()
}

const isLong = ({ plain }: AcceleratedRun): boolean => plain.converged && plain.passes >= FEWEST

const ids = caseIds.filter((id) => new RegExp(asked.only, 'u').test(id))
const main: AcceleratedRun[] = []
for (const id of ids) {
  const runs = await runsOf(id)
  main.push(...runs)
  for (const { seed, plain, ends } of distinct(runs)) {
    const each = kinds.map((kind) => `${kind} ${ends.get(kind)?.passes}`)
    console.log(`${id} seed ${seed}: ${plain.passes} passes, ${each.join(', ')}`)
  }
}
if (asked.only === '') {
  const more: AcceleratedRun[] = []
  for (const id of ids.filter((id) => FLAT.test(id))) more.push(...(await runsOfMore(id)))
  const factors = await runsOfFactors('A33-ability-fa1')
  const page = accelerationPage({ main: distinct(main.filter(isLong)), factors, more, fewest: FEWEST, seeds: SEEDS })
  writeFileSync('bench/quality/acceleration.md', page)
}

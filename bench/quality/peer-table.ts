/** The page of our starts beside those of other programs. */
import { type RandomSource, randomSource } from '../../runtime/random.js'
import type { FailedFit, PeerFit } from './peer-fits.js'
import { reached, type SeedCase, type SeedEnd } from './seed-run.js'

/** A case, our fits with 20 starts and with one, and those of each peer. */
export interface Beside {
  readonly of: SeedCase
  readonly ours: readonly SeedEnd[]
  readonly single: readonly SeedEnd[]
  readonly peers: readonly (readonly (PeerFit | FailedFit)[])[]
}

/** Times that as many fits are drawn as passes allow. */
const DRAWS = 1000

const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / Math.max(1, numbers.length)
const percent = (share: number): string => (Number.isNaN(share) ? '' : `${Math.round(100 * share)} %`)
const passesOf = (ends: readonly SeedEnd[]): number => mean(ends.map((e) => e.steps + e.others))
const isFit = (fit: PeerFit | FailedFit): fit is PeerFit => 'carried' in fit

/** What comes of a peer's fits. */
interface PeerShares {
  readonly name: string
  readonly fits: number
  readonly passes: number
  /** Ends at the optimum as the program leaves it; leads to it once its EM goes on. */
  readonly ends: number
  readonly leads: number
  /** The best of as many fits as the passes of one start of ours, and of a whole fit of ours, allow. */
  readonly asOne: number
  readonly asWhole: number
  /** Fits that lead above the optimum. */
  readonly above: number
}

export function peerTable(all: readonly Beside[]): string {
  const rows = all.filter(({ ours, peers }) => ours.length > 0 && peers.some((fits) => fits.some(isFit)))
  const judged = rows.flatMap((row) => {
    const own = row.ours.filter((end) => reached(row.of, end)).length / row.ours.length
    const one = row.single.filter((end) => reached(row.of, end)).length / row.single.length
    const peers = row.peers.flatMap((fits) => sharesOf(row, fits) ?? [])
    return [{ ...row, own, one, peers }]
  })
  const pairs = judged.flatMap(({ of, own, one, peers }) => peers.map((peer) => ({ of, own, one, peer })))
  const behind = pairs.filter(({ own, peer }) => own < peer.asWhole)
  const behindOne = pairs.filter(({ one, peer }) => one < peer.asOne)
  const named = (list: typeof pairs): string => list.map(({ of, peer }) => `${of.id} (${peer.name})`).join(', ')
  const versions = [...new Set(rows.flatMap(({ peers }) => peers.flat().filter(isFit).map(versionOf)))].sort()
  const lines = [
    '# Starts beside those of other programs',
    '',
    `Made by \`npx tsx bench/quality/starts-beside-peers.ts\` on ${new Date().toISOString().slice(0, 10)}: ${versions.join(', ')}, Node ${process.versions.node}.`,
    'Every program runs at its defaults, from one seed after another. A pass is once over the data: for us every E-step of every',
    'start and what makes the starts; for the others each iteration of EM, of Lloyd and each centre of k-means++. The',
    'hierarchical clustering of mclust (distances of all pairs of rows) and the random clusters of flexmix count as none.',
    '',
    'The other programs end sooner (scikit-learn at a gain of 0.001 a row, hmmlearn after 10 iterations) and their ends are mostly',
    'not within the tolerance of a case. *Ends there* says how many are. *Leads there* is what counts from here on: EM goes on from',
    'their ends, at no charge, and comes within the tolerance. Their single fits are then repeated until the passes are spent that',
    'one start of ours takes, and those of a whole fit of ours (20 starts, up to three that differ to convergence), and the',
    `best of them by its own figure is taken (${DRAWS.toLocaleString('en-US')} draws from the fits). mclust has no chance in its start.`,
    'Single starts of ours differ on purpose, from hard assignments to ones that spread each row over all components: together',
    'they find more, one alone finds less than a start by k-means where clusters are round.',
    '',
    `**In ${pairs.length - behind.length} of ${pairs.length} comparisons a whole fit of ours reaches the optimum at least as often as the other program at the same number of`,
    `passes${behind.length === 0 ? '' : `; not in ${named(behind)}`}.** With one start: in ${pairs.length - behindOne.length} of ${pairs.length}${
      behindOne.length === 0 ? '' : `; not in ${named(behindOne)}`
    }.`,
    '',
    '| case | program | seeds | passes of a fit | ends there | leads there | at the passes of our one start | at those of our whole fit |',
    '|---|---|---|---|---|---|---|---|',
  ]
  for (const { of, ours, single, own, one, peers } of judged) {
    const count = (n: number): string => Math.round(n).toLocaleString('en-US')
    lines.push(
      `| ${of.id} | **Estep, one start** | ${single.length} | ${count(passesOf(single))} | ${percent(one)} | ${percent(one)} | **${percent(one)}** | |`,
      `| | **Estep** | ${ours.length} | ${count(passesOf(ours))} | ${percent(own)} | ${percent(own)} | | **${percent(own)}** |`,
    )
    for (const p of peers) {
      const above = p.above === 0 ? '' : ` (${percent(p.above)} above)`
      lines.push(
        `| | ${p.name} | ${p.fits} | ${count(p.passes)} | ${percent(p.ends)} | ${percent(p.leads)}${above} | ${percent(p.asOne)} | ${percent(p.asWhole)} |`,
      )
    }
  }
  lines.push(
    '',
    '*Above*: fits that lead to a higher end than the published one, where a component of a few rows has closed in on them.',
    'Cases with missing cells, priors, censoring, or models that the others do not have are left out.',
  )
  return `${lines.join('\n')}\n`
}

const versionOf = ({ peer, version }: PeerFit): string => `${peer.split(' ')[0]} ${version}`

function sharesOf(row: Beside, fits: readonly (PeerFit | FailedFit)[]): PeerShares | null {
  const { optimum, tolerance } = row.of
  const sound = fits.filter(isFit)
  const [first] = sound
  if (first === undefined) return null
  const there = (value: number): boolean => Math.abs(value - optimum) <= tolerance
  const share = (is: (fit: PeerFit) => boolean): number => sound.filter(is).length / fits.length
  const draw = randomSource(1, 1)
  return {
    name: first.peer,
    fits: fits.length,
    passes: mean(sound.map(({ passes }) => passes)),
    ends: share(({ value }) => there(value)),
    leads: share(({ carried }) => there(carried)),
    asOne: bestOfMany(fits, passesOf(row.single), there, draw),
    asWhole: bestOfMany(fits, passesOf(row.ours), there, draw),
    above: share(({ carried }) => carried > optimum + tolerance),
  }
}

/** How often the best of as many fits as the passes allow, one at least, leads there. A fit that failed costs nothing. */
function bestOfMany(
  fits: readonly (PeerFit | FailedFit)[],
  passes: number,
  there: (value: number) => boolean,
  draw: RandomSource,
): number {
  let found = 0
  for (let i = 0; i < DRAWS; i++) {
    let best: PeerFit | null = null
    let left = passes
    while (best === null || left > 0) {
      const fit = fits[draw.integer(fits.length)]
      if (fit === undefined || !isFit(fit)) continue
      left -= fit.passes
      if (best !== null && left < 0) break
      if (best === null || fit.value > best.value) best = fit
    }
    if (there(best.carried)) found++
  }
  return found / DRAWS
}

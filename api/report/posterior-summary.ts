/** What the posterior says of each latent, in one table each. */
import { counted, short } from '../charts/format.js'
import { type Html, h } from './html.js'
import type { Latent } from './shown.js'
import { table } from './table.js'

const MOST_VALUES = 60
/** Below this probability of its most probable value a row counts as uncertain. */
const CERTAIN = 0.8

export const posteriorTables = (latents: readonly Latent[]): readonly Html[] =>
  latents.flatMap((latent) => {
    if (latent.kind === 'discrete') return latent.labels.length > 1 ? [discrete(latent)] : []
    return latent.means === null ? [] : [numeric(latent, latent.means)]
  })

/** Sums of weights, without the noise of their last digits. */
const tidy = (x: number): number => Number(x.toPrecision(12))

function discrete(latent: Latent): Html {
  const { labels, probabilities, modes, weights } = latent
  const width = labels.length
  const [expected, most, uncertain] = [0, 0, 0].map(() => new Array<number>(width).fill(0))
  if (expected === undefined || most === undefined || uncertain === undefined) throw new Error('three lists')
  let entropy = 0
  let total = 0
  for (let row = 0; row < latent.rows; row++) {
    const mode = modes?.[row] ?? 0
    const copies = weights?.[row] ?? 1
    total += copies
    most[mode] = (most[mode] ?? 0) + copies
    for (let k = 0; k < width; k++) {
      const p = probabilities?.[row * width + k] ?? 0
      expected[k] = (expected[k] ?? 0) + copies * p
      if (p > 0) entropy -= copies * p * Math.log(p)
      if (k === mode && p < CERTAIN) uncertain[mode] = (uncertain[mode] ?? 0) + copies
    }
  }
  const rows = tidy(total)
  const worst = total * Math.log(width)
  const part = worst === 0 ? 0 : entropy / worst
  const all = tidy(uncertain.reduce((a, b) => a + b, 0))
  return table({
    caption: [
      h('code', {}, latent.name),
      `, ${counted(rows, 'row')}: the entropy of the classification is ${short(100 * part, 3)} % of what it could be; ${counted(all, 'row has', 'rows have')} no value of probability ${CERTAIN} or more.`,
    ],
    name: `Posterior of ${latent.name}`,
    head: ['value', 'expected rows', 'most probable for', `of these uncertain`],
    rows: labels
      .slice(0, MOST_VALUES)
      .map((label, k) => [
        label,
        short(expected[k] ?? 0, 5),
        counted(tidy(most[k] ?? 0), 'row'),
        counted(tidy(uncertain[k] ?? 0), 'row'),
      ]),
    more: Math.max(0, width - MOST_VALUES),
  })
}

function numeric(latent: Latent, means: Float64Array): Html {
  const size = latent.own.reduce((a, b) => a * b, 1)
  const shown = Math.min(size, MOST_VALUES)
  const of = (values: Float64Array | null, i: number): number[] =>
    values === null ? [] : Array.from(values).filter((_, at) => at % size === i)
  return table({
    caption: [
      h('code', {}, latent.name),
      `, ${counted(latent.rows, 'row')}: its posterior means, and how far they are known.`,
    ],
    name: `Posterior of ${latent.name}`,
    head: ['element', 'mean of the means', 'smallest', 'largest', 'typical posterior sd'],
    rows: Array.from({ length: shown }, (_, i) => {
      const own = of(means, i)
      const sds = of(latent.sd, i).sort((a, b) => a - b)
      const mean = own.reduce((a, b) => a + b, 0) / Math.max(1, own.length)
      const middle = sds[Math.floor(sds.length / 2)] ?? Number.NaN
      const [low, high] = own.reduce(
        ([a, b], x) => [Math.min(a, x), Math.max(b, x)],
        [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      )
      const name = size === 1 ? latent.name : `${latent.name}[${i + 1}]`
      return [name, short(mean, 5), short(low, 5), short(high, 5), short(middle, 3)]
    }),
    more: size - shown,
  })
}

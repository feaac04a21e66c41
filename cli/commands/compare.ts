import { compareFits } from '../../api/compare-fits.js'
import { type NestedNumbers, numberFromJson, record } from '../../runtime/json.js'
import { eachNested, isList } from '../../runtime/nested.js'
import type { FitResult } from '../../runtime/result.js'
import { type Context, printJson } from '../context.js'
import { exitCodes } from '../exit-codes.js'
import { loadFit } from '../load-fit.js'
import type { ParamView } from '../ports.js'
import { formatCount, formatNumber, formatObjective } from '../render/numbers.js'
import { printable } from '../render/paint.js'
import { textTable } from '../render/text-table.js'

/** `estep compare FIT FIT`: matches components, prints differences. */
export async function compare(
  context: Context,
  firstPath: string,
  secondPath: string,
  options: { readonly json?: boolean },
): Promise<number> {
  const first = await loadFit(context, firstPath)
  const second = await loadFit(context, secondPath)
  const comparison = compareFits(first, second)
  const [a, b] = [first.toJSON(), second.toJSON()]
  if (options.json === true) {
    const pick = ({ model, logLikelihood, bic, parameters, observations }: typeof a) => ({
      model,
      logLikelihood,
      bic,
      parameters,
      observations,
    })
    const params = comparison.params.map(({ name, matched, ...rest }) => {
      if (matched === null) return [name, rest] as const
      const { components, ...parts } = matched
      return [name, { ...rest, matched: { ...parts, components: Object.fromEntries(components) } }] as const
    })
    printJson(context, { fits: [pick(a), pick(b)], matching: record(comparison.matching), params: record(params) })
    return exitCodes.done
  }
  const difference = (x: typeof a.bic, y: typeof a.bic): string =>
    formatNumber((numberFromJson(y) ?? Number.NaN) - (numberFromJson(x) ?? Number.NaN))
  const lines = textTable(
    ['', printable(firstPath), printable(secondPath), 'difference'],
    [
      ['model', printable(a.model), printable(b.model), ''],
      [
        'log-likelihood',
        formatObjective(a.logLikelihood),
        formatObjective(b.logLikelihood),
        difference(a.logLikelihood, b.logLikelihood),
      ],
      ...(a.bic === null || b.bic === null
        ? []
        : [['BIC', formatObjective(a.bic), formatObjective(b.bic), difference(a.bic, b.bic)]]),
      ['parameters', String(a.parameters), String(b.parameters), String(b.parameters - a.parameters)],
      [
        'observations',
        formatCount(a.observations),
        formatCount(b.observations),
        formatCount(b.observations - a.observations),
      ],
    ],
  )
  for (const [latent, order] of comparison.matching) {
    const left = componentsLeft(b, second.layout, latent, order)
    const pairs = [...order.map((k, i) => `${i + 1} ↔ ${k ?? 'none'}`), ...left.map((k) => `none ↔ ${k}`)]
    lines.push('', `components of ${printable(latent)}: ${pairs.join(', ')}`)
  }
  lines.push('')
  for (const param of comparison.params) {
    const { name } = param
    const { first: left, second: right, largestDifference } = param.matched ?? param
    if (left === null || right === null)
      lines.push(`${printable(name)}: only in the ${left === null ? 'second' : 'first'} fit`)
    else if (largestDifference === null)
      lines.push(`${printable(name)}: ${shapeOf(left)} in the first fit, ${shapeOf(right)} in the second`)
    else {
      const cells = eachNested(right)
      const rows = eachNested(left)
        .slice(0, 30)
        .map(({ index, value }, i) => {
          const own = index.map((k, d) => param.matched?.components.get(d)?.[k] ?? k + 1)
          const label = index.length === 0 ? name : `${name}[${own.join(', ')}]`
          const other = cells[i]?.value ?? null
          return [printable(label), formatNumber(value), formatNumber(other), difference(value, other)]
        })
      lines.push(...textTable([`${printable(name)}`, 'first', 'second', 'difference'], rows))
      if (cells.length > 30)
        lines.push(`… ${cells.length - 30} more; the largest difference is ${formatNumber(largestDifference)}`)
    }
  }
  const why = notComparable(a, b)
  if (why !== null) context.host.stderr(`warning: ${why}, so their criteria do not compare\n`)
  context.host.stdout(`${lines.join('\n')}\n`)
  return exitCodes.done
}

/** What keeps the log-likelihoods of two fits from being those of the same data; null: nothing is known to. */
function notComparable(a: FitResult, b: FitResult): string | null {
  if (a.observations !== b.observations) return 'the fits have different numbers of observations'
  const taken = ({ columns }: FitResult): string => [...new Set(Object.values(columns).flat())].sort().join(', ')
  if (taken(a) !== taken(b)) return `the fits take different columns (${taken(a)}; ${taken(b)})`
  const bound = [a, b].filter((fit) => fit.bound === 'variational').length
  return bound === 1 ? 'the log-likelihood of one of the fits is a lower bound' : null
}

/** Components of the second fit, from 1, that no component of the first is matched to. */
function componentsLeft(
  fit: FitResult,
  layout: readonly ParamView[],
  latent: string,
  order: readonly (number | null)[],
): readonly number[] {
  for (const { name, components, shape } of layout) {
    const axis = components.find((c) => c.latent === latent)
    if (axis === undefined || !(name in fit.params)) continue
    const size = shape[axis.dimension] ?? 0
    return Array.from({ length: size }, (_, k) => k + 1).filter((k) => !order.includes(k))
  }
  return []
}

function shapeOf(value: NestedNumbers): string {
  const extents: number[] = []
  for (let x = value; isList(x); x = x[0] ?? null) extents.push(x.length)
  return extents.length === 0 ? 'a number' : extents.join(' × ')
}

import { numberFromJson, record } from '../../runtime/json.js'
import { type Context, printJson } from '../context.js'
import { exitCodes } from '../exit-codes.js'
import { loadFit } from '../load-fit.js'
import { compareFits } from '../match-components.js'
import { eachNested } from '../render/nested.js'
import { formatNumber, formatObjective } from '../render/numbers.js'
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
    const params = comparison.params.map(({ name, ...rest }) => [name, rest] as const)
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
      ['observations', String(a.observations), String(b.observations), String(b.observations - a.observations)],
    ],
  )
  for (const [latent, order] of comparison.matching) {
    lines.push('', `components of ${latent}: ${order.map((k, i) => `${i + 1} ↔ ${k ?? 'none'}`).join(', ')}`)
  }
  lines.push('')
  for (const { name, first: left, second: right, largestDifference } of comparison.params) {
    if (left === null || right === null)
      lines.push(`${printable(name)}: only in the ${left === null ? 'second' : 'first'} fit`)
    else if (largestDifference === null) lines.push(`${printable(name)}: the shapes differ`)
    else {
      const cells = eachNested(right)
      const rows = eachNested(left)
        .slice(0, 30)
        .map(({ index, value }, i) => {
          const label = index.length === 0 ? name : `${name}[${index.map((k) => k + 1).join(', ')}]`
          const other = cells[i]?.value ?? null
          return [printable(label), formatNumber(value), formatNumber(other), difference(value, other)]
        })
      lines.push(...textTable([`${printable(name)}`, 'first', 'second', 'difference'], rows))
      if (cells.length > 30)
        lines.push(`… ${cells.length - 30} more; the largest difference is ${formatNumber(largestDifference)}`)
    }
  }
  if (a.observations !== b.observations)
    context.host.stderr('warning: the fits have different numbers of observations, so their criteria do not compare\n')
  context.host.stdout(`${lines.join('\n')}\n`)
  return exitCodes.done
}

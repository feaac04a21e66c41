import { didYouMean } from '../runtime/data/nearest-name.js'
import { objectEntries } from '../runtime/json.js'
import type { Context } from './context.js'
import { UsageError } from './exit-codes.js'
import { parseAssignment } from './literal.js'
import { readJson } from './load-fit.js'

const kinds = ['auto', 'kmeans++', 'random', 'split', 'hierarchical'] as const

export interface Start {
  readonly init: (typeof kinds)[number]
  /** Values of `--init FILE` and `--start`, the latter going before; null where there are none. */
  readonly values: ReadonlyMap<string, unknown> | null
  /** What the values are of, where they are those of a fit: its sizes tell why they may not fit here. */
  readonly of: string | null
}

/** `--init` is a way of starting or a JSON file in the shape of `params`; a whole fit file will do. */
export async function readStart(context: Context, init: string | undefined, start: readonly string[]): Promise<Start> {
  const values = new Map<string, unknown>()
  let of: string | null = null
  const kind = kinds.find((word) => word === (init ?? 'auto'))
  if (init !== undefined && kind === undefined) {
    if (init !== '-' && !context.host.exists(init)) {
      throw new UsageError(
        `--init takes ${kinds.join(', ')} or a JSON file, and there is no file \`${init}\``,
        didYouMean(init, kinds) ?? null,
      )
    }
    const document = objectEntries(await readJson(context, init, 'a file of start values'))
    const params = document === undefined ? undefined : (objectEntries(document.get('params')) ?? document)
    if (params === undefined)
      throw new UsageError(`\`${init}\` is not a file of start values: an object of values by param`)
    for (const [name, value] of params) values.set(name, value)
    const sizes = [...(objectEntries(document?.get('sizes')) ?? [])].map(([name, n]) => `${name} = ${String(n)}`)
    if (sizes.length > 0) of = `\`${init}\` is a fit with ${sizes.join(', ')}`
  }
  const named = new Set<string>()
  for (const text of start) {
    const { name, value } = parseAssignment('--start', text)
    if (named.has(name)) throw new UsageError(`--start gives \`${name}\` twice`)
    named.add(name)
    values.set(name, value)
  }
  return { init: kind ?? 'auto', values: values.size === 0 ? null : values, of }
}

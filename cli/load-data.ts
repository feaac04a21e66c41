import { parseColumnsOption } from '../runtime/data/columns-option.js'
import { readTable } from '../runtime/data/read-table.js'
import type { DataDeclaration, DataProblem, ReadResult, Table } from '../runtime/data/types.js'
import type { Context } from './context.js'
import { DataError, UsageError } from './exit-codes.js'
import type { DataRequest } from './ports.js'
import { createProgress } from './progress.js'

export interface DataOptions {
  readonly data?: readonly string[]
  readonly columns?: readonly string[]
  readonly groupBy?: string
  /** Bytes that may be taken. */
  readonly memory?: number
}

/**
 * Reads the files of `--data`; `name=FILE` holds the data of one name.
 *
 * @param inParts files that are larger than memory are only opened, to be read a part at a time
 */
export async function loadData(context: Context, options: DataOptions, inParts = false): Promise<DataRequest> {
  const columns = parseColumns(options.columns ?? [])
  const tables: Table[] = []
  for (const text of options.data ?? []) {
    const { name, path } = splitData(context, text)
    const large = inParts && path !== '-' ? await openLarge(context, path, options.memory ?? null) : null
    const read = large ?? readTable(path === '-' ? 'stdin' : path, await context.host.read(path))
    if (read.value === undefined) throw new DataError<DataProblem>(read.problems)
    tables.push(name === null ? read.value : { ...read.value, name })
  }
  return { tables, columns, groupBy: options.groupBy ?? null }
}

async function openLarge(context: Context, path: string, memory: number | null): Promise<ReadResult | null> {
  const { host } = context
  if (host.openLarge === undefined) return null
  const progress = createProgress<{ readonly done: number; readonly all: number }>(host, ({ done, all }) => ({
    text: `reading ${path}`,
    share: done / Math.max(1, all),
  }))
  return host.openLarge(path, memory, (done, all) => {
    if (done < all) progress.update({ done, all })
    else progress.clear()
  })
}

/** A model with data needs `--data`, unless `--set` gives it all. */
export function requireData(declarations: readonly DataDeclaration[], data: DataRequest, set: readonly string[]): void {
  if (data.tables.length > 0) return
  const given = new Set(set.map((text) => text.slice(0, Math.max(0, text.indexOf('='))).trim()))
  const missing = declarations.map(({ name }) => name).filter((name) => !given.has(name))
  if (missing.length === 0) return
  const names = missing.map((name) => `\`${name}\``).join(', ')
  throw new UsageError(`the model needs data: ${names}`, 'give a file with --data FILE, CSV, TSV, JSON or Parquet')
}

/** `name=FILE`, unless there is a file of that whole name. */
export function splitData(context: Context, text: string): { readonly name: string | null; readonly path: string } {
  const match = /^([\p{L}_]\w*)=(.+)$/u.exec(text)
  if (match === null || context.host.exists(text)) return { name: null, path: text }
  return { name: match[1] ?? null, path: match[2] ?? text }
}

function parseColumns(values: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const columns = new Map<string, readonly string[]>()
  for (const text of values) {
    const option = parseColumnsOption(text)
    if (typeof option === 'string') throw new UsageError(option)
    if (columns.has(option.name))
      throw new UsageError(
        `--columns gives \`${option.name}\` twice`,
        'several columns stand in one option: --columns x=a,b',
      )
    columns.set(option.name, option.columns)
  }
  return columns
}

import { readFileSync } from 'node:fs'
import { compileOrThrow, type Fit, type FitCallOptions, readTable, type Table } from '../../index.js'

const folder = new URL('../conformance/', import.meta.url)

/** A data file of the conformance cases. */
export function table(file: string): Table {
  const { value, problems } = readTable(file, readFileSync(new URL(`data/${file}`, folder), 'utf8'))
  if (value === undefined) throw new Error(problems.map((p) => p.message).join('\n'))
  return value
}

/** What was published for a case. */
export const published = (
  id: string,
): { readonly logLik: number; readonly params: { readonly [n: string]: unknown } } =>
  JSON.parse(readFileSync(new URL(`cases/${id}.json`, folder), 'utf8'))

export const modelText = (file: string): string => readFileSync(new URL(`models/${file}.estep`, folder), 'utf8')

/** A fit of a model, of whose text the first line may be left out. */
export const fitText = (text: string, data: unknown, options: FitCallOptions = {}): Promise<Fit> =>
  compileOrThrow(text.startsWith('model ') ? text : `model Given\n${text}`).fit(data, options)

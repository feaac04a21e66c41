import { decode } from './decode.js'
import { isParquet } from './parquet/parquet-file.js'
import { readParquet } from './parquet/read-parquet.js'
import { readDelimited } from './read-delimited.js'
import { readJson } from './read-json.js'
import type { ReadResult } from './types.js'

/**
 * Reads a table from bytes or text. Parquet is known by its first bytes. Else the extension of `source`, a file name or
 * `stdin`, decides between CSV, TSV and JSON, and where it does not, the content does (a first `{` or `[` is JSON; the
 * separator is the most frequent of `,` `;` tab and `|` in the header).
 */
export function readTable(source: string, content: Uint8Array | string): ReadResult {
  if (typeof content !== 'string' && isParquet(content)) return readParquet(source, content)
  const decoded =
    typeof content === 'string' ? { value: content.replace(/^\uFEFF/, ''), problems: [] } : decode(content, source)
  if (decoded.value === undefined) return { problems: decoded.problems }
  const text = decoded.value
  switch (formatOf(source, text)) {
    case 'json':
      return readJson(source, text)
    case 'tsv':
      return readDelimited(source, text, '\t')
    case 'csv':
      return readDelimited(source, text, null)
  }
}

function formatOf(source: string, text: string): 'json' | 'csv' | 'tsv' {
  const extension = /\.([A-Za-z0-9]+)$/.exec(source)?.[1]?.toLowerCase()
  if (extension === 'json') return 'json'
  if (extension === 'tsv' || extension === 'tab') return 'tsv'
  if (extension === 'csv') return 'csv'
  return /^\s*[[{]/.test(text) ? 'json' : 'csv'
}

import { dataCodes, dataProblem } from './problems.js'
import { tableFromObject } from './table-from-object.js'
import type { ReadResult } from './types.js'

/** Reads JSON: an array of row objects, or an object of columns and arrays by name. */
export function readJson(source: string, text: string): ReadResult {
  if (text.trim() === '') {
    return { problems: [dataProblem(dataCodes.emptyFile, `${source} is empty`, { source })] }
  }
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1]
    const row = position === undefined ? null : text.slice(0, Number(position)).split('\n').length
    const where = row === null ? '' : ` (line ${row})`
    const help = 'data is an array of row objects, or an object of arrays by name; a missing cell is null'
    return { problems: [dataProblem(dataCodes.json, `${source} is not valid JSON${where}`, { source, row }, help)] }
  }
  return tableFromObject(value, source)
}

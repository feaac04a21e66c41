import type { DataProblem } from './types.js'

/** Codes of complaints about data. Their explanations stand in the catalogue of diagnostics under the same code. */
export const dataCodes = {
  notText: 'E301',
  notUtf8: 'E302',
  emptyFile: 'E303',
  noRows: 'E304',
  raggedRow: 'E305',
  duplicateColumn: 'E306',
  unnamedColumn: 'E307',
  quotes: 'E308',
  tooLarge: 'E309',
  noHeader: 'E310',
  json: 'E311',
  parquet: 'E312',
  changed: 'E313',
  noSpace: 'E314',
  noColumn: 'E320',
  whichColumns: 'E321',
  unknownData: 'E322',
  unknownColumn: 'E323',
  columnCount: 'E324',
  columnGap: 'E325',
  severalFiles: 'E326',
  notScalar: 'E327',
  nameTwice: 'E328',
  noGroupBy: 'E329',
  groupColumn: 'E330',
  notConstant: 'E331',
  wrongShape: 'E332',
  missing: 'E340',
  notNumber: 'E341',
  decimalComma: 'E342',
  notWhole: 'E343',
  outside: 'E344',
  infinite: 'E345',
  notBool: 'E346',
  missingCode: 'E347',
  inexact: 'E348',
  notSimplex: 'E349',
  unseenLevel: 'E350',
  keyLevel: 'E351',
  noKey: 'E352',
  noLevels: 'E353',
  sizesDiffer: 'E360',
  extent: 'E361',
  notAsFitted: 'E362',
  notByRows: 'E363',
  tooLittleMemory: 'E364',
} as const

/** Codes of remarks about data that was read. */
export const dataWarnings = {
  unusedKey: 'W370',
  sameNumber: 'W371',
  rowNumbers: 'W372',
  unusedName: 'W373',
} as const

/** Where in the data a problem is; what is left out is null. */
export interface DataPlace {
  readonly source?: string | null
  readonly row?: number | null
  readonly column?: string | null
  readonly value?: string | null
}

/** One problem with everything that names its place. */
export function dataProblem(
  code: string,
  message: string,
  place: DataPlace = {},
  help: string | null = null,
): DataProblem {
  return {
    code,
    message,
    source: place.source ?? null,
    row: place.row ?? null,
    column: place.column ?? null,
    value: place.value ?? null,
    help,
  }
}

/** A user's text for a message: control characters made visible, cut at 60 characters. */
export function shown(text: string): string {
  const clean = [...text.slice(0, 80)].map(visible).join('')
  return clean.length > 60 ? `${clean.slice(0, 57)}…` : clean
}

function visible(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hidden =
    code < 32 || (code >= 127 && code < 160) || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069)
  return hidden ? `\\u{${code.toString(16)}}` : character
}

import { isMissing, labelOf, type ParsedCell, parseBool, parseNumber } from './parse-cell.js'
import { dataCodes } from './problems.js'
import type { Cell, DataDeclaration } from './types.js'

/**
 * A cell against the type of its declaration. A category's label is no number yet: its value is 0 here and its level is
 * looked up later. A missing cell is NaN where it is allowed.
 */
export function checkCell(declaration: DataDeclaration, cell: Cell | undefined): ParsedCell {
  if (cell === undefined || cell === null || isMissing(cell)) {
    if (declaration.optional) return { value: Number.NaN }
    return { code: dataCodes.missing, why: 'is missing', help: missingHelp(declaration) }
  }
  switch (declaration.element) {
    case 'category':
      return { value: 0 }
    case 'bool':
      return parseBool(cell)
    case 'real':
    case 'int':
    case 'count':
      return checkNumber(declaration, parseNumber(cell))
  }
}

/** The label under which a category's cell is looked up. */
export const cellLabel = labelOf

function checkNumber(declaration: DataDeclaration, parsed: ParsedCell): ParsedCell {
  if (!('value' in parsed)) return parsed
  const { value } = parsed
  if (!Number.isFinite(value)) {
    if (declaration.allowInfinite) return parsed
    return {
      code: dataCodes.infinite,
      why: 'is infinite',
      help: 'infinite values are only for columns that serve as bounds',
    }
  }
  const whole = declaration.element !== 'real'
  if (whole && !Number.isInteger(value)) return { code: dataCodes.notWhole, why: 'is not a whole number', help: null }
  if (whole && !Number.isSafeInteger(value)) {
    return { code: dataCodes.inexact, why: 'is too large for an exact whole number', help: null }
  }
  const { low, lowStrict, high, highStrict } = declaration
  const below = lowStrict ? value <= low && low > Number.NEGATIVE_INFINITY : value < low
  const above = highStrict ? value >= high && high < Number.POSITIVE_INFINITY : value > high
  if (below || above) return { code: dataCodes.outside, why: `is outside ${range(declaration)}`, help: null }
  return parsed
}

/** The set of allowed values in words. */
function range({ low, lowStrict, high, highStrict }: DataDeclaration): string {
  const from = low === Number.NEGATIVE_INFINITY ? null : lowStrict ? `above ${low}` : `at least ${low}`
  const to = high === Number.POSITIVE_INFINITY ? null : highStrict ? `below ${high}` : `at most ${high}`
  const both = [from, to].filter((part) => part !== null).join(' and ')
  return `its range: values must be ${both}`
}

function missingHelp(declaration: DataDeclaration): string {
  const { type, name } = declaration
  if (type !== 'real' && type !== 'count' && type !== 'bool' && type !== 'category') {
    return `\`${type}\` has no form for missing cells: fill the cell or take the row out`
  }
  return `fill the cell, take the row out, or declare \`data ${name} : ${type}?\` to have it treated as unknown`
}

import { dataCodes } from './problems.js'
import type { Cell } from './types.js'

/** A number, or the code of the complaint with a sentence about the value. */
export type ParsedCell =
  | { readonly value: number }
  | { readonly code: string; readonly why: string; readonly help: string | null }

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/
const infinite = /^([+-]?)(?:inf|infinity)$/i
const decimalComma = /^[+-]?\d+,\d+$/
const thousands = /^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/
const missingCodes = new Set(['n/a', '#n/a', 'na', 'nan', 'null', 'nil', 'none', '?', '.', '-', '--', 'missing'])

/** Empty, `NA` and `NaN` are missing; nothing else is. */
export function isMissingText(text: string): boolean {
  return text === '' || text === 'NA' || text === 'NaN'
}

export function isMissing(cell: Cell | undefined): boolean {
  if (cell === null || cell === undefined) return true
  if (typeof cell === 'string') return isMissingText(cell.trim())
  return typeof cell === 'number' && Number.isNaN(cell)
}

/** Decimal notation, finite or infinite. */
export function looksNumeric(text: string): boolean {
  return decimal.test(text) || infinite.test(text)
}

/** A cell that is not missing, as a number. Infinite values are numbers here. */
export function parseNumber(cell: Cell): ParsedCell {
  if (typeof cell === 'number') return { value: cell }
  if (typeof cell === 'boolean')
    return { code: dataCodes.notNumber, why: 'is not a number', help: 'true and false are values of a `bool`' }
  const text = (cell ?? '').trim()
  if (decimal.test(text)) {
    const value = Number(text)
    if (Number.isFinite(value)) return { value }
    return { code: dataCodes.inexact, why: 'is too large for a 64-bit number', help: null }
  }
  const sign = infinite.exec(text)
  if (sign !== null) return { value: sign[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY }
  if (thousands.test(text) || decimalComma.test(text)) {
    const help = 'numbers are written with a decimal point and without separators of thousands: 3.5, 1000'
    return { code: dataCodes.decimalComma, why: 'is written with a comma', help }
  }
  if (missingCodes.has(text.toLowerCase())) {
    return {
      code: dataCodes.missingCode,
      why: 'is not a number',
      help: 'if it stands for a missing value, leave the cell empty or write NA',
    }
  }
  return { code: dataCodes.notNumber, why: 'is not a number', help: null }
}

/** 0/1, true/false, yes/no in any case. */
export function parseBool(cell: Cell): ParsedCell {
  if (typeof cell === 'boolean') return { value: cell ? 1 : 0 }
  const text = String(cell).trim().toLowerCase()
  if (text === '1' || text === 'true' || text === 'yes' || text === '1.0') return { value: 1 }
  if (text === '0' || text === 'false' || text === 'no' || text === '0.0') return { value: 0 }
  if (missingCodes.has(text)) {
    return {
      code: dataCodes.missingCode,
      why: 'is neither true nor false',
      help: 'if it stands for a missing value, leave the cell empty or write NA',
    }
  }
  return {
    code: dataCodes.notBool,
    why: 'is neither true nor false',
    help: 'a `bool` reads 0 and 1, true and false, yes and no',
  }
}

/** The label of a category's cell. */
export function labelOf(cell: Cell): string {
  return typeof cell === 'string' ? cell.trim() : String(cell)
}

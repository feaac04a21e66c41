import type { NumericArgument } from '../types.js'

type NumericArguments = ReadonlyMap<string, NumericArgument>

/** `value` as a number, NaN where it is an array. */
export function asNumber(value: NumericArgument): number {
  return typeof value === 'number' ? value : Number.NaN
}

/** `value` as a vector, or null where it is a number or a matrix. */
export function asVector(value: NumericArgument): readonly number[] | null {
  if (typeof value === 'number') return null
  const vector: number[] = []
  for (const element of value) {
    if (typeof element !== 'number') return null
    vector.push(element)
  }
  return vector
}

/** `value` as a matrix, row by row, or null where it is a number or a vector. */
export function asMatrix(value: NumericArgument): readonly (readonly number[])[] | null {
  if (typeof value === 'number') return null
  const rows: (readonly number[])[] = []
  for (const row of value) {
    if (typeof row === 'number') return null
    rows.push(row)
  }
  return rows
}

export function numberArgument(args: NumericArguments, name: string): number {
  const value = present(args, name)
  return required(typeof value === 'number' ? value : null, name, 'a number')
}

export function vectorArgument(args: NumericArguments, name: string): readonly number[] {
  return required(asVector(present(args, name)), name, 'a vector')
}

export function matrixArgument(args: NumericArguments, name: string): readonly (readonly number[])[] {
  return required(asMatrix(present(args, name)), name, 'a matrix')
}

/** A vector of the given length; a number stands for the vector that has it everywhere. */
export function broadcastArgument(args: NumericArguments, name: string, length: number): readonly number[] {
  const value = present(args, name)
  return typeof value === 'number' ? new Array<number>(length).fill(value) : vectorArgument(args, name)
}

function present(args: NumericArguments, name: string): NumericArgument {
  const value = args.get(name)
  if (value === undefined) throw new Error(`a distribution lacks its argument '${name}'`)
  return value
}

function required<T>(value: T | null, name: string, what: string): T {
  if (value === null) throw new Error(`the argument '${name}' of a distribution is not ${what}`)
  return value
}

import { dataCodes, dataProblem } from './problems.js'
import type { DataProblem } from './types.js'

interface Entry {
  readonly value: number
  /** `x` (columns a, b of file.csv) */
  readonly origin: string
}

/** Sizes as data binds them: the first array that has one sets it, every later one must agree. */
export interface SizeLedger {
  readonly values: ReadonlyMap<string, number>
  /** `extent`: what the dimension counts, for the message (`rows`, `columns`, `sequences`). */
  agree(size: string, value: number, origin: string, extent: string, source: string | null): DataProblem | null
}

/** A ledger; `frozen` are the sizes of a fit, which new data must have as well. */
export function sizeLedger(frozen: ReadonlyMap<string, number>): SizeLedger {
  const entries = new Map<string, Entry>()
  const values = new Map<string, number>()
  return {
    values,
    agree(size, value, origin, extent, source) {
      const fitted = frozen.get(size)
      if (fitted !== undefined && fitted !== value) {
        const message = `${origin} has ${count(value, extent)}, but the fit was made with ${size} = ${fitted}`
        return dataProblem(dataCodes.notAsFitted, message, { source })
      }
      const known = entries.get(size)
      if (known === undefined) {
        entries.set(size, { value, origin })
        values.set(size, value)
        return null
      }
      if (known.value === value) return null
      const message = `${origin} has ${count(value, extent)}, but ${known.origin} has ${known.value}: both are ${size}`
      return dataProblem(dataCodes.sizesDiffer, message, { source }, 'the same size must be the same number everywhere')
    },
  }
}

function count(value: number, plural: string): string {
  return `${value} ${value === 1 ? plural.slice(0, -1) : plural}`
}

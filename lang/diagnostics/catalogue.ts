import { dataEntries } from './catalogue-data.js'
import { derivationEntries } from './catalogue-derivation.js'
import type { CatalogueEntry } from './catalogue-entry.js'
import { internalEntries } from './catalogue-internal.js'
import { syntaxEntries } from './catalogue-syntax.js'
import { typeEntries } from './catalogue-types.js'
import { usageEntries } from './catalogue-usage.js'
import { warningEntries } from './catalogue-warnings.js'

const catalogue: readonly CatalogueEntry[] = [
  ...syntaxEntries,
  ...typeEntries,
  ...dataEntries,
  ...derivationEntries,
  ...warningEntries,
  ...usageEntries,
  ...internalEntries,
]

/** The entry of a code such as `E204` (case does not matter), or undefined where there is none. */
export function lookUp(code: string): CatalogueEntry | undefined {
  const wanted = code.trim().toUpperCase()
  return catalogue.find((entry) => entry.code === wanted)
}

/** Every diagnostic there is, by ranges: syntax, types, data, derivation, warnings, usage, internal. */
export function allEntries(): readonly CatalogueEntry[] {
  return catalogue
}

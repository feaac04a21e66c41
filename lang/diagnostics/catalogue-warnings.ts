import type { CatalogueEntry } from './catalogue-entry.js'

/** W5xx: warnings. */
export const warningEntries: readonly CatalogueEntry[] = []

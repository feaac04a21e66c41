import type { CatalogueEntry } from './catalogue-entry.js'

/** E9xx: failures of the program itself. */
export const internalEntries: readonly CatalogueEntry[] = []

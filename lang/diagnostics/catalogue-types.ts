import type { CatalogueEntry } from './catalogue-entry.js'

/** E2xx: names, types and shapes. */
export const typeEntries: readonly CatalogueEntry[] = []

import type { CatalogueEntry } from './catalogue-entry.js'

/** E3xx: data that does not fit its model. */
export const dataEntries: readonly CatalogueEntry[] = []

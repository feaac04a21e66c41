import type { CatalogueEntry } from './catalogue-entry.js'

/** E1xx: the text of a model file. */
export const syntaxEntries: readonly CatalogueEntry[] = []

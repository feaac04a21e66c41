import type { CatalogueEntry } from './catalogue-entry.js'

/** E6xx: commands, options and files. */
export const usageEntries: readonly CatalogueEntry[] = []

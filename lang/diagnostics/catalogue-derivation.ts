import type { CatalogueEntry } from './catalogue-entry.js'

/** E4xx: what the derivation refuses, with the reason the mathematics gives. */
export const derivationEntries: readonly CatalogueEntry[] = []

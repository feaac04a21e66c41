import { dataBindingEntries } from './catalogue-data-binding.js'
import { dataCellEntries } from './catalogue-data-cells.js'
import { dataFileEntries } from './catalogue-data-files.js'
import type { CatalogueEntry } from './catalogue-entry.js'

/** E3xx: data that does not fit its model; W37x: remarks about data that was read. */
export const dataEntries: readonly CatalogueEntry[] = [...dataFileEntries, ...dataBindingEntries, ...dataCellEntries]

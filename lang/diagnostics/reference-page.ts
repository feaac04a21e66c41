import { allEntries } from './catalogue.js'
import type { CatalogueEntry } from './catalogue-entry.js'

const SECTIONS: readonly (readonly [string, string])[] = [
  ['E1', 'Syntax'],
  ['E2', 'Names, types and shapes'],
  ['E3', 'Data'],
  ['E4', 'Derivation'],
  ['W', 'Warnings'],
  ['E6', 'Usage'],
  ['E9', 'Internal'],
]

/** The reference page of diagnostics as Markdown, made from the catalogue. */
export function diagnosticsPage(extra: readonly CatalogueEntry[] = []): string {
  const entries = [...allEntries(), ...extra].sort((a, b) => (a.code < b.code ? -1 : 1))
  const parts = [
    '# Diagnostics',
    '',
    'Every code that `estep` can print. `estep explain CODE` shows the same text.',
    '',
  ]
  for (const [prefix, title] of SECTIONS) {
    const own = entries.filter((e) => e.code.startsWith(prefix))
    if (own.length === 0) continue
    parts.push(`## ${title}`, '')
    for (const e of own) parts.push(...entryText(e))
  }
  return `${parts.join('\n').trimEnd()}\n`
}

function entryText(e: CatalogueEntry): readonly string[] {
  const block = (label: string, text: string): readonly string[] =>
    text.trim() === '' ? [] : [`${label}:`, '', '```', text.trimEnd(), '```', '']
  return [
    `### ${e.code}: ${e.title}`,
    '',
    e.explanation,
    '',
    ...block('Example', e.example),
    ...block('Mended', e.fixed),
  ]
}

import type { CatalogueEntry } from './catalogue-entry.js'

/** What `estep explain CODE` prints: the rule, a model that breaks it, and the same model mended. */
export function renderExplain(entry: CatalogueEntry): string {
  const indent = (text: string) =>
    text
      .trimEnd()
      .split('\n')
      .map((line) => (line === '' ? '' : `  ${line}`))
      .join('\n')
  const title = `${entry.severity}[${entry.code}]: ${entry.title}`
  const parts = [title, wrap(entry.explanation, 80)]
  if (entry.example !== '') parts.push('For example', indent(entry.example))
  if (entry.fixed !== '') parts.push('Write instead', indent(entry.fixed))
  return `${parts.join('\n\n')}\n`
}

function wrap(text: string, width: number): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].join('\n')
}

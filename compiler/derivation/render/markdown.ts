/** Steps as Markdown with TeX between dollar signs. */
import { type Block, type DerivationStep, type Inline, textOf } from '../types.js'
import { displayed } from './displayed.js'

export function stepsToMarkdown(title: string, steps: readonly DerivationStep[]): string {
  const parts = steps.map((s, i) =>
    [`## ${i + 1}. ${textOf(s.title)}`, ...s.content.map(markdownBlock), `*${s.origin.citation}*`].join('\n\n'),
  )
  return `# ${title}\n\n${parts.join('\n\n')}\n`
}

function markdownBlock(b: Block): string {
  switch (b.kind) {
    case 'prose':
      return inlines(b.parts)
    case 'formula':
      return `$$\n${displayed(b.lines)}\n$$`
    case 'list':
      return b.items.map((i) => `- ${inlines(i)}`).join('\n')
    case 'source':
      return `\`\`\`\n${b.text}\n\`\`\``
    case 'algorithm':
      return b.lines.map((l) => `${'  '.repeat(l.indent)}- ${inlines(l.parts)}`).join('\n')
  }
}

const inlines = (parts: Inline): string => parts.map((p) => (typeof p === 'string' ? p : `$${p.latex}$`)).join('')

/** Headings, paragraphs, tables, code and lists of a page in Markdown. */
export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }

export function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = []
  const lines = text.split('\n')
  for (let i = 0; i < lines.length; ) {
    const line = lines[i] ?? ''
    if (line.trim() === '') i++
    else if (line.startsWith('```')) {
      const end = lines.findIndex((l, j) => j > i && l.startsWith('```'))
      const stop = end < 0 ? lines.length : end
      blocks.push({ kind: 'code', text: lines.slice(i + 1, stop).join('\n') })
      i = stop + 1
    } else if (line.startsWith('#')) {
      blocks.push({ kind: 'heading', text: line.replace(/^#+\s*/, '') })
      i++
    } else if (line.startsWith('|')) {
      const rows = taken(lines, i, (l) => l.startsWith('|'))
      const [head = [], , ...body] = rows.map(cellsOf)
      blocks.push({ kind: 'table', head, rows: body })
      i += rows.length
    } else if (/^[-*] /.test(line)) {
      const own = taken(lines, i, (l) => /^([-*] | {2})/.test(l))
      const items = own.join('\n').split(/\n(?=[-*] )/)
      blocks.push({ kind: 'list', items: items.map((item) => item.replace(/^[-*] /, '').replace(/\s*\n\s*/g, ' ')) })
      i += own.length
    } else {
      const own = taken(lines, i, (l) => l.trim() !== '' && !/^(```|#|\|)/.test(l))
      blocks.push({ kind: 'paragraph', text: own.join(' ') })
      i += own.length
    }
  }
  return blocks
}

function taken(lines: readonly string[], from: number, is: (line: string) => boolean): readonly string[] {
  const rest = lines.slice(from)
  const end = rest.findIndex((l) => !is(l))
  return end < 0 ? rest : rest.slice(0, end)
}

const cellsOf = (line: string): readonly string[] =>
  line
    .replace(/^\||\|$/g, '')
    .split('|')
    .map((cell) => cell.trim())

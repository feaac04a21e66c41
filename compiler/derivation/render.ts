/** Steps as Unicode text for a terminal, at most 100 columns, and as Markdown with TeX. */
import type { Block, DerivationStep, Inline } from './types.js'

const WIDTH = 100

export function stepsToText(title: string, steps: readonly DerivationStep[]): string {
  const parts = steps.map((s, i) => {
    const heading = `${i + 1}. ${s.title}`
    const blocks = s.content.map(textBlock)
    const citation = s.citation === null ? [] : [wrap(`[${s.citation}]`, '   ', '    ')]
    return [heading, '─'.repeat([...heading].length), ...[...blocks, ...citation].join('\n\n').split('\n')].join('\n')
  })
  return `${[title, '═'.repeat([...title].length)].join('\n')}\n\n${parts.join('\n\n')}\n`
}

function textBlock(b: Block): string {
  switch (b.kind) {
    case 'prose':
      return wrap(textOf(b.parts), '', '')
    case 'formula':
      return b.lines.map((l) => wrapFormula(l.text, '    ')).join('\n')
    case 'list':
      return b.items.map((i) => wrap(textOf(i), '  • ', '    ')).join('\n')
    case 'code':
      return b.lines
        .flatMap((l) => {
          const indent = /^ */.exec(l)?.[0] ?? ''
          return wrapFormula(l.trimStart(), `    ${indent}`).split('\n')
        })
        .join('\n')
  }
}

const textOf = (parts: Inline): string => parts.map((p) => (typeof p === 'string' ? p : p.text)).join('')

function wrap(text: string, first: string, next: string): string {
  const lines: string[] = []
  let line = first
  let empty = true
  for (const word of text.split(' ')) {
    if (!empty && [...line].length + 1 + [...word].length > WIDTH) {
      lines.push(line)
      line = next
      empty = true
    }
    line = empty ? `${line}${word}` : `${line} ${word}`
    empty = false
  }
  return [...lines, line].join('\n')
}

/** Breaks a long formula before + and −, before = and / outside brackets, or after a comma; outermost first. */
function wrapFormula(text: string, indent: string, next = `${indent}    `): string {
  const room = WIDTH - indent.length
  if ([...text].length <= room) return `${indent}${text}`
  const breaks = [...text.matchAll(/ (?=[+−=/] )|(?<=,) /g)]
    .map((m) => ({ at: m.index, depth: depthAt(text, m.index), sign: text[m.index + 1] ?? '' }))
    .filter((x) => [...text.slice(0, x.at)].length <= room && x.at > 8 && (x.depth === 0 || !'=/'.includes(x.sign)))
  const outer = Math.min(...breaks.map((x) => x.depth))
  const best = breaks.filter((x) => x.depth === outer).pop() ?? lastSpace(text, room)
  if (best === null) return `${indent}${text}`
  return `${indent}${text.slice(0, best.at)}\n${wrapFormula(text.slice(best.at + 1), next, next)}`
}

function lastSpace(text: string, room: number): { readonly at: number; readonly depth: number } | null {
  const at = [...text].slice(0, room).join('').lastIndexOf(' ')
  return at > 0 ? { at, depth: 0 } : null
}

function depthAt(text: string, at: number): number {
  let depth = 0
  for (const ch of text.slice(0, at)) depth += '([{'.includes(ch) ? 1 : ')]}'.includes(ch) ? -1 : 0
  return depth
}

export function stepsToMarkdown(title: string, steps: readonly DerivationStep[]): string {
  const parts = steps.map((s, i) => {
    const citation = s.citation === null ? [] : [`*${s.citation}*`]
    return [`## ${i + 1}. ${s.title}`, ...s.content.map(markdownBlock), ...citation].join('\n\n')
  })
  return `# ${title}\n\n${parts.join('\n\n')}\n`
}

function markdownBlock(b: Block): string {
  switch (b.kind) {
    case 'prose':
      return markdownOf(b.parts)
    case 'formula': {
      const [only] = b.lines
      if (b.lines.length === 1 && only !== undefined) return `$$\n${only.latex}\n$$`
      return `$$\n\\begin{aligned}\n${b.lines.map((l) => aligned(l.latex)).join(' \\\\\n')}\n\\end{aligned}\n$$`
    }
    case 'list':
      return b.items.map((i) => `- ${markdownOf(i)}`).join('\n')
    case 'code':
      return `\`\`\`\n${b.lines.join('\n')}\n\`\`\``
  }
}

/** Aligned at its first = sign outside brackets; a line that goes on where it begins. */
function aligned(latex: string): string {
  if (latex.startsWith('\\quad')) return `&${latex}`
  let depth = 0
  for (let i = 0; i < latex.length; i++) {
    const ch = latex[i]
    if (ch === '{' || ch === '(' || ch === '[') depth++
    else if (ch === '}' || ch === ')' || ch === ']') depth--
    else if ((ch === '=' || latex.startsWith('\\propto', i)) && depth === 0)
      return `${latex.slice(0, i)}&${latex.slice(i)}`
  }
  return `&${latex}`
}

const markdownOf = (parts: Inline): string => parts.map((p) => (typeof p === 'string' ? p : `$${p.latex}$`)).join('')

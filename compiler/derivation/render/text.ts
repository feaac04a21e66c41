/** Steps as Unicode text for a terminal, at most 100 columns. */
import { type Block, type DerivationStep, textOf } from '../types.js'

const WIDTH = 100

export function stepsToText(title: string, steps: readonly DerivationStep[]): string {
  const parts = steps.map((s, i) => {
    const heading = `${i + 1}. ${textOf(s.title)}`
    const blocks = s.content.map(textBlock)
    const citation = wrap(`[${s.origin.citation}]`, '   ', '    ')
    return [heading, '─'.repeat([...heading].length), ...[...blocks, citation].join('\n\n').split('\n')].join('\n')
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
    case 'source':
      return wrapFormula(b.text, '    ')
    case 'algorithm':
      return b.lines.map((l) => algorithmLine(textOf(l.parts), ' '.repeat(4 + 2 * l.indent))).join('\n')
  }
}

/** The next line of a sum stands further in than its first, as where a line is broken. */
function algorithmLine(text: string, indent: string): string {
  const formula = text.trimStart()
  const further = ' '.repeat(text.length - formula.length)
  return wrapFormula(formula, `${indent}${further}`, `${indent}    `)
}

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

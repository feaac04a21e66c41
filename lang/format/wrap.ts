/** Long lines → several, broken after the commas of one pair of brackets, where newlines do not count. */

interface Group {
  readonly depth: number
  readonly open: number
  close: number
  readonly commas: number[]
}

/** Breaks `text`, whose first line is indented by `indent` already, where it is longer than `width`. */
export function wrap(text: string, indent: number, width: number): string {
  if (text.length <= width) return text
  const group = groupToBreak(text)
  if (group === undefined) return text
  const inner = ' '.repeat(indent + 2)
  const items: string[] = []
  let start = group.open + 1
  for (const end of [...group.commas, group.close]) {
    items.push(wrap(inner + text.slice(start, end).trim(), indent + 2, width - 1))
    start = end + 1
  }
  return `${text.slice(0, group.open + 1)}\n${items.join(',\n')}\n${' '.repeat(indent)}${text.slice(group.close)}`
}

/** Of the brackets with commas that are nested least, the longest. */
function groupToBreak(text: string): Group | undefined {
  let best: Group | undefined
  for (const group of groupsOf(text)) {
    if (group.commas.length === 0) continue
    if (best === undefined || group.depth < best.depth) best = group
    else if (group.depth === best.depth && group.close - group.open > best.close - best.open) best = group
  }
  return best
}

function groupsOf(text: string): readonly Group[] {
  const groups: Group[] = []
  const open: Group[] = []
  for (let i = 0; i < text.length; i += 1) {
    const c = text.charAt(i)
    if (c === '"') i = endOfString(text, i)
    else if (c === '(' || c === '[') {
      const group = { depth: open.length, open: i, close: i, commas: [] }
      groups.push(group)
      open.push(group)
    } else if (c === ')' || c === ']') {
      const group = open.pop()
      if (group !== undefined) group.close = i
    } else if (c === ',') open.at(-1)?.commas.push(i)
  }
  return groups
}

function endOfString(text: string, start: number): number {
  let i = start + 1
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1
  return i
}

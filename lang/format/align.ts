/** Lines with cells → text: the cells of neighbouring declarations of one kind, and comments, stand under one another. */
import { wrap } from './wrap.js'

/** Statements longer than this are broken over several lines, where they have commas in brackets. */
export const lineWidth = 100

export interface Line {
  readonly depth: number
  /** The text, cut where it is aligned. */
  readonly cells: readonly string[]
  readonly comment: string | undefined
  /** An empty line stands before. */
  readonly blank: boolean
}

/** Column at which comments after a statement begin, where the statement leaves room. */
const commentColumn = 40

/** Lines wider than this do not push the comments of their neighbours to the right. */
const widestForComments = 76

/** The text of the lines, aligned and indented. */
export function alignColumns(lines: readonly Line[]): readonly string[] {
  const texts: string[] = []
  for (const run of runsOf(lines, sameKind)) texts.push(...alignCells(run))
  const output: string[] = []
  let i = 0
  for (const run of runsOf(lines, bothCommented)) {
    const widths = run.map((_, j) => lastLineWidth(texts[i + j] ?? ''))
    const column = Math.max(...widths.filter((width) => width <= widestForComments), commentColumn - 2)
    for (const { comment, blank } of run) {
      const text = texts[i] ?? ''
      i += 1
      if (blank) output.push('')
      output.push(
        comment === undefined ? text : `${text}${' '.repeat(Math.max(0, column - lastLineWidth(text)))}  ${comment}`,
      )
    }
  }
  return output
}

function lastLineWidth(text: string): number {
  return text.length - (text.lastIndexOf('\n') + 1)
}

function runsOf(lines: readonly Line[], together: (a: Line, b: Line) => boolean): readonly (readonly Line[])[] {
  const runs: Line[][] = []
  let last: Line | undefined
  for (const line of lines) {
    if (last !== undefined && together(last, line)) runs.at(-1)?.push(line)
    else runs.push([line])
    last = line
  }
  return runs
}

/** Neighbours that begin with the same word and have cells to align. */
function sameKind(a: Line, b: Line): boolean {
  if (b.blank || a.depth !== b.depth || a.cells.length < 2 || b.cells.length < 2) return false
  return wordOf(a) === wordOf(b) && wordOf(a) !== 'fn' && wordOf(a) !== 'latent'
}

function wordOf(line: Line): string | undefined {
  return line.cells[0]?.split(' ', 1)[0]
}

function bothCommented(a: Line, b: Line): boolean {
  return !b.blank && a.comment !== undefined && b.comment !== undefined
}

/** The first cells are padded to one width; so are the second cells of those lines that have a third. */
function alignCells(run: readonly Line[]): readonly string[] {
  const first = Math.max(...run.map((line) => line.cells[0]?.length ?? 0))
  const second = Math.max(0, ...run.filter((line) => line.cells.length > 2).map((line) => line.cells[1]?.length ?? 0))
  return run.map(({ depth, cells }) => {
    const padded = cells.map((cell, i) => {
      if (i === cells.length - 1) return cell
      return run.length === 1 ? cell : cell.padEnd(i === 0 ? first : second)
    })
    // A comment goes in as it stands.
    const text = '  '.repeat(depth) + padded.join(' ')
    return cells[0]?.startsWith('#') === true ? text : wrap(text, depth * 2, lineWidth)
  })
}

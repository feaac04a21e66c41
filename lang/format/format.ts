/** Syntax tree → canonical text: two spaces an indent, columns of neighbouring declarations aligned, comments kept. */
import type { Comment, ModelFile, Statement } from '../ast/types.js'
import type { Outcome } from '../diagnostics/types.js'
import type { Source, Span } from '../source.js'
import { parse } from '../syntax/parse.js'
import { alignColumns, type Line, lineWidth } from './align.js'
import { headerText, statementCells, statementText } from './statement.js'

/** The canonical text of a model file that was read from `text` without syntax errors. */
export function format(file: ModelFile, text: string): string {
  return new Formatter(file, text).whole()
}

/** Reads and lays out; there is no value where the file has syntax errors. */
export function formatSource(source: Source): Outcome<string> {
  const { value, diagnostics } = parse(source)
  if (value === undefined || diagnostics.some((d) => d.severity === 'error')) return { diagnostics }
  return { value: format(value, source.text), diagnostics }
}

class Formatter {
  private readonly lines: Line[] = []
  private nextComment = 0
  /** End of what was printed last, in the text that was read. */
  private reached = 0
  private readonly comments: readonly Comment[]

  constructor(
    private readonly file: ModelFile,
    private readonly text: string,
  ) {
    this.comments = file.comments
  }

  whole(): string {
    if (this.file.name !== null) {
      const { start, end } = this.file.name.span
      this.ownLineComments(this.text.lastIndexOf('model', start), 0)
      this.add(0, `model ${this.file.name.name}`, { start, end })
    }
    this.statements(this.file.statements, 0)
    this.ownLineComments(this.text.length, 0)
    const lines = alignColumns(this.lines)
    return lines.length === 0 ? '' : `${lines.join('\n')}\n`
  }

  private statements(statements: readonly Statement[], depth: number): void {
    for (const statement of statements) {
      this.ownLineComments(statement.span.start, depth)
      if (statement.kind === 'for' || statement.kind === 'if') this.compound(statement, depth)
      else {
        this.innerComments(statement.span, depth)
        this.add(depth, statementCells(statement), statement.span)
      }
    }
  }

  private compound(statement: Extract<Statement, { kind: 'for' | 'if' }>, depth: number): void {
    const pieces = branches(statement)
    if (this.fitsOnLines(pieces, depth)) {
      const headers = pieces.map((piece) => piece.header)
      const longest = Math.max(...headers.map((header) => header.length))
      pieces.forEach((piece, i) => {
        const body = piece.body.map(statementText).join('; ')
        const header = (headers[i] ?? '').padEnd(longest)
        this.add(depth, body === '' ? `${header} { }` : `${header} { ${body} }`, {
          start: piece.start,
          end: piece.block.end,
        })
      })
      return
    }
    pieces.forEach((piece, i) => {
      if (i === 0) {
        this.innerComments({ start: piece.start, end: piece.block.start }, depth)
        this.add(depth, `${piece.header} {`, { start: piece.start, end: piece.block.start + 1 })
      } else {
        // A comment after `}` keeps its line; comments before the new `{` go into the new block.
        const joined = this.lines.at(-1)?.comment === undefined
        if (joined) this.lines.pop()
        const end = piece.block.start + 1
        this.add(depth, `${joined ? '} ' : ''}${piece.header} {`, { start: this.reached, end }, false)
      }
      this.statements(piece.body, depth + 1)
      this.ownLineComments(piece.block.end, depth + 1)
      this.add(depth, '}', { start: piece.block.end - 1, end: piece.block.end }, false)
    })
  }

  /** Whether every block was written on one line, without comments, and still fits there. */
  private fitsOnLines(pieces: readonly Branch[], depth: number): boolean {
    const longest = Math.max(...pieces.map((piece) => piece.header.length))
    const last = pieces.at(-1)
    const first = pieces[0]
    if (first === undefined || last === undefined) return false
    if (this.commentsIn({ start: first.start, end: last.block.end }).length > 0) return false
    return pieces.every((piece) => {
      if (/[\n\r]/.test(this.text.slice(piece.block.start, piece.block.end))) return false
      if (piece.body.some((s) => (s.kind === 'for' || s.kind === 'if') && piece.body.length > 1)) return false
      if (piece.body.some((s) => s.kind === 'if' && s.otherwise !== null)) return false
      const body = piece.body.map(statementText).join('; ')
      return depth * 2 + longest + body.length + 5 <= lineWidth
    })
  }

  /** Adds a line, and to it the comment that follows on the same line. */
  private add(depth: number, cells: string | readonly string[], span: Span, mayFollowBlank = true): void {
    const blank = mayFollowBlank && this.blankBefore(span.start)
    this.reached = Math.max(this.reached, span.end)
    const comment = this.trailingComment()
    const list = typeof cells === 'string' ? [cells] : cells
    this.lines.push({ depth, cells: list, comment, blank })
  }

  /** Comments before `end` that are not printed yet, each on a line of its own. */
  private ownLineComments(end: number, depth: number): void {
    for (
      let c = this.comments[this.nextComment];
      c !== undefined && c.span.start < end;
      c = this.comments[this.nextComment]
    ) {
      const blank = this.blankBefore(c.span.start)
      this.nextComment += 1
      this.reached = c.span.end
      this.lines.push({ depth, cells: [c.text], comment: undefined, blank })
    }
  }

  /** Comments inside a statement stand before it, except one that ends its last line. */
  private innerComments(span: Span, depth: number): void {
    this.ownLineComments(span.end, depth)
  }

  private commentsIn(span: Span): readonly Comment[] {
    return this.comments.filter((c) => c.span.start >= span.start && c.span.start < span.end)
  }

  private trailingComment(): string | undefined {
    const comment = this.comments[this.nextComment]
    if (comment === undefined || comment.ownLine) return undefined
    const between = this.text.slice(this.reached, comment.span.start)
    if (!/^[^\S\n\r]*;?[^\S\n\r]*$/.test(between)) return undefined
    this.nextComment += 1
    this.reached = comment.span.end
    return comment.text
  }

  /** An empty line stood before; none is kept at the beginning of the file and of a block. */
  private blankBefore(start: number): boolean {
    const last = this.lines.at(-1)
    if (last === undefined || last.cells.at(-1)?.endsWith('{') === true) return false
    return /(?:\r\n|\n|\r)[^\S\n\r]*(?:\r\n|\n|\r)/.test(this.text.slice(this.reached, start))
  }
}

interface Branch {
  readonly header: string
  readonly start: number
  readonly block: Span
  readonly body: readonly Statement[]
}

/** `for …`, or `if …`, `else if …`, `else`. */
function branches(statement: Extract<Statement, { kind: 'for' | 'if' }>): readonly Branch[] {
  const { start } = statement.span
  if (statement.kind === 'for') {
    return [
      {
        header: headerText(statement),
        start,
        block: statement.block,
        body: statement.body,
      },
    ]
  }
  const list: Branch[] = []
  let current: Extract<Statement, { kind: 'if' }> = statement
  let prefix = ''
  for (;;) {
    const header = `${prefix}${headerText(current)}`
    list.push({ header, start: current.span.start, block: current.thenBlock, body: current.then })
    const { otherwise, otherwiseBlock } = current
    if (otherwise === null || otherwiseBlock === null) return list
    const [nested] = otherwise
    if (nested?.kind === 'if' && nested.span.start === otherwiseBlock.start) {
      current = nested
      prefix = 'else '
    } else {
      list.push({ header: 'else', start: otherwiseBlock.start, block: otherwiseBlock, body: otherwise })
      return list
    }
  }
}

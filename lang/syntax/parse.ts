import type { ModelFile } from '../ast/types.js'
import type { Diagnostic, Outcome } from '../diagnostics/types.js'
import type { Source } from '../source.js'
import { maxDiagnostics, readBlocks } from './blocks.js'
import { StatementParser } from './grammar.js'
import { layOut } from './layout.js'
import { createLexer } from './lexer.js'
import { syntaxError } from './syntax-error.js'

/** Longest model file that is read, in bytes of UTF-8. */
export const maxFileBytes = 1_000_000

/** Reads model files; holds the lexer and the parser, whose tables take some milliseconds to build. */
export function createModelParser(
  options: { readonly validate?: boolean } = {},
): (source: Source) => Outcome<ModelFile> {
  const lex = createLexer()
  const parser = new StatementParser(options.validate !== true)
  return ({ text }) => {
    if (byteLength(text) > maxFileBytes) {
      const message = `the file is larger than ${maxFileBytes / 1_000_000} MB`
      const help = 'a model states a story and no data: put numbers into a data file'
      return { diagnostics: [syntaxError('E125', { start: 0, end: 0 }, message, { help })] }
    }
    const lexed = lex(text)
    const laidOut = layOut(lexed.tokens, lexed.suspects)
    if (laidOut.tooDeep) return { diagnostics: inOrder([...lexed.diagnostics, ...laidOut.diagnostics]) }
    if (lexed.diagnostics.length >= maxDiagnostics) {
      const span = { start: 0, end: text.length }
      const value = { span, name: null, statements: [], comments: lexed.comments }
      return { value, diagnostics: inOrder(lexed.diagnostics) }
    }
    const file = readBlocks(laidOut, parser, text)
    return {
      value: { ...file.value, comments: lexed.comments },
      diagnostics: inOrder([...lexed.diagnostics, ...laidOut.diagnostics, ...file.diagnostics]),
    }
  }
}

const shared = createModelParser()

/**
 * The syntax tree of a model file, with every syntax error in it. The tree is there whatever the errors (a statement
 * that cannot be read is left out, of a declaration its names are kept, and after 200 errors reading stops), except where the file exceeds the caps on
 * size and nesting.
 */
export function parse(source: Source): Outcome<ModelFile> {
  return shared(source)
}

/** By place, and not more than can be of use. */
function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const sorted = [...diagnostics].sort((a, b) => a.span.start - b.span.start)
  return sorted.slice(0, maxDiagnostics)
}

function byteLength(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return bytes
}

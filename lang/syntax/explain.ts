import type { IRecognitionException, IToken } from 'chevrotain'
import type { Diagnostic } from '../diagnostics/types.js'
import { spanOf } from './lexer.js'
import { syntaxError } from './syntax-error.js'

export function explain(segment: readonly IToken[], failure: IRecognitionException): Diagnostic {
  const at = segment.includes(failure.token) ? failure.token : segment.at(-1)
  const span = at === undefined ? { start: 0, end: 0 } : spanOf(at)
  return syntaxError('E130', span, `unexpected ${failure.message}`)
}
